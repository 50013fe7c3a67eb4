//! Every setting of the sidecar, parsed and checked before any port is bound.

mod database;
mod edge;
mod fleet;
mod origins;
mod proxies;
mod roles;
mod settings;
mod timers;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use realmgate_protocol::ids::MapId;
use secrecy::SecretString;

pub use database::{DatabaseAt, DatabaseConfig, DatabaseSettings, Storage};
pub use edge::{ConnectionLimits, Edge, EdgeSettings, Redirect, TlsFiles};
pub use fleet::{FleetSettings, LocalFleet, ServerManager};
pub use origins::Origins;
pub use proxies::TrustedProxies;
pub use roles::{BadRoles, Roles};
pub use settings::{DuplicateLogin, Settings};
pub use timers::TimerSettings;
pub use world::find_assets;

use crate::lock::Timers;
use crate::secrets::Secrets;

/// A setting that cannot be used. One line that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct ConfigError {
    /// The environment variable.
    pub key: String,
    /// What is wrong with it, and what would be right.
    pub why: String,
}

impl ConfigError {
    /// An error of the setting `key`.
    pub fn new(key: &str, why: impl Into<String>) -> Self {
        Self { key: key.to_owned(), why: why.into() }
    }
}

/// The sidecar's configuration. Made by [`Settings::resolve`].
#[derive(Debug, Clone)]
pub struct SidecarConfig {
    /// What the world is called, for the web page.
    pub realm_name: String,
    /// Where everything lies that must last.
    pub data_dir: PathBuf,
    /// Designers' data.
    pub assets_dir: PathBuf,
    /// The database.
    pub database: DatabaseConfig,
    /// Where what may be lost is shared with other sidecars; `None` keeps it in this process.
    pub redis: Option<RedisConfig>,
    /// What this process does: which listeners it binds.
    pub roles: Roles,
    /// The listeners.
    pub listen: Listen,
    /// What stands between the listeners and the routes.
    pub edge: Edge,
    /// What we sign and check with.
    pub secrets: Secrets,
    /// How long tokens live.
    pub tokens: TokenTimes,
    /// How often clients may ask.
    pub limits: RateLimits,
    /// The gateway and the directory.
    pub gateway: GatewayConfig,
    /// How long each hand-over of a lock may take.
    pub timers: Timers,
    /// Where characters begin.
    pub start: StartMaps,
    /// Who starts map servers; `None` where nobody does.
    pub fleet: Option<LocalFleet>,
}

impl SidecarConfig {
    /// For a process that has only some of the roles.
    pub fn with_roles(self, roles: Roles) -> Result<Self, ConfigError> {
        if self.fleet.is_some() && !roles.directory {
            let why = "local needs the role directory: that is where the servers it starts register";
            return Err(ConfigError::new("SERVER_MANAGER", why));
        }
        Ok(Self { roles, ..self })
    }
}

/// Redis, shared by a fleet of sidecars.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// Where it is, with the password.
    pub url: SecretString,
    /// Comes before every key and channel.
    pub prefix: String,
}

/// The addresses to bind; port 0 takes a free one.
#[derive(Debug, Clone, Copy)]
pub struct Listen {
    /// `API_ADDR`.
    pub api: SocketAddr,
    /// `DIRECTORY_ADDR`.
    pub directory: SocketAddr,
    /// `GATEWAY_ADDR`.
    pub gateway: SocketAddr,
}

/// How long tokens live.
#[derive(Debug, Clone, Copy)]
pub struct TokenTimes {
    /// Access tokens.
    pub access: Duration,
    /// Refresh tokens.
    pub refresh: Duration,
}

/// How often clients may ask.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits {
    /// Failed log-ins a minute, per account and per IP.
    pub failed_logins_per_min: u32,
    /// Registrations a minute and IP.
    pub registrations_per_min: u32,
    /// Registrations a minute from this machine, where load tests run.
    pub loopback_registrations_per_min: u32,
    /// Other calls a minute and user; without a user, per IP.
    pub calls_per_min: u32,
    /// Gateway messages in ten seconds and user.
    pub gateway_messages_per_10s: u32,
    /// How many password hashes may wait before log-ins are turned away.
    pub password_queue: u32,
}

/// The gateway and the directory.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// `GATEWAY_ID`: how map servers and session entries name this process.
    pub id: String,
    /// Which browser pages may speak with us.
    pub origins: Origins,
    /// Whether `/ws?token=` is accepted.
    pub query_token: bool,
    /// What happens when an account that is in the world enters it again.
    pub duplicate_login: DuplicateLogin,
    /// Whether map servers without a map link may be entered.
    pub allow_unlinked_map_servers: bool,
    /// Whether map servers may register without the service token.
    pub allow_unauthenticated_registry: bool,
}

/// Where characters begin that were never in a world.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartMaps {
    /// `start_map` of `world.toml`.
    pub world: Option<MapId>,
    /// The map an embedding map server was started with: used where no server hosts `world`.
    pub embedded: Option<MapId>,
}
