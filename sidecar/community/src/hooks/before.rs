//! What scripts say before something happens: they may change what is wanted, or refuse it. They change nothing else.

use std::sync::Arc;

use realmgate_hooks::{Call, CallError};
use realmgate_protocol::ids::{AccountId, MapId};
use serde_json::{Value, json};

use super::Hooks;
use super::work::Work;
use crate::accounts::shapes::Public;

/// A script has refused something, or has failed.
#[derive(Debug)]
pub(crate) struct Vetoed {
    /// Why: what the script has said, or nothing where it has failed.
    pub(crate) why: Option<String>,
}

const ENTER_WORLD: &str = "before_enter_world";

impl Hooks {
    /// Why scripts refuse a character the way into a map: `before_enter_world(user, character, at)`. `None` where they do not;
    /// empty where one has failed, or says no more.
    pub async fn refuses_entry(&self, account: AccountId, character: Value, map: MapId) -> Option<String> {
        if !self.has(ENTER_WORLD) {
            return None;
        }
        let user = match self.sources.accounts.profile(account).await {
            Ok(Some(profile)) => json!(Public::from(profile)),
            Ok(None) | Err(_) => json!({"id": account.to_string()}),
        };
        let asked = self.before(ENTER_WORLD, vec![user, character, json!({"map": map.0})]).await;
        asked.err().map(|vetoed| vetoed.why.unwrap_or_default())
    }

    /// Whether any script has something to say before this.
    pub(crate) fn has(&self, hook: &str) -> bool {
        !self.plugins.having(hook).is_empty()
    }

    /// Asks the scripts, one after the other. Each sees the last argument as those before it have left it: a table in place
    /// of it, where they returned one. Returns how it is then.
    ///
    /// # Errors
    /// [`Vetoed`] where one returns `false`, or `nil` and a text, or fails: the others are not asked.
    pub(crate) async fn before(&self, hook: &'static str, mut args: Vec<Value>) -> Result<Value, Vetoed> {
        for plugin in self.plugins.having(hook) {
            let realm = Arc::new(Work::looking(self.sources.clone()));
            let given = self.fitting(&plugin, hook, args.clone());
            let call = Call { plugin: &plugin, function: hook, args: given, caller: None, realm: Some(realm) };
            match self.plugins.call(call).await {
                Ok(Value::Bool(false)) => return Err(Vetoed { why: None }),
                // A word decides, and nobody else is asked.
                Ok(Value::String(word)) => return Ok(Value::String(word)),
                Ok(Value::Object(wanted)) => {
                    if let Some(last) = args.last_mut() {
                        *last = Value::Object(wanted);
                    }
                }
                Ok(_) => {}
                Err(CallError::Refused(why)) => return Err(Vetoed { why: Some(why) }),
                Err(error) => {
                    self.note(&plugin, hook, &error);
                    tracing::warn!(plugin, hook, %error, "a script has failed before something was to happen");
                    return Err(Vetoed { why: None });
                }
            }
        }
        Ok(args.pop().unwrap_or_default())
    }
}
