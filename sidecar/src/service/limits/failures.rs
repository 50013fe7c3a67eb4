//! Failed log-ins: guessing is slowed down, owners are not locked out.
//!
//! Counted in windows of a minute instead of with `governor`, which cannot check without counting: only failures count,
//! but it must be known before the password is verified whether there were too many.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Source;
use super::shared::{Shared, verdict};
use super::source::{Who, hashed};
use crate::clock::Clock;
use crate::error::Error;

const WINDOW: Duration = Duration::from_secs(60);
/// Number of entries at which those of past windows are dropped. Every failure costs a password hash, and only a few
/// dozen of these fit into a second: there are never many more entries than this.
const PRUNE_AT: usize = 10_000;

/// Counts failed log-ins per account, per source, and per both.
pub struct Failures {
    most: u32,
    shared: Option<Shared>,
    here: Counts,
}

impl Failures {
    /// Allows `most` failures per minute.
    pub(super) fn new(most: u32, clock: Clock, shared: Option<Shared>) -> Self {
        Self { most, shared, here: Counts { most, clock, counts: Mutex::default() } }
    }

    /// Checks whether a log-in may be tried. A source with too many failures may not. An account with too many failures
    /// may still be tried from a source that has not failed on it this minute: its owner gets in with the right
    /// password, and an attacker has one guess per source.
    ///
    /// # Errors
    /// `RATE_LIMITED` when it may not be tried.
    pub async fn check(&self, username: &str, source: Source) -> Result<(), Error> {
        if let Some(shared) = &self.shared {
            let names = Names::of(username, source);
            if let Some(wait) = shared.counted(names.keys(), self.most).await {
                return verdict(wait);
            }
        }
        self.here.check(username, source)
    }

    /// Counts a failure. It is counted in this process as well, in case Redis goes away.
    pub async fn record(&self, username: &str, source: Source) {
        self.here.record(username, source);
        if let Some(shared) = &self.shared {
            shared.count(&Names::of(username, source).keys(), WINDOW, self.most).await;
        }
    }
}

impl Failures {
    /// Removes counts of past windows. Returns how many are left.
    pub(super) fn forget_past(&self) -> usize {
        let now = self.here.clock.uptime();
        let mut counts = self.here.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|_, count| now < count.since + WINDOW);
        counts.len()
    }
}

/// What failures are counted by, in the form that Redis may see.
struct Names {
    source: String,
    account: String,
    both: String,
}

impl Names {
    fn of(username: &str, source: Source) -> Self {
        let (source, account) = (source.who(), hashed(username));
        let both = format!("{account}-{source}");
        Self { source, account, both }
    }

    fn keys(&self) -> [(&str, &str); 3] {
        [("failed-source", &self.source), ("failed-account", &self.account), ("failed-both", &self.both)]
    }
}

/// The same counts in this process.
struct Counts {
    most: u32,
    clock: Clock,
    counts: Mutex<HashMap<Key, Count>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Source(Source),
    Both(String, Source),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    since: Duration,
    failures: u32,
}

impl Counts {
    fn check(&self, username: &str, source: Source) -> Result<(), Error> {
        let now = self.clock.uptime();
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let get = |key: Key| counts.get(&key).filter(|count| now < count.since + WINDOW).copied();
        let too_many = |count: Option<Count>, most: u32| count.filter(|count| count.failures >= most);

        let blocked = too_many(get(Key::Source(source)), self.most).or_else(|| {
            too_many(get(Key::Account(username.to_owned())), self.most)
                .and(too_many(get(Key::Both(username.to_owned(), source)), 1))
        });
        match blocked {
            Some(count) => Err(Error::rate_limited((count.since + WINDOW - now).as_secs() + 1)),
            None => Ok(()),
        }
    }

    fn record(&self, username: &str, source: Source) {
        let now = self.clock.uptime();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= PRUNE_AT {
            counts.retain(|_, count| now < count.since + WINDOW);
        }
        let username = username.to_owned();
        for key in [Key::Account(username.clone()), Key::Source(source), Key::Both(username, source)] {
            let count = counts.entry(key).or_insert(Count { since: now, failures: 0 });
            if now >= count.since + WINDOW {
                *count = Count { since: now, failures: 0 };
            }
            count.failures = count.failures.saturating_add(1);
        }
    }
}
