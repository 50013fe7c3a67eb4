//! Counts in windows of a fixed length, in this process.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// Number of keys at which those of past windows are dropped. Whatever is counted costs more than its entry: a password
/// hash or a socket.
const PRUNE_AT: usize = 10_000;

/// Counts by key. A key's window begins when it is first counted, and is followed by a new one.
pub(super) struct Windows<K> {
    length: Duration,
    clock: Clock,
    by_key: Mutex<HashMap<K, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    until: Duration,
    count: u32,
}

impl<K: Hash + Eq> Windows<K> {
    /// Windows of this length without counts.
    pub(super) fn new(length: Duration, clock: Clock) -> Self {
        Self { length, clock, by_key: Mutex::default() }
    }

    /// Counts a key. Returns how long its window lasts still, if it has been counted more than `most` times in it.
    pub(super) fn count(&self, key: K, most: u32) -> Option<Duration> {
        let now = self.clock.uptime();
        let mut windows = self.windows();
        if windows.len() >= PRUNE_AT {
            windows.retain(|_, window| now < window.until);
        }
        let fresh = Window { until: now + self.length, count: 0 };
        let window = windows.entry(key).or_insert(fresh);
        if now >= window.until {
            *window = fresh;
        }
        window.count = window.count.saturating_add(1);
        (window.count > most).then(|| window.until - now)
    }

    /// How long a key's window lasts still, if it has been counted at least `most` times in it.
    pub(super) fn full<Q>(&self, key: &Q, most: u32) -> Option<Duration>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let now = self.clock.uptime();
        let window = self.windows().get(key).copied()?;
        (now < window.until && window.count >= most).then(|| window.until - now)
    }

    /// Removes past windows. Returns how many are left.
    pub(super) fn forget_past(&self) -> usize {
        let now = self.clock.uptime();
        let mut windows = self.windows();
        windows.retain(|_, window| now < window.until);
        windows.shrink_to_fit();
        windows.len()
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<K, Window>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
