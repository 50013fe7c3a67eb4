//! Limits log-ins that succeed: nobody needs many, and each costs a password hash and some rows.
//!
//! A wrong password does not count, so that only somebody who knows the right one can use the limit up. Once it is used
//! up, no password is hashed for the account.

use std::time::Duration;

use super::shared::{Shared, verdict};
use super::source::hashed;
use super::windows::Windows;
use crate::clock::Clock;
use crate::error::Error;

const WINDOW: Duration = Duration::from_secs(60);
/// The kind of its keys in Redis.
const KIND: &str = "log-ins";

/// Counts log-ins with the right password by account, in windows of a minute.
pub struct LogIns {
    most: u32,
    shared: Option<Shared>,
    here: Windows<String>,
}

impl LogIns {
    /// Allows `most` log-ins per minute.
    pub(super) fn new(most: u32, clock: Clock, shared: Option<Shared>) -> Self {
        Self { most, shared, here: Windows::new(WINDOW, clock) }
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
        self.here.full(username, self.most).map_or(Ok(()), verdict)
    }

    /// Counts a log-in. It is counted in this process as well, in case Redis goes away.
    pub async fn record(&self, username: &str) {
        self.here.count(username.to_owned(), self.most);
        if let Some(shared) = &self.shared {
            shared.count(&[(KIND, &hashed(username))], WINDOW, self.most).await;
        }
    }

    /// Removes past windows. Returns how many accounts are left.
    pub(super) fn forget_past(&self) -> usize {
        self.here.forget_past()
    }
}
