//! Which users are online, and by which gateway.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A user who is online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEntry {
    /// The gateway that says so.
    pub gateway_id: String,
    /// The log-in (`sid`) that entered the world, where it is known.
    pub log_in: Option<String>,
}

/// Users who are online. An entry lives as long as a socket of the user or a lock of one of its characters.
#[derive(Debug, Default)]
pub struct Sessions {
    entries: Mutex<HashMap<String, SessionEntry>>,
}

impl Sessions {
    /// Marks a user online.
    pub fn set(&self, user: &str, entry: SessionEntry) {
        self.entries().insert(user.to_owned(), entry);
    }

    /// Marks a user connected to a gateway; which log-in entered the world stays as it was.
    pub fn connected(&self, user: &str, gateway_id: &str) {
        let mut entries = self.entries();
        let log_in = entries.get(user).and_then(|entry| entry.log_in.clone());
        entries.insert(user.to_owned(), SessionEntry { gateway_id: gateway_id.to_owned(), log_in });
    }

    /// The entry of a user.
    pub fn get(&self, user: &str) -> Option<SessionEntry> {
        self.entries().get(user).cloned()
    }

    /// Removes the entry of a user.
    pub fn remove(&self, user: &str) {
        self.entries().remove(user);
    }

    /// How many are online.
    pub fn count(&self) -> usize {
        self.entries().len()
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, SessionEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
