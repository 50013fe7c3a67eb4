//! What scripts do after something has happened: calls that wait in the database, each made once by whichever sidecar takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::try_join_all;
use realmgate_hooks::{Call, CallError};
use realmgate_platform::script_feed::Arg;
use serde_json::{Value, json};

use super::work::{Work, lobby_shape};
use super::{Hooks, TRIES};
use crate::accounts::shapes::Public;
use crate::store::{Committed, DueHook};

impl Hooks {
    /// Says which plugins want to hear of what, by the functions that they have.
    pub(super) fn listen(&self) {
        let mut plugins: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for state in self.plugins.states() {
            for function in state.functions {
                // Of a schedule it hears by the same way.
                if function.name.starts_with("after_") || function.schedule.is_some() {
                    plugins.entry(function.name).or_default().push(state.name.clone());
                }
            }
        }
        self.sources.store.feed().listen(plugins);
    }

    /// Makes the calls that are due: those of each plugin in the order of what has happened.
    ///
    /// # Errors
    /// When the database cannot be asked. What is not done then is done later.
    pub(super) async fn make_due(&self) -> sqlx::Result<()> {
        let plugins: BTreeSet<String> = self.sources.store.feed().listeners();
        let make_all = plugins.iter().map(|plugin| async {
            for due in self.sources.store.take_due(plugin).await? {
                self.make(&due).await?;
            }
            Ok::<(), sqlx::Error>(())
        });
        try_join_all(make_all).await.map(|_| ())
    }

    async fn make(&self, due: &DueHook) -> sqlx::Result<()> {
        for _ in 0..TRIES {
            let work = Work::begin(self.sources.clone(), None);
            let call = Call {
                plugin: &due.plugin,
                function: &due.hook,
                args: self.fitting(&due.plugin, &due.hook, self.args_of(&due.args).await?),
                caller: None,
                realm: Some(Arc::new(work.clone())),
            };
            let fault = match self.plugins.call(call).await {
                Ok(_) => match self.sources.store.commit(&work.journal(), Some(due), self.now_ms()).await? {
                    Committed::Changed => continue,
                    Committed::Refused(why) => why.to_owned(),
                    Committed::Done(effects) => {
                        self.tell(effects).await;
                        return Ok(());
                    }
                },
                // It is taken again, here or elsewhere.
                Err(CallError::Busy | CallError::NoPlugin) => return Ok(()),
                Err(error) => {
                    self.note(&due.plugin, &due.hook, &error);
                    error.to_string()
                }
            };
            tracing::warn!(
                plugin = due.plugin,
                hook = due.hook,
                fault,
                "a script has failed after something has happened"
            );
            return self.sources.store.drop_due(due).await;
        }
        Ok(())
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
