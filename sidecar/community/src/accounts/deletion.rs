//! Accounts go, with everything that belongs to them.

use std::sync::Arc;

use realmgate_platform::clock::Clock;
use realmgate_protocol::ids::AccountId;

use super::administrators::last_administrator;
use crate::events::Events;
use crate::friends::Friends;
use crate::http::Refusal;
use crate::leaderboards::Leaderboards;
use crate::lobbies::Lobbies;
use crate::store::{self, AccountStore, Deleted};
use crate::world::World;

/// Deletes accounts.
pub struct Deletion {
    pub(crate) store: AccountStore,
    pub(crate) friends: Arc<Friends>,
    pub(crate) lobbies: Arc<Lobbies>,
    pub(crate) events: Events,
    pub(crate) world: Arc<dyn World>,
    pub(crate) records: Arc<Leaderboards>,
    pub(crate) clock: Clock,
}

impl Deletion {
    /// Deletes an account: no log-in of it works any more, its player leaves the world, its characters are deleted by
    /// the worlds' rules, and its names and devices are free at once. Returns `false` if there is no such account.
    ///
    /// # Errors
    /// 409 for the last administrator, or when the database cannot be asked. What was not done then, the sidecar does later by itself.
    pub async fn delete(&self, account: AccountId) -> Result<bool, Refusal> {
        let farewells = self.friends.farewells(account).await?;
        // First, so that no log-in comes between. What follows is done again by the sidecar's upkeep, should this
        // process end here.
        let Deleted { log_ins, departure } = match self.store.delete(account, self.clock.now_ms()).await? {
            store::Deletion::Done(deleted) => *deleted,
            store::Deletion::Gone => return Ok(false),
            store::Deletion::LastAdministrator => return Err(last_administrator()),
        };
        tracing::info!(%account, "account deleted");
        farewells(&self.events);
        self.lobbies.tell_departure(account, departure);
        self.world.log_out(account, log_ins).await?;
        self.records.remove_all(account).await?;
        self.world.delete_characters(account).await?;
        Ok(true)
    }
}
