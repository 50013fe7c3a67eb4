//! Failed log-ins: guessing is slowed down, owners are not locked out.
//!
//! Counted in windows of a minute instead of with `governor`, which cannot be asked without counting: only failures
//! count, but it must be known before the password is checked whether there were too many.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Source;
use crate::clock::Clock;
use crate::error::Error;

const WINDOW: Duration = Duration::from_secs(60);
/// Entries held before those of past windows are dropped. Every failure costs a password hash, of which a second holds
/// a few dozen: there are never many more than this.
const PRUNE_AT: usize = 10_000;

/// Counts failed log-ins per account, per source, and per both.
pub struct Failures {
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

impl Failures {
    /// At most `most` a minute.
    pub fn new(most: u32, clock: Clock) -> Self {
        Self { most, clock, counts: Mutex::default() }
    }

    /// Whether a log-in may be tried. A source that has failed too often may not. An account that was failed on too
    /// often may still be tried from where nobody failed on it this minute: its owner gets in with the right password,
    /// and an attacker has one guess a source.
    pub fn check(&self, username: &str, source: Source) -> Result<(), Error> {
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

    /// One more failure.
    pub fn record(&self, username: &str, source: Source) {
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

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn ten_failures_stop_a_source_for_a_minute() {
        let clock = Clock::manual(0);
        let failures = Failures::new(10, clock.clone());
        let here = source("10.0.0.1");
        for turn in 0..10 {
            assert!(failures.check("ann", here).is_ok(), "guess {turn}");
            failures.record("ann", here);
        }
        assert!(failures.check("ann", here).is_err());
        assert!(failures.check("bob", here).is_err(), "the source may not go on with another account");
        clock.advance(WINDOW);
        assert!(failures.check("ann", here).is_ok());
    }

    #[test]
    fn the_owner_gets_in_from_elsewhere() {
        let failures = Failures::new(10, Clock::manual(0));
        for host in 0..10 {
            failures.record("ann", source(&format!("10.0.0.{host}")));
        }
        assert!(failures.check("ann", source("10.0.0.3")).is_err(), "no second guess under attack");
        assert!(failures.check("ann", source("192.168.0.1")).is_ok());
        assert!(failures.check("bob", source("10.0.0.3")).is_ok());
    }
}
