//! The one place that reads clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use governor::nanos::Nanos;

#[cfg(feature = "testing")]
mod chaos;
#[cfg(feature = "testing")]
pub use chaos::off_by_ms;

/// Offset of the clock in milliseconds. Always 0 in this build: the machine's clock is trusted.
#[cfg(not(feature = "testing"))]
pub fn off_by_ms() -> i64 {
    0
}

/// A clock: the system's, or in tests one that is set by hand. Clones share the same clock.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { started: Instant },
    Manual { now_ms: Arc<AtomicU64> },
}

impl Clock {
    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clocks")]
    pub fn system() -> Self {
        Self(Source::System { started: Instant::now() })
    }

    /// A clock that stands still until [`Clock::advance`].
    pub fn manual(now_ms: u64) -> Self {
        Self(Source::Manual { now_ms: Arc::new(AtomicU64::new(now_ms)) })
    }

    /// Unix milliseconds. May jump when the machine's clock is set.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clocks")]
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            // A machine whose clock stands before 1970 gets 0: everything expires late, nothing panics.
            Source::System { .. } => {
                let now = millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
                now.saturating_add_signed(off_by_ms())
            }
            Source::Manual { now_ms } => now_ms.load(Ordering::SeqCst),
        }
    }

    /// Unix nanoseconds, for traces: the machine's clock as it is.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clocks")]
    pub fn now_ns(&self) -> u64 {
        match &self.0 {
            Source::System { .. } => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
            }
            Source::Manual { now_ms } => now_ms.load(Ordering::SeqCst).saturating_mul(1_000_000),
        }
    }

    /// Time since the clock was made; never goes back. For timers and limits.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clocks")]
    pub fn uptime(&self) -> Duration {
        match &self.0 {
            Source::System { started } => Instant::now().duration_since(*started),
            Source::Manual { now_ms } => Duration::from_millis(now_ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward. Does nothing to the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual { now_ms } = &self.0 {
            now_ms.fetch_add(millis(by), Ordering::SeqCst);
        }
    }
}

/// A duration in whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Rate limits run on this clock too, so that tests need not wait for them.
impl governor::clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(u64::try_from(self.uptime().as_nanos()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_is_shared_by_its_clones() {
        let clock = Clock::manual(1_000);
        clock.clone().advance(Duration::from_millis(500));
        assert_eq!(clock.now_ms(), 1_500);
        assert_eq!(clock.uptime(), Duration::from_millis(1_500));
    }

    #[test]
    fn the_system_clock_is_past_2025() {
        let now_ms = Clock::system().now_ms();
        assert!((1_735_689_600_000..4_102_444_800_000).contains(&now_ms), "{now_ms} ms are not between 2025 and 2100");
    }
}
