//! What strangers have left for good is forgotten: guests that never came back, and lobbies whose members are gone.

use std::sync::Arc;
use std::time::Duration;

use realmgate_platform::clock::{Clock, millis};
use realmgate_platform::error::Error;

use crate::accounts::Deletion;
use crate::lobbies::Lobbies;
use crate::store::AccountStore;

/// How often guests are looked at.
pub(crate) const GUESTS_EVERY: Duration = Duration::from_secs(60);
/// Guests that are looked at then: the worst address makes ten a minute.
const GUESTS_AT_ONCE: u32 = 200;
/// How often lobbies are looked at.
pub(crate) const LOBBIES_EVERY: Duration = Duration::from_secs(3_600);
/// How long a lobby stays while none of its members is here.
const LOBBIES_STAY: Duration = Duration::from_secs(24 * 3_600);

/// Forgets what was abandoned.
pub struct Abandoned {
    pub(crate) store: AccountStore,
    pub(crate) lobbies: Arc<Lobbies>,
    pub(crate) deletion: Arc<Deletion>,
    /// How long guests that have nothing are kept after they were last here; `None` for ever.
    pub(crate) guests_stay: Option<Duration>,
    pub(crate) clock: Clock,
}

impl Abandoned {
    /// Deletes guests that were not here for long, and have no character, friend, record or value of a script.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn forget_guests(&self) -> Result<(), Error> {
        let Some(stay) = self.guests_stay else { return Ok(()) };
        let now_ms = self.clock.now_ms();
        for guest in self.store.due_guests(now_ms, GUESTS_AT_ONCE).await? {
            if self.store.is_abandoned(guest, millis(stay), now_ms).await?
                && let Err(refusal) = self.deletion.delete(guest).await
            {
                tracing::warn!(account = %guest, ?refusal, "deleting an abandoned guest failed");
            }
        }
        Ok(())
    }

    /// Deletes lobbies of players none of whom was here for a day.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn forget_lobbies(&self) -> Result<(), Error> {
        let before_ms = self.clock.now_ms().saturating_sub(millis(LOBBIES_STAY));
        let mut last = None;
        loop {
            let abandoned = self.lobbies.store.abandoned(before_ms, last).await?;
            if abandoned.is_empty() {
                return Ok(());
            }
            for lobby in &abandoned {
                if let Err(refusal) = self.lobbies.delete(*lobby).await {
                    tracing::debug!(%lobby, ?refusal, "deleting an abandoned lobby failed");
                }
            }
            last = abandoned.last().copied();
        }
    }
}
