//! How long calls take. What a script may do is bounded by the machine's own time, not by a realm's clock.

use std::time::{Duration, Instant};

/// Runs since it was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "this module owns the time of calls")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    #[expect(clippy::disallowed_methods, reason = "this module owns the time of calls")]
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    pub(crate) fn elapsed_ms(self) -> u64 {
        self.elapsed().as_millis() as u64
    }
}
