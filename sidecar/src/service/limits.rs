//! How often somebody may ask.
//!
//! Sidecars that share a Redis count together there. While it is away each counts for itself, from nothing: then a fleet
//! allows as many times more as it has sidecars, and nobody is turned away for it.

mod failures;
mod pace;
mod rate;
mod shared;
mod source;
#[cfg(test)]
mod tests;

use realmgate_protocol::ids::AccountId;

pub use failures::Failures;
pub use pace::Pace;
pub use source::Source;

use crate::clock::Clock;
use crate::config::RateLimits;
use crate::error::Error;
use crate::redis_client::RedisClient;
use rate::Rate;
use shared::Shared;

/// Every limit of the public API.
pub struct Limits {
    registrations: Rate<Source>,
    loopback_registrations: Rate<Source>,
    calls: Rate<AccountId>,
    anonymous_calls: Rate<Source>,
    /// Failed log-ins.
    pub failures: Failures,
    /// Gateway messages.
    pub gateway: Pace,
}

impl Limits {
    /// The limits of the configuration. Without a Redis, nobody has asked yet.
    pub fn new(limits: &RateLimits, clock: &Clock, redis: Option<&RedisClient>) -> Self {
        let shared = redis.cloned().map(Shared::new);
        let by_source = |kind, count| Rate::per_minute(kind, count, clock, shared.clone());
        Self {
            registrations: by_source("registrations", limits.registrations_per_min),
            loopback_registrations: by_source("loopback-registrations", limits.loopback_registrations_per_min),
            calls: Rate::per_minute("calls", limits.calls_per_min, clock, shared.clone()),
            anonymous_calls: by_source("anonymous-calls", limits.calls_per_min),
            failures: Failures::new(limits.failed_logins_per_min, clock.clone(), shared.clone()),
            gateway: Pace::new(limits.gateway_messages_per_10s, clock.clone(), shared.clone()),
        }
    }

    /// One more registration.
    pub async fn registration(&self, source: Source) -> Result<(), Error> {
        let rate = if source.is_loopback() { &self.loopback_registrations } else { &self.registrations };
        rate.check(source).await
    }

    /// One more call of a user.
    pub async fn call(&self, account: AccountId) -> Result<(), Error> {
        self.calls.check(account).await
    }

    /// One more call of nobody in particular. This machine is trusted: health checks and load tests run here.
    pub async fn anonymous_call(&self, source: Source) -> Result<(), Error> {
        if source.is_loopback() { Ok(()) } else { self.anonymous_calls.check(source).await }
    }
}
