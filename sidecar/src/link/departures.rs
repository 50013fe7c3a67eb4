//! Waiting for a character to leave a world.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use realmgate_protocol::ids::CharacterId;
use tokio::sync::oneshot;

/// Who waits for which character to be let go by its map server.
#[derive(Debug, Default)]
pub struct Departures {
    waiting: Mutex<HashMap<CharacterId, Vec<oneshot::Sender<()>>>>,
}

impl Departures {
    /// Completes at the next departure of the character. To be called before the map server is asked.
    pub fn next(&self, character: CharacterId) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        // Those who gave up leave their end behind.
        waiting.retain(|_, waiters| {
            waiters.retain(|waiter| !waiter.is_closed());
            !waiters.is_empty()
        });
        waiting.entry(character).or_default().push(sender);
        receiver
    }

    /// The character's lock is free: wakes all who wait.
    pub fn departed(&self, character: CharacterId) {
        for waiter in self.waiting().remove(&character).unwrap_or_default() {
            // Nobody waits any more: nobody to tell.
            let _ = waiter.send(());
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<CharacterId, Vec<oneshot::Sender<()>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
