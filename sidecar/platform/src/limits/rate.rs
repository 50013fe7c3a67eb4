//! Token buckets: a number of calls per minute, all or a part of them at once if need be; used tokens come back one by one.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::shared::{Shared, verdict};
use super::source::Who;
use crate::clock::Clock;
use crate::error::Error;

const MINUTE: Duration = Duration::from_secs(60);
/// Number of keys at which a limiter drops those that are back at their full allowance.
const SWEEP_AT_KEYS: usize = 10_000;
/// Maximum number of keys of a limiter. Beyond it, everybody is refused until a sweep finds room.
const MAX_KEYS: usize = 200_000;

/// A token bucket for each key.
pub(super) struct Rate<K: Hash + Eq + Clone> {
    kind: &'static str,
    /// How long until one token comes back.
    period: Duration,
    /// How many there are at most.
    burst: NonZeroU32,
    shared: Option<Shared>,
    here: Keyed<K>,
}

impl<K: Hash + Eq + Clone + Who> Rate<K> {
    /// Allows `count` per minute. `kind` names the limit in Redis.
    pub(super) fn per_minute(kind: &'static str, count: u32, clock: &Clock, shared: Option<Shared>) -> Self {
        Self::new(kind, (count, count), clock, shared)
    }

    /// The same of which a tenth is allowed at once.
    pub(super) fn evenly(kind: &'static str, count: u32, clock: &Clock, shared: Option<Shared>) -> Self {
        Self::new(kind, (count, count.div_ceil(10)), clock, shared)
    }

    fn new(kind: &'static str, (count, burst): (u32, u32), clock: &Clock, shared: Option<Shared>) -> Self {
        let [count, burst] = [count, burst].map(|number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
        let period = MINUTE / count.get();
        Self { kind, period, burst, shared, here: Keyed::new(period, burst, clock) }
    }

    /// Takes a token of this key.
    pub(super) async fn check(&self, key: K) -> Result<(), Error> {
        if let Some(shared) = &self.shared
            && let Some(wait) = shared.take(self.kind, &key.who(), self.period, self.burst).await
        {
            return verdict(wait);
        }
        self.here.check(key)
    }

    /// Removes keys that are back at their full allowance. Returns how many are left.
    pub(super) fn forget_past(&self) -> usize {
        self.here.limiter.retain_recent();
        self.here.limiter.shrink_to_fit();
        self.here.limiter.len()
    }
}

/// The token buckets of this process, in bounded memory.
struct Keyed<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, Clock, NoOpMiddleware<Nanos>>,
    clock: Clock,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(period: Duration, burst: NonZeroU32, clock: &Clock) -> Self {
        let quota = Quota::with_period(period).unwrap_or(Quota::per_minute(burst)).allow_burst(burst);
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        Self { limiter, clock: clock.clone() }
    }

    fn check(&self, key: K) -> Result<(), Error> {
        if self.limiter.len() >= SWEEP_AT_KEYS {
            self.limiter.retain_recent();
            if self.limiter.len() >= MAX_KEYS {
                return Err(Error::rate_limited(MINUTE.as_secs()));
            }
        }
        self.limiter.check_key(&key).map_err(|refused| {
            let wait = refused.wait_time_from(governor::clock::Clock::now(&self.clock));
            Error::rate_limited(wait.as_secs() + 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_at_rest_are_forgotten() {
        let clock = Clock::manual(1_000_000);
        let limit = Keyed::new(MINUTE / 10, NonZeroU32::new(10).unwrap(), &clock);
        for key in 0..SWEEP_AT_KEYS {
            limit.check(key).unwrap();
        }
        limit.check(SWEEP_AT_KEYS).unwrap();
        assert_eq!(limit.limiter.len(), SWEEP_AT_KEYS + 1, "none is at rest");
        clock.advance(MINUTE);
        limit.check(0).unwrap();
        assert_eq!(limit.limiter.len(), 1);
    }
}
