//! Waiting for a character to leave a world.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use realmgate_protocol::ids::CharacterId;
use tokio::sync::watch;

/// What is known about a departure that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// Nothing yet.
    Awaited,
    /// The body fights, and may stay for this long still.
    Lingers(Duration),
    /// The character's lock is free.
    Done,
}

/// The tasks that wait for characters to be released by their map servers.
#[derive(Debug, Default)]
pub struct Departures {
    waiting: Mutex<HashMap<CharacterId, Vec<watch::Sender<Departure>>>>,
}

impl Departures {
    /// Subscribes to the next departure of the character. To be called before the map server is asked.
    pub fn next(&self, character: CharacterId) -> watch::Receiver<Departure> {
        let (sender, receiver) = watch::channel(Departure::Awaited);
        let mut waiting = self.waiting();
        // Waiters that gave up leave their senders behind.
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
            // An error means that nobody waits any more.
            let _ = waiter.send(Departure::Done);
        }
    }

    /// The number of characters that are waited for.
    pub fn waited_for(&self) -> usize {
        self.waiting().len()
    }

    /// The character's body may stay for `longest` still: tells all who wait.
    pub fn lingers(&self, character: CharacterId, longest: Duration) {
        for waiter in self.waiting().get(&character).into_iter().flatten() {
            let _ = waiter.send(Departure::Lingers(longest));
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<CharacterId, Vec<watch::Sender<Departure>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
