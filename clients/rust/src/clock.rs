//! The only place where this crate reads the clock. Everything else is passed the elapsed time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Measures the time since it was started. Copies share that start.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock that starts at zero now.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// The time since it was started.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The time in Unix milliseconds, to compare events here with the records of other programs.
#[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
