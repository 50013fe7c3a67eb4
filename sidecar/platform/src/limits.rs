//! Rate limits.
//!
//! Sidecars that share a Redis count together there. While it is away, each counts on its own, with what it knows
//! itself: then a fleet allows as many times more as it has sidecars, and nobody is refused because of the outage.

mod failures;
mod log_ins;
mod pace;
mod rate;
mod shared;
mod source;
#[cfg(test)]
mod tests;
mod windows;

use std::time::Duration;

use realmgate_protocol::ids::{AccountId, CharacterId};

pub use failures::Failures;
pub use log_ins::LogIns;
pub use pace::Pace;
pub use source::Source;

use crate::clock::Clock;
use crate::config::RateLimits;
use crate::error::Error;
use crate::redis_client::RedisClient;
use rate::Rate;
use shared::Shared;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// The window in which messages over sockets are counted.
const MESSAGES: Duration = Duration::from_secs(10);
/// Requests to be friends of an account in an hour.
const MOST_REQUESTS: u32 = 120;
/// Those to one account.
const MOST_REQUESTS_TO_ONE: u32 = 3;

/// Every rate limit of the public API.
pub struct Limits {
    registrations: Rate<Source>,
    loopback_registrations: Rate<Source>,
    calls: Rate<AccountId>,
    anonymous_calls: Rate<Source>,
    refused_sockets: Rate<Source>,
    mails: Rate<Source>,
    entries: Rate<AccountId>,
    entries_by_source: Rate<Source>,
    journeys: Rate<CharacterId>,
    lobby_passwords: Rate<AccountId>,
    lobby_changes: Rate<AccountId>,
    friend_requests: Pace,
    friend_requests_to_one: Pace<(AccountId, AccountId)>,
    /// Limit of failed log-ins.
    pub failures: Failures,
    /// Limit of log-ins that succeed.
    pub log_ins: LogIns,
    /// Limit of gateway messages.
    pub gateway: Pace,
    /// Limit of messages over realtime sockets.
    pub realtime: Pace,
    /// Limit of whispers, invitations and texts to maps and parties.
    pub chat: Pace,
}

impl Limits {
    /// The limits of the configuration. Without a Redis, every count starts at zero.
    pub fn new(limits: &RateLimits, clock: &Clock, redis: Option<&RedisClient>) -> Self {
        let shared = redis.cloned().map(Shared::new);
        let by_source = |kind, count| Rate::per_minute(kind, count, clock, shared.clone());
        let in_windows = |kind, most, window| Pace::new(kind, (most, window), clock.clone(), shared.clone());
        Self {
            registrations: by_source("registrations", limits.registrations_per_min),
            loopback_registrations: by_source("loopback-registrations", limits.loopback_registrations_per_min),
            calls: Rate::per_minute("calls", limits.calls_per_min, clock, shared.clone()),
            anonymous_calls: by_source("anonymous-calls", limits.calls_per_min),
            refused_sockets: by_source("refused-sockets", limits.calls_per_min),
            mails: by_source("mails", limits.mails_per_min_per_ip),
            entries: Rate::per_minute("entries", limits.entries_per_min, clock, shared.clone()),
            entries_by_source: by_source("entries-by-source", limits.entries_per_min_per_ip),
            journeys: Rate::per_minute("journeys", limits.journeys_per_min, clock, shared.clone()),
            lobby_passwords: Rate::per_minute("lobby-passwords", limits.failed_logins_per_min, clock, shared.clone()),
            lobby_changes: Rate::evenly("lobby-changes", limits.lobby_changes_per_min, clock, shared.clone()),
            friend_requests: in_windows("friend-requests", MOST_REQUESTS, HOUR),
            friend_requests_to_one: Pace::new(
                "friend-requests-to-one",
                (MOST_REQUESTS_TO_ONE, HOUR),
                clock.clone(),
                shared.clone(),
            ),
            failures: Failures::new(limits.failed_logins_per_min, clock.clone(), shared.clone()),
            log_ins: LogIns::new(limits.log_ins_per_min, clock.clone(), shared.clone()),
            gateway: in_windows("gateway-messages", limits.gateway_messages_per_10s, MESSAGES),
            realtime: in_windows("realtime-messages", limits.realtime_messages_per_10s, MESSAGES),
            chat: in_windows("chat-messages", limits.chat_messages_per_10s, MESSAGES),
        }
    }

