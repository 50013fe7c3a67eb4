//! Limits log-ins that succeed: nobody needs many, and each costs a password hash and some rows.
//!
//! A wrong password does not count, so that only somebody who knows the right one can use the limit up. Once it is used
//! up, no password is hashed for the account.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::shared::{Shared, verdict};
use super::source::hashed;
use crate::clock::Clock;
use crate::error::Error;

const WINDOW: Duration = Duration::from_secs(60);
/// The kind of its keys in Redis.
const KIND: &str = "log-ins";
/// Number of accounts at which those of past windows are dropped. Each of them has cost a password hash.
const PRUNE_AT: usize = 10_000;

/// Counts log-ins with the right password by account, in windows of a minute.
pub struct LogIns {
    most: u32,
    shared: Option<Shared>,
    clock: Clock,
    here: Mutex<HashMap<String, Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    until: Duration,
    log_ins: u32,
}

impl LogIns {
    /// Allows `most` log-ins per minute.
    pub(super) fn new(most: u32, clock: Clock, shared: Option<Shared>) -> Self {
        Self { most, shared, clock, here: Mutex::default() }
    }

    /// Checks whether this account may log in once more.
    ///
    /// # Errors
    /// `RATE_LIMITED` when it has logged in too often.
    pub async fn check(&self, username: &str) -> Result<(), Error> {
        if let Some(shared) = &self.shared
            && let Some(wait) = shared.full(KIND, &hashed(username), self.most).await
        {
            return verdict(wait);
        }
        let now = self.clock.uptime();
        let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        match here.get(username) {
            Some(count) if now < count.until && count.log_ins >= self.most => {
                Err(Error::rate_limited((count.until - now).as_secs() + 1))
            }
            _ => Ok(()),
        }
    }

    /// Counts a log-in. It is counted in this process as well, in case Redis goes away.
    pub async fn record(&self, username: &str) {
        self.record_here(username);
        if let Some(shared) = &self.shared {
            shared.count(&[(KIND, &hashed(username))], WINDOW, self.most).await;
        }
    }

    /// Removes past windows. Returns how many accounts are left.
    pub(super) fn forget_past(&self) -> usize {
        let now = self.clock.uptime();
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        here.retain(|_, count| now < count.until);
        here.shrink_to_fit();
        here.len()
    }

    fn record_here(&self, username: &str) {
        let now = self.clock.uptime();
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        if here.len() >= PRUNE_AT {
            here.retain(|_, count| now < count.until);
        }
        let count = here.entry(username.to_owned()).or_insert(Count { until: now + WINDOW, log_ins: 0 });
        if now >= count.until {
            *count = Count { until: now + WINDOW, log_ins: 0 };
        }
        count.log_ins = count.log_ins.saturating_add(1);
    }
}
