//! The network thread's clock: the one place of the transport that reads time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since the thread began, and the Unix time it began at: netcode tokens carry Unix time.
pub(super) struct Clock {
    started: Instant,
    unix_start: Duration,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the network thread owns its clock; tokens are dated by Unix time")]
    pub(super) fn start() -> Self {
        let unix_start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), unix_start }
    }

    /// Since the start; never goes back.
    #[expect(clippy::disallowed_methods, reason = "the network thread owns its clock")]
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Unix time at the start.
    pub(super) fn unix_start(&self) -> Duration {
        self.unix_start
    }
}
