//! How long calls take. What a script may do is bounded by the machine's own time, not by a realm's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a call may run, and a script when it is loaded.
pub const CALL_WITHIN: Duration = Duration::from_secs(5);
/// How far beyond its time a call has to be before its thread counts as stuck: then it is within something that nothing interrupts.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(4);
/// No time at all.
const NEVER: u64 = u64::MAX;

/// Runs since it was started.
#[derive(Debug, Clone, Copy)]
struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "this module owns the time of calls")]
    fn start() -> Self {
        Self(Instant::now())
    }

    #[expect(clippy::disallowed_methods, reason = "this module owns the time of calls")]
    fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The time of the call under way. The thread of the call measures itself by it, and others see whether that thread is stuck.
#[derive(Debug, Clone)]
pub(crate) struct CallTime(Arc<Times>);

/// All by `since`.
#[derive(Debug)]
struct Times {
    since: Stopwatch,
    deadline_ms: AtomicU64,
    /// [`NEVER`] between calls, and while a call waits for its realm.
    stuck_at_ms: AtomicU64,
}

impl CallTime {
    /// No call is under way.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Times {
            since: Stopwatch::start(),
            deadline_ms: AtomicU64::new(0),
            stuck_at_ms: AtomicU64::new(NEVER),
        }))
    }

    /// A call that may take for ever.
    #[cfg(test)]
    pub(crate) fn endless() -> Self {
        let time = Self::new();
        time.0.deadline_ms.store(NEVER, Ordering::Relaxed);
        time
    }

    /// Does a call, which may take [`CALL_WITHIN`]; returns how long it took besides.
    pub(crate) fn run<T>(&self, call: impl FnOnce() -> T) -> (T, Duration) {
        let began = self.0.since.elapsed();
        // Rounded up: what is ended has run for the whole time.
        let deadline_ms = (began + CALL_WITHIN).as_millis() as u64 + 1;
        self.0.deadline_ms.store(deadline_ms, Ordering::Relaxed);
        self.0.stuck_at_ms.store(deadline_ms + STUCK_AFTER.as_millis() as u64, Ordering::Relaxed);
        let done = call();
        self.0.stuck_at_ms.store(NEVER, Ordering::Relaxed);
        (done, self.0.since.elapsed() - began)
    }

    /// Waits for somebody else within a call: meanwhile the thread is not stuck.
    pub(crate) fn wait<T>(&self, wait: impl FnOnce() -> T) -> T {
        let stuck_at_ms = self.0.stuck_at_ms.swap(NEVER, Ordering::Relaxed);
        let done = wait();
        let soonest_ms = self.now_ms() + STUCK_AFTER.as_millis() as u64;
        self.0.stuck_at_ms.store(stuck_at_ms.max(soonest_ms), Ordering::Relaxed);
        done
    }

    /// Whether the time of the call is over.
    pub(crate) fn is_over(&self) -> bool {
        self.now_ms() >= self.0.deadline_ms.load(Ordering::Relaxed)
    }

    /// How much of the call's time is left.
    pub(crate) fn left(&self) -> Duration {
        Duration::from_millis(self.0.deadline_ms.load(Ordering::Relaxed).saturating_sub(self.now_ms()))
    }

    /// What ends a call whose time is over.
    pub(crate) fn error() -> mlua::Error {
        mlua::Error::RuntimeError("the call took too long".to_owned())
    }

    /// Whether the call has not ended long after its time.
    pub(crate) fn is_stuck(&self) -> bool {
        self.now_ms() >= self.0.stuck_at_ms.load(Ordering::Relaxed)
    }

    fn now_ms(&self) -> u64 {
        self.0.since.elapsed().as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_waits_is_not_stuck_and_has_time_to_end_afterwards() {
        let time = CallTime::new();
        assert!(!time.is_stuck(), "no call is under way");
        time.run(|| {
            let long_ago_ms = 0;
            time.0.stuck_at_ms.store(long_ago_ms, Ordering::Relaxed);
            assert!(time.is_stuck());
            time.wait(|| assert!(!time.is_stuck()));
            assert!(!time.is_stuck(), "it goes on only now");
        });
        assert!(!time.is_stuck(), "it has ended");
    }
}
