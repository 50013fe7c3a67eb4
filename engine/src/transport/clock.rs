//! A transport's clock: the one place in a transport that reads time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since the transport started, and the Unix time of its start: netcode tokens carry Unix time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    unix_start: Duration,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the network thread owns its clock; tokens are dated by Unix time")]
    pub(super) fn start(off_by_ms: i64) -> Self {
        let unix_start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let off_by = Duration::from_millis(off_by_ms.unsigned_abs());
        let unix_start = if off_by_ms < 0 { unix_start.saturating_sub(off_by) } else { unix_start + off_by };
        Self { started: Instant::now(), unix_start }
    }

    /// Never goes back.
    #[expect(clippy::disallowed_methods, reason = "the network thread owns its clock")]
    pub(super) fn since_start(&self) -> Duration {
        self.started.elapsed()
    }

    /// Unix time at the start.
    pub(super) fn unix_start(&self) -> Duration {
        self.unix_start
    }
}
