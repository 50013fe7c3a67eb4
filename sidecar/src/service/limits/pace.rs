//! Limits the gateway messages of an account, however many sockets it opens one after the other.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use realmgate_protocol::ids::AccountId;

use super::shared::{Shared, verdict};
use super::source::Who;
use crate::clock::Clock;
use crate::error::Error;

/// The window in which messages are counted.
const WINDOW: Duration = Duration::from_secs(10);
/// Number of accounts at which those of past windows are dropped. Each of them has had a socket in the last ten
/// seconds.
const PRUNE_AT: usize = 10_000;

/// Counts gateway messages by account in windows of ten seconds.
pub struct Pace {
    most: u32,
    shared: Option<Shared>,
    here: Windows,
}

impl Pace {
    /// Allows `most` messages in ten seconds.
    pub(super) fn new(most: u32, clock: Clock, shared: Option<Shared>) -> Self {
        Self { most, shared, here: Windows { most, clock, windows: Mutex::default() } }
    }

    /// Counts a message of an account.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many in this window.
    pub async fn message(&self, account: AccountId) -> Result<(), Error> {
        if let Some(shared) = &self.shared
            && let Some(wait) = shared.count(&[("gateway-messages", &account.who())], WINDOW, self.most).await
        {
            return verdict(wait);
        }
        self.here.message(account)
    }
}

impl Pace {
    /// Removes past windows. Returns how many accounts are left.
    pub(super) fn forget_past(&self) -> usize {
        let now = self.here.clock.uptime();
        let mut windows = self.here.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.retain(|_, window| !window.is_over(now));
        windows.len()
    }
}

/// The same windows in this process.
struct Windows {
    most: u32,
    clock: Clock,
    windows: Mutex<HashMap<AccountId, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Duration,
    count: u32,
}

impl Window {
    fn is_over(self, now: Duration) -> bool {
        now >= self.since + WINDOW
    }
}

impl Windows {
    fn message(&self, account: AccountId) -> Result<(), Error> {
        let now = self.clock.uptime();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= PRUNE_AT {
            windows.retain(|_, window| !window.is_over(now));
        }
        let window = windows.entry(account).or_insert(Window { since: now, count: 0 });
        if window.is_over(now) {
            *window = Window { since: now, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        if window.count <= self.most {
            Ok(())
        } else {
            Err(Error::rate_limited((window.since + WINDOW - now).as_secs() + 1))
        }
    }
}
