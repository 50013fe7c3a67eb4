//! The database's time, carried on between two queries by this process's own clock.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Clock;

/// What the database's clock shows now, to within the round trip of a query. It follows a monotonic clock, so that
/// setting this machine's clock changes nothing.
#[derive(Debug)]
pub struct DatabaseTime {
    clock: Clock,
    ahead_ms: AtomicI64,
}

impl DatabaseTime {
    /// Starts from the database's time, in Unix milliseconds, that was read just now.
    pub fn new(clock: Clock, database_ms: u64) -> Self {
        let time = Self { clock, ahead_ms: AtomicI64::new(0) };
        time.set(database_ms);
        time
    }

    /// Sets the database's time, in Unix milliseconds, that was read just now.
    pub fn set(&self, database_ms: u64) {
        self.ahead_ms.store(signed(database_ms).saturating_sub(self.uptime_ms()), Ordering::Relaxed);
    }

    /// The database's time now, in Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.uptime_ms().saturating_add(self.ahead_ms.load(Ordering::Relaxed))).unwrap_or(0)
    }

    fn uptime_ms(&self) -> i64 {
        i64::try_from(self.clock.uptime().as_millis()).unwrap_or(i64::MAX)
    }
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_goes_on_from_what_the_database_said() {
        let clock = Clock::manual(5_000);
        let time = DatabaseTime::new(clock.clone(), 1_000_000);
        assert_eq!(time.now_ms(), 1_000_000);
        clock.advance(Duration::from_millis(250));
        assert_eq!(time.now_ms(), 1_000_250);
        time.set(999_000);
        assert_eq!(time.now_ms(), 999_000);
    }
}
