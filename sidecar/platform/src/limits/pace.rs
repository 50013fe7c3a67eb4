//! Limits the messages of an account over sockets of one kind, however many of them it opens.

use std::time::Duration;

use realmgate_protocol::ids::AccountId;

use super::shared::{Shared, verdict};
use super::source::Who;
use super::windows::Windows;
use crate::clock::Clock;
use crate::error::Error;

/// The window in which messages are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// Counts messages by account in windows of ten seconds.
pub struct Pace {
    kind: &'static str,
    most: u32,
    shared: Option<Shared>,
    here: Windows<AccountId>,
}

impl Pace {
    /// Allows `most` messages in ten seconds. `kind` names the limit in Redis.
    pub(super) fn new(kind: &'static str, most: u32, clock: Clock, shared: Option<Shared>) -> Self {
        Self { kind, most, shared, here: Windows::new(WINDOW, clock) }
    }

    /// Counts a message of an account.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many in this window.
    pub async fn message(&self, account: AccountId) -> Result<(), Error> {
        if let Some(shared) = &self.shared
            && let Some(wait) = shared.count(&[(self.kind, &account.who())], WINDOW, self.most).await
        {
            return verdict(wait);
        }
        self.here.count(account, self.most).map_or(Ok(()), verdict)
    }

    /// Removes past windows. Returns how many accounts are left.
    pub(super) fn forget_past(&self) -> usize {
        self.here.forget_past()
    }
}
