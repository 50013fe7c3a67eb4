//! What scripts say before something happens: they may change what is wanted, or refuse it. They change nothing else.

use std::sync::Arc;

use realmgate_hooks::{By, Call, CallError};
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::{AccountId, MapId};
use serde_json::{Value, json};

use super::Hooks;
use super::work::Work;
use crate::accounts::shapes::Public;

/// A script has refused something, or has failed.
#[derive(Debug, Default)]
pub(crate) struct Vetoed {
    /// Why: what the script has said, or nothing where it has failed.
    pub(crate) why: Option<String>,
    /// Whether it could not be asked in time, so that asking again may help.
    pub(crate) may_pass: bool,
}

const ENTER_WORLD: &str = "before_enter_world";
/// How soon to try again where scripts are too busy.
const BUSY_S: u64 = 5;

impl Hooks {
    /// Whether any script decides who enters the world.
    pub fn decide_entry(&self) -> bool {
        self.has(ENTER_WORLD)
    }

    /// Why scripts refuse a character the way into a map: `before_enter_world(user, character, at)`. `None` where they do not;
    /// empty where one has failed, or says no more.
    ///
    /// # Errors
    /// `OVERLOADED` when a script cannot be asked in time; others when the database cannot be asked.
    pub async fn refuses_entry(
        &self,
        account: AccountId,
        character: Value,
        map: MapId,
    ) -> Result<Option<String>, Error> {
        let user = match self.sources.accounts.profile(account).await? {
            Some(profile) => json!(Public::from(profile)),
            None => json!({"id": account.to_string()}),
        };
        match self.before(ENTER_WORLD, Some(account), vec![user, character, json!({"map": map.0})]).await {
            // Whoever says why, and forgets the `nil` before it, does not mean yes.
            Ok(Value::String(why)) => Ok(Some(why)),
            Ok(_) => Ok(None),
            Err(Vetoed { may_pass: true, .. }) => {
                Err(Error { retry_after_s: Some(BUSY_S), ..ErrorCode::Overloaded.into() })
            }
            Err(Vetoed { why, .. }) => Ok(Some(why.unwrap_or_default())),
        }
    }

    /// Whether any script has something to say before this.
    pub(crate) fn has(&self, hook: &str) -> bool {
        !self.plugins.having(hook).is_empty()
    }

    /// Asks the scripts, one after the other. Each sees the last argument as those before it have left it: a table in place
    /// of it, where they returned one. Returns how it is then. Accounts take turns at each script, and those who have none
    /// share one.
    ///
    /// # Errors
    /// [`Vetoed`] where one returns `false`, or `nil` and a text, or fails: the others are not asked.
    pub(crate) async fn before(
        &self,
        hook: &'static str,
        account: Option<AccountId>,
        mut args: Vec<Value>,
    ) -> Result<Value, Vetoed> {
        let by = By::Before(account.map_or_else(String::new, |account| account.to_string()));
        for plugin in self.plugins.having(hook) {
            let realm = Arc::new(Work::looking(self.sources.clone()));
            let given = self.fitting(&plugin, hook, args.clone());
            let by = by.clone();
            let call = Call { by, plugin: &plugin, function: hook, args: given, caller: None, realm: Some(realm) };
            match self.ask(call).await {
                Ok(Value::Bool(false)) => return Err(Vetoed::default()),
                // A word decides, and nobody else is asked.
                Ok(Value::String(word)) => return Ok(Value::String(word)),
                Ok(Value::Object(wanted)) => {
                    if let Some(last) = args.last_mut() {
                        *last = Value::Object(wanted);
                    }
                }
                Ok(_) => {}
                Err(CallError::Refused(why)) => return Err(Vetoed { why: Some(why), may_pass: false }),
                Err(error) => {
                    self.note(&plugin, hook, &error);
                    tracing::warn!(plugin, hook, %error, "script failed in a before call");
                    let may_pass =
                        matches!(error, CallError::Busy | CallError::Timeout | CallError::NoPlugin | CallError::Off);
                    return Err(Vetoed { why: None, may_pass });
                }
            }
        }
        Ok(args.pop().unwrap_or_default())
    }
}
