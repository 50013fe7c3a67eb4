//! The session entries of a sidecar that stands alone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;

use super::{Present, SessionEntry, SessionRegistry, TTL_MS};

/// Entries in the memory of this process, each with its expiry in Unix milliseconds; `None` for one that was removed.
pub(super) struct InProcessSessions {
    replica: String,
    clock: Clock,
    entries: Mutex<HashMap<String, (Option<SessionEntry>, u64)>>,
}

impl InProcessSessions {
    pub(super) fn new(replica: &str, clock: Clock) -> Self {
        Self { replica: replica.to_owned(), clock, entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, (Option<SessionEntry>, u64)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_ms(&self) -> u64 {
        self.clock.now_ms().saturating_add(TTL_MS)
    }
}

#[async_trait]
impl SessionRegistry for InProcessSessions {
    async fn set(&self, user: &str, entry: SessionEntry) -> Result<(), Error> {
        self.entries().insert(user.to_owned(), (Some(entry), self.end_ms()));
        Ok(())
    }

    async fn get(&self, user: &str) -> Result<Option<SessionEntry>, Error> {
        let now_ms = self.clock.now_ms();
        Ok(self.entries().get(user).filter(|(_, end_ms)| *end_ms > now_ms).and_then(|(entry, _)| entry.clone()))
    }

    async fn remove(&self, user: &str) -> Result<(), Error> {
        self.entries().insert(user.to_owned(), (None, self.end_ms()));
        Ok(())
    }

    async fn renew(&self, present: &[Present]) -> Result<(), Error> {
        let (now_ms, end_ms) = (self.clock.now_ms(), self.end_ms());
        let mut entries = self.entries();
        for Present { user, character } in present {
            let unknown = || (Some(SessionEntry::connected(&self.replica)), end_ms);
            let (entry, end) = entries.entry(user.clone()).or_insert_with(unknown);
            *end = end_ms;
            if let (Some(entry), Some(character)) = (entry, character) {
                entry.character = Some(character.clone());
            }
        }
        entries.retain(|_, (_, end_ms)| *end_ms > now_ms);
        Ok(())
    }
}
