//! How often somebody may ask.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use realmgate_protocol::ids::AccountId;

pub use failures::Failures;
pub use pace::Pace;

use crate::clock::Clock;
use crate::config::RateLimits;
use crate::error::Error;

mod failures;
mod pace;

const MINUTE: Duration = Duration::from_secs(60);
/// Keys a limiter holds before it forgets those that are back at their full allowance.
const SWEEP_AT_KEYS: usize = 10_000;
/// Keys a limiter holds at most; beyond, everybody is turned away until the sweep finds room.
const MAX_KEYS: usize = 200_000;

/// Where a request comes from, as limits see it: an IPv6 customer has a whole /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                if v6.is_loopback() { ip } else { Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into() }
            }
            v4 => v4,
        })
    }
}

impl Source {
    /// Whether this is our own machine.
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }
}

/// Every limit of the public API.
pub struct Limits {
    registrations: Keyed<Source>,
    loopback_registrations: Keyed<Source>,
    calls: Keyed<AccountId>,
    anonymous_calls: Keyed<Source>,
    /// Failed log-ins.
    pub failures: Failures,
    /// Gateway messages.
    pub gateway: Pace,
}

impl Limits {
    /// The limits of the configuration, all untouched.
    pub fn new(limits: &RateLimits, clock: &Clock) -> Self {
        Self {
            registrations: Keyed::per_minute(limits.registrations_per_min, clock),
            loopback_registrations: Keyed::per_minute(limits.loopback_registrations_per_min, clock),
            calls: Keyed::per_minute(limits.calls_per_min, clock),
            anonymous_calls: Keyed::per_minute(limits.calls_per_min, clock),
            failures: Failures::new(limits.failed_logins_per_min, clock.clone()),
            gateway: Pace::new(limits.gateway_messages_per_10s, clock.clone()),
        }
    }

    /// One more registration.
    pub fn registration(&self, source: Source) -> Result<(), Error> {
        if source.is_loopback() { self.loopback_registrations.check(source) } else { self.registrations.check(source) }
    }

    /// One more call of a user.
    pub fn call(&self, account: AccountId) -> Result<(), Error> {
        self.calls.check(account)
    }

    /// One more call of nobody in particular. This machine is trusted: health checks and load tests run here.
    pub fn anonymous_call(&self, source: Source) -> Result<(), Error> {
        if source.is_loopback() { Ok(()) } else { self.anonymous_calls.check(source) }
    }
}

/// A rate for each key, in bounded memory.
pub struct Keyed<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, Clock, NoOpMiddleware<Nanos>>,
    clock: Clock,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    /// `count` a minute, all of them at once if need be.
    pub fn per_minute(count: u32, clock: &Clock) -> Self {
        let burst = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(MINUTE / burst.get()).unwrap_or(Quota::per_minute(burst)).allow_burst(burst);
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        Self { limiter, clock: clock.clone() }
    }

    /// One more of this key.
    pub fn check(&self, key: K) -> Result<(), Error> {
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
    use crate::error::ErrorCode;

    #[test]
    fn a_rate_is_per_key_and_comes_back() {
        let clock = Clock::manual(1_000_000);
        let limit = Keyed::per_minute(10, &clock);
        for _ in 0..10 {
            assert!(limit.check("a").is_ok());
        }
        let refused = limit.check("a").unwrap_err();
        assert_eq!(refused.code, ErrorCode::RateLimited);
        assert_eq!(refused.retry_after_s, Some(7), "one in six seconds, rounded up");
        assert!(limit.check("b").is_ok());
        clock.advance(Duration::from_secs(6));
        assert!(limit.check("a").is_ok());
        assert!(limit.check("a").is_err());
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let clock = Clock::manual(1_000_000);
        let limit = Keyed::per_minute(10, &clock);
        for key in 0..SWEEP_AT_KEYS {
            limit.check(key).unwrap();
        }
        clock.advance(MINUTE);
        limit.check(0).unwrap();
        assert!(limit.limiter.len() <= 1);
    }

    #[test]
    fn an_ipv6_source_is_its_network() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:2"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:10.0.0.1"), source("10.0.0.1"));
        assert!(source("::1").is_loopback() && source("127.0.0.2").is_loopback());
    }
}
