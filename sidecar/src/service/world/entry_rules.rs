//! Who may enter a world beyond what the world itself demands: what is around the worlds decides that, and is built after them.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::{AccountId, CharacterId, MapId};

/// Decides who may enter.
#[async_trait]
pub trait EntryRules: Send + Sync {
    /// Why a character may not enter a map now, for its player; `None` where it may.
    ///
    /// # Errors
    /// When that cannot be decided now.
    async fn refusal(&self, account: AccountId, character: CharacterId, map: MapId) -> Result<Option<String>, Error>;
}

/// The rules, once there are any.
#[derive(Clone, Default)]
pub struct Rules(Arc<OnceLock<Arc<dyn EntryRules>>>);

impl Rules {
    /// From now on these decide. The first ones do.
    pub fn set(&self, rules: Arc<dyn EntryRules>) {
        let _ = self.0.set(rules);
    }

    /// Checks that a character may enter.
    ///
    /// # Errors
    /// `ENTRY_REFUSED`, with the reason; others when that cannot be decided now.
    pub(super) async fn check(&self, account: AccountId, character: CharacterId, map: MapId) -> Result<(), Error> {
        let Some(rules) = self.0.get() else { return Ok(()) };
        match rules.refusal(account, character, map).await? {
            None => Ok(()),
            Some(why) if why.is_empty() => Err(ErrorCode::EntryRefused.into()),
            Some(why) => Err(Error::new(ErrorCode::EntryRefused, why)),
        }
    }
}
