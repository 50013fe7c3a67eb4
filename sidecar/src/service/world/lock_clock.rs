//! What a step of a lock depends on besides the lock: the database's time, and how long each hand-over may take.

use std::sync::Arc;

use realmgate_platform::database::DatabaseTime;

use crate::lock::{AccountLock, AccountStep, CharacterLock, CookieHash, LockStep, ServerKey, ServerLock};
use crate::lock::{StepRefused, Timers};

/// The clock of the locks.
#[derive(Debug, Clone)]
pub struct LockClock {
    database: Arc<DatabaseTime>,
    /// How long each hand-over may take.
    pub timers: Timers,
}

impl LockClock {
    /// The clock by this database's time, with these timers.
    pub fn new(database: Arc<DatabaseTime>, timers: Timers) -> Self {
        Self { database, timers }
    }

    /// The database's time now, in Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.database.now_ms()
    }

    /// Sets the database's time, in Unix milliseconds, that was read just now.
    pub(super) fn set(&self, database_ms: u64) {
        self.database.set(database_ms);
    }

    /// A character's lock after a step that is taken now.
    pub(super) fn after(&self, lock: &CharacterLock, step: &LockStep) -> Result<CharacterLock, StepRefused> {
        lock.after(step, self.now_ms(), &self.timers)
    }

    /// The same for an account's lock.
    pub(super) fn account_after(&self, lock: &AccountLock, step: &AccountStep) -> Result<AccountLock, StepRefused> {
        lock.after(step, self.now_ms(), &self.timers)
    }

    /// The lock of a server that is heard of now.
    pub(super) fn heard(&self, key: &ServerKey, cookie: CookieHash) -> ServerLock {
        ServerLock::heard(key, cookie, self.now_ms(), &self.timers)
    }
}
