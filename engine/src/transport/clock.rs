//! A transport's clock: the one place in a transport that reads time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since the transport started, and Unix time, which netcode tokens carry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    /// How wrong a test wants Unix time to be.
    off_by_ms: i64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the network thread owns its clock")]
    pub(super) fn start(off_by_ms: i64) -> Self {
        Self { started: Instant::now(), off_by_ms }
    }

    /// Never goes back.
    #[expect(clippy::disallowed_methods, reason = "the network thread owns its clock")]
    pub(super) fn since_start(&self) -> Duration {
        self.started.elapsed()
    }

    /// Unix time at the start, as the wall clock of now has it: that may have been set since.
    #[expect(clippy::disallowed_methods, reason = "tokens are dated by Unix time")]
    pub(super) fn unix_start(&self) -> Duration {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let off_by = Duration::from_millis(self.off_by_ms.unsigned_abs());
        let unix = if self.off_by_ms < 0 { unix.saturating_sub(off_by) } else { unix + off_by };
        unix.saturating_sub(self.since_start())
    }
}
