//! Failed log-ins: guessing is slowed down, owners are not locked out.
//!
//! Counted in windows of a minute instead of with `governor`, which cannot check without counting: only failures count,
//! but it must be known before the password is verified whether there were too many.

use std::time::Duration;

use super::Source;
use super::shared::{Shared, verdict};
use super::source::{Who, hashed};
use super::windows::Windows;
use crate::clock::Clock;
use crate::error::Error;

const WINDOW: Duration = Duration::from_secs(60);

/// Counts failed log-ins per account, per source, and per both.
pub struct Failures {
    most: u32,
    shared: Option<Shared>,
    here: Windows<Key>,
}

impl Failures {
    /// Allows `most` failures per minute.
    pub(super) fn new(most: u32, clock: Clock, shared: Option<Shared>) -> Self {
        Self { most, shared, here: Windows::new(WINDOW, clock) }
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
        self.check_here(username, source)
    }

    /// Counts a failure. It is counted in this process as well, in case Redis goes away.
    pub async fn record(&self, username: &str, source: Source) {
        for key in Key::all(username, source) {
            self.here.count(key, self.most);
        }
        if let Some(shared) = &self.shared {
            shared.count(&Names::of(username, source).keys(), WINDOW, self.most).await;
        }
    }

    /// Removes counts of past windows. Returns how many are left.
    pub(super) fn forget_past(&self) -> usize {
        self.here.forget_past()
    }

    /// The same check by what this process has counted.
    fn check_here(&self, username: &str, source: Source) -> Result<(), Error> {
        let [of_account, of_source, of_both] = Key::all(username, source);
        let blocked = self.here.full(&of_source, self.most).or_else(|| {
            self.here.full(&of_account, self.most)?;
            self.here.full(&of_both, 1)
        });
        blocked.map_or(Ok(()), verdict)
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

/// What failures are counted by in this process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Source(Source),
    Both(String, Source),
}

impl Key {
    fn all(username: &str, source: Source) -> [Self; 3] {
        [Self::Account(username.to_owned()), Self::Source(source), Self::Both(username.to_owned(), source)]
    }
}
