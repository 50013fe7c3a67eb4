//! Limits what an account does in windows of a fixed length: the messages over sockets of one kind, however many of them it opens.

use std::hash::Hash;
use std::time::Duration;

use realmgate_protocol::ids::AccountId;

use super::shared::{Shared, verdict};
use super::source::Who;
use super::windows::Windows;
use crate::clock::Clock;
use crate::error::Error;

/// Counts by account, or by another key, in windows.
pub struct Pace<K = AccountId> {
    kind: &'static str,
    most: u32,
    window: Duration,
    shared: Option<Shared>,
    here: Windows<K>,
}

impl<K: Hash + Eq + Who> Pace<K> {
    /// Allows so many in a window of this length. `kind` names the limit in Redis.
    pub(super) fn new(
        kind: &'static str,
        (most, window): (u32, Duration),
        clock: Clock,
        shared: Option<Shared>,
    ) -> Self {
        Self { kind, most, window, shared, here: Windows::new(window, clock) }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many in this window.
    pub(super) async fn count(&self, key: K) -> Result<(), Error> {
        if let Some(shared) = &self.shared
            && let Some(wait) = shared.count(&[(self.kind, &key.who())], self.window, self.most).await
        {
            return verdict(wait);
        }
        self.here.count(key, self.most).map_or(Ok(()), verdict)
    }

    /// Removes past windows. Returns how many keys are left.
    pub(super) fn forget_past(&self) -> usize {
        self.here.forget_past()
    }
}

impl Pace {
    /// Counts a message of an account.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many in this window.
    pub async fn message(&self, account: AccountId) -> Result<(), Error> {
        self.count(account).await
    }
}
