//! Accounts go, with everything that belongs to them.

use std::sync::Arc;

use realmgate_platform::clock::Clock;
use realmgate_protocol::ids::AccountId;

use crate::http::Refusal;
use crate::store::AccountStore;
use crate::world::World;

/// Deletes accounts.
pub struct Deletion {
    pub(crate) store: AccountStore,
    pub(crate) world: Arc<dyn World>,
    pub(crate) clock: Clock,
}

impl Deletion {
    /// Deletes an account: no log-in of it works any more, its player leaves the world, its characters are deleted by
    /// the worlds' rules, and its names and devices are free at once. Returns `false` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked. What was not done then, the sidecar does later by itself.
    pub async fn delete(&self, account: AccountId) -> Result<bool, Refusal> {
        // First, so that no log-in comes between. What follows is done again by the sidecar's upkeep, should this
        // process end here.
        let Some(ended) = self.store.delete(account, self.clock.now_ms()).await? else { return Ok(false) };
        tracing::info!(%account, "deleted");
        self.world.log_out(account, ended).await?;
        self.world.delete_characters(account).await?;
        Ok(true)
    }
}
