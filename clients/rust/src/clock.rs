//! The only place where this crate reads the clock; everything else is handed the time that has passed.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since a start of its own. Copies tell the same time.
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

    /// How long ago it was started.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Unix milliseconds, to put what happened here beside what others wrote down.
#[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
