//! Characters on map servers that only speak the directory's HTTP routes.
//!
//! Such a server acknowledges nothing, so the lock stays with the gateway for as long as the server is listed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use realmgate_protocol::ids::{AccountId, CharacterId, ServerId};

use super::settle_session;
use crate::error::Error;
use crate::lock::{CharacterLock, LockStep};
use crate::state::AppState;

/// A character that was sent to such a server.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub(super) account: AccountId,
    pub(super) server: ServerId,
    pub(super) lock: CharacterLock,
}

/// Who was sent to such servers.
#[derive(Debug, Default)]
pub struct Unlinked {
    guests: Mutex<HashMap<CharacterId, Guest>>,
}

impl Unlinked {
    pub(super) fn insert(&self, character: CharacterId, guest: Guest) {
        self.guests().insert(character, guest);
    }

    fn snapshot(&self) -> Vec<(CharacterId, Guest)> {
        self.guests().iter().map(|(character, guest)| (*character, guest.clone())).collect()
    }

    /// Forgets a guest, unless it has been sent somewhere again since.
    pub(super) fn remove(&self, character: CharacterId, lock: &CharacterLock) {
        let mut guests = self.guests();
        if guests.get(&character).is_some_and(|guest| guest.lock == *lock) {
            guests.remove(&character);
        }
    }

    fn guests(&self) -> MutexGuard<'_, HashMap<CharacterId, Guest>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees the locks of guests whose server is not listed any more.
pub(super) async fn expire(state: &AppState) -> Result<(), Error> {
    for (character, guest) in state.link.unlinked.snapshot() {
        if state.registry.find(&guest.server).await?.is_some() {
            continue;
        }
        if let Ok(free) = guest.lock.after(&LockStep::Abandoned) {
            // False where the character went elsewhere in the meantime: then there is nothing to free.
            state.store.locks.change(character, &guest.lock, &free, state.clock.now_ms()).await?;
        }
        state.link.unlinked.remove(character, &guest.lock);
        settle_session(state, guest.account).await?;
    }
    Ok(())
}
