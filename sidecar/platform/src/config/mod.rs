//! Settings of what every service stands on, parsed and checked.

mod database;
mod defaults;
mod edge;
mod origins;
mod passwords;
mod proxies;
mod secret_command;
mod secret_store;
mod telemetry;

use std::time::Duration;

use secrecy::SecretString;

pub use database::{DatabaseAt, DatabaseConfig, DatabaseSettings, Storage, secret};
pub use defaults::defaults;
pub use edge::{ConnectionLimits, Edge, EdgeSettings, Redirect, TlsFiles};
pub use origins::Origins;
pub use passwords::{PasswordHashing, PasswordMemory};
pub use proxies::TrustedProxies;
pub use secret_store::{STORABLE, SecretStoreSettings, StoredSecrets};
pub use telemetry::{ErrorSink, TelemetryConfig, TelemetrySettings, TraceSink};

/// A setting that cannot be used. Displayed as one line that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct ConfigError {
    /// The environment variable of the setting.
    pub key: String,
    /// What is wrong with it, and what would be right.
    pub why: String,
    /// Whether it may pass without other settings, as a full disk does.
    pub may_pass: bool,
}

impl ConfigError {
    /// An error of the setting `key`.
    pub fn new(key: &str, why: impl Into<String>) -> Self {
        Self { key: key.to_owned(), why: why.into(), may_pass: false }
    }

    /// The exit code of a process that it ends: 2, after which a service is not restarted, or 1 where a later start may
    /// succeed.
    pub fn exit_code(&self) -> u8 {
        if self.may_pass { 1 } else { 2 }
    }
}

/// Redis, shared by several sidecars.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// Its URL, with the password.
    pub url: SecretString,
    /// Prefix of every key and channel.
    pub prefix: String,
}

/// How long tokens live.
#[derive(Debug, Clone, Copy)]
pub struct TokenTimes {
    /// Lifetime of access tokens.
    pub access: Duration,
    /// Lifetime of refresh tokens.
    pub refresh: Duration,
}

/// Rate limits of clients.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits {
    /// Failed log-ins per minute, counted per account and per IP.
    pub failed_logins_per_min: u32,
    /// Registrations per minute and IP.
    pub registrations_per_min: u32,
    /// Registrations per minute from this machine, where load tests run.
    pub loopback_registrations_per_min: u32,
    /// Other calls per minute and user; per IP for calls without a user.
    pub calls_per_min: u32,
    /// Gateway messages per ten seconds and user.
    pub gateway_messages_per_10s: u32,
    /// Messages over realtime sockets per ten seconds and user.
    pub realtime_messages_per_10s: u32,
    /// Whispers, invitations and texts to maps and parties per ten seconds and user.
    pub chat_messages_per_10s: u32,
    /// Lobbies that a user makes, changes and joins per minute.
    pub lobby_changes_per_min: u32,
    /// Attempts to enter the world per minute and user.
    pub entries_per_min: u32,
    /// Attempts to enter the world per minute and IP.
    pub entries_per_min_per_ip: u32,
    /// Journeys to another map or channel per minute and character.
    pub journeys_per_min: u32,
    /// Calls that may cause a mail per minute and IP.
    pub mails_per_min_per_ip: u32,
    /// Successful log-ins per minute and account.
    pub log_ins_per_min: u32,
}

/// Parses a number that may not be 0.
pub fn at_least_one() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..)
}
