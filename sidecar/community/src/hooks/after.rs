//! What scripts do after something has happened: calls that wait in the database, each made once by whichever sidecar takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::try_join_all;
use realmgate_hooks::{By, Call, CallError, Realm};
use realmgate_platform::hook_subscriptions::Arg;
use serde_json::{Value, json};

use super::work::{Work, lobby_shape};
use super::{Hooks, TRIES};
use crate::accounts::shapes::Public;
use crate::store::{Committed, DueHook};

impl Hooks {
    /// Subscribes each plugin to what its functions are called after.
    pub(super) fn subscribe(&self) {
        let mut plugins: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for state in self.plugins.states() {
            for function in state.functions {
                // Of a schedule it hears by the same way.
                if function.name.starts_with("after_") || function.schedule.is_some() {
                    plugins.entry(function.name).or_default().push(state.name.clone());
                }
            }
        }
        self.sources.store.subscriptions().subscribe(plugins);
    }

    /// Makes the calls that are due: those of each plugin in the order of what has happened.
    ///
    /// # Errors
    /// When the database cannot be asked. What is not done then is done later.
    pub(super) async fn make_due(&self) -> sqlx::Result<()> {
        let plugins: BTreeSet<String> = self.sources.store.subscriptions().subscribers();
        let make_all = plugins.iter().map(|plugin| async {
            for due in self.sources.store.take_due(plugin).await? {
                self.make(&due).await?;
            }
            Ok::<(), sqlx::Error>(())
        });
        try_join_all(make_all).await.map(|_| ())
    }

    async fn make(&self, due: &DueHook) -> sqlx::Result<()> {
        // One that is not made now is taken again, here or elsewhere.
        self.perform(&due.plugin, &due.hook, &due.args, Some(due)).await.map(|_| ())
    }

    /// Calls a function that is the server's to call, and does what it wants done. What is `due` is so no more with that, nor if the
    /// script fails. Returns what it has returned, nothing where it has failed; `None` where it could not be called now.
    pub(super) async fn perform(
        &self,
        plugin: &str,
        hook: &str,
        args: &[Arg],
        due: Option<&DueHook>,
    ) -> sqlx::Result<Option<Value>> {
        for _ in 0..TRIES {
            let work = Work::begin(self.sources.clone(), None);
            let args = self.fitting(plugin, hook, self.args_of(args).await?);
            let realm = Some(Arc::new(work.clone()) as Arc<dyn Realm>);
            let call = Call { by: By::Server, plugin, function: hook, args, caller: None, realm };
            let fault = match self.ask(call).await {
                Ok(answer) => match self.sources.store.commit(&work.journal(), due, self.now_ms()).await? {
                    Committed::Changed => continue,
                    Committed::Refused(why) => why.to_owned(),
                    Committed::Done(effects) => {
                        self.tell(effects).await;
                        return Ok(Some(answer));
                    }
                },
                Err(CallError::Busy | CallError::NoPlugin | CallError::Off) => return Ok(None),
                Err(error) => {
                    self.note(plugin, hook, &error);
                    error.to_string()
                }
            };
            tracing::warn!(plugin, hook, fault, "script failed in a call of the server");
            if let Some(due) = due {
                self.sources.store.drop_due(due).await?;
            }
            return Ok(Some(Value::Null));
        }
        Ok(None)
    }

    async fn args_of(&self, args: &[Arg]) -> sqlx::Result<Vec<Value>> {
        let mut values = Vec::new();
        for arg in args {
            values.push(match arg {
                Arg::Value(value) => value.clone(),
                Arg::User(id) => {
                    let found = match id.parse() {
                        Ok(account) => self.sources.accounts.profile(account).await?,
                        Err(_) => None,
                    };
                    found.map_or_else(|| json!({"id": id}), |profile| json!(Public::from(profile)))
                }
                Arg::Lobby(id) => {
                    let found = self.sources.lobbies.with_members(*id).await?;
                    found.map_or_else(|| json!({"id": id.to_string()}), |(lobby, members)| lobby_shape(lobby, members))
                }
            });
        }
        Ok(values)
    }
}