    /// Removes entries that no longer count. Returns how many are left, by table. Accounts come and go: without this,
    /// the entry of each would stay until there are thousands.
    pub fn forget_past(&self) -> [(&'static str, usize); 3] {
        let by_source = [
            &self.registrations,
            &self.loopback_registrations,
            &self.anonymous_calls,
            &self.refused_sockets,
            &self.mails,
            &self.entries_by_source,
        ];
        let by_account = [&self.calls, &self.entries, &self.lobby_passwords, &self.lobby_changes];
        let rates = by_source.map(Rate::forget_past).iter().sum::<usize>()
            + by_account.map(Rate::forget_past).iter().sum::<usize>()
            + self.journeys.forget_past()
            + self.log_ins.forget_past();
        let by_account = [&self.gateway, &self.realtime, &self.chat, &self.friend_requests];
        let pace = by_account.map(Pace::forget_past).iter().sum::<usize>() + self.friend_requests_to_one.forget_past();
        [("rates", rates), ("failures", self.failures.forget_past()), ("pace", pace)]
    }

    /// Counts a registration.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many from this source.
    pub async fn registration(&self, source: Source) -> Result<(), Error> {
        let rate = if source.is_this_machine() { &self.loopback_registrations } else { &self.registrations };
        rate.check(source).await
    }

    /// Counts a call that may cause a mail.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many from this source.
    pub async fn mail(&self, source: Source) -> Result<(), Error> {
        if source.is_this_machine() { Ok(()) } else { self.mails.check(source).await }
    }

    /// Counts a call of a user.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many of this account.
    pub async fn call(&self, account: AccountId) -> Result<(), Error> {
        self.calls.check(account).await
    }

    /// Counts an attempt to enter the world: each may take a seat, a lock and a ticket. Many players may share an
    /// address, and this machine may use any number of accounts, but each account is limited, wherever it comes from.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many of this account or from this source.
    pub async fn entry(&self, account: AccountId, source: Source) -> Result<(), Error> {
        self.entries.check(account).await?;
        if source.is_this_machine() { Ok(()) } else { self.entries_by_source.check(source).await }
    }

    /// Counts a journey of a character, which takes a ticket too.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many of this character.
    pub async fn journey(&self, character: CharacterId) -> Result<(), Error> {
        self.journeys.check(character).await
    }

    /// Counts a lobby's password that an account sets or tries: each is hashed.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many of this account.
    pub async fn lobby_password(&self, account: AccountId) -> Result<(), Error> {
        self.lobby_passwords.check(account).await
    }

    /// Counts a lobby that an account makes, changes or joins, which all who read the list are told. From this machine, where load
    /// tests run, there may be any number.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many of this account.
    pub async fn lobby_change(&self, account: AccountId, source: Source) -> Result<(), Error> {
        if source.is_this_machine() { Ok(()) } else { self.lobby_changes.check(account).await }
    }

    /// Counts that an account asks another one to be its friend.
    ///
    /// # Errors
    /// `RATE_LIMITED` when it has asked that one too often in an hour, or too many.
    pub async fn friend_request(&self, from: AccountId, to: AccountId) -> Result<(), Error> {
        self.friend_requests_to_one.count((from, to)).await?;
        self.friend_requests.count(from).await
    }

    /// Counts a realtime socket that is refused. Pages try again for as long as they are open: they must not use up the calls of all
    /// who share their address.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many from this source.
    pub async fn refused_socket(&self, source: Source) -> Result<(), Error> {
        if source.is_this_machine() { Ok(()) } else { self.refused_sockets.check(source).await }
    }

    /// Counts a call without a user. This machine is trusted: health checks and load tests run here.
    ///
    /// # Errors
    /// `RATE_LIMITED` when there were too many from this source.
    pub async fn anonymous_call(&self, source: Source) -> Result<(), Error> {
        if source.is_this_machine() { Ok(()) } else { self.anonymous_calls.check(source).await }
    }
}
