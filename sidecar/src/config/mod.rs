//! Every setting of the sidecar, parsed and checked before any port is bound.

mod characters;
mod fleet;
mod in_force;
mod roles;
mod settings;
mod stored_secrets;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use realmgate_community::{CommunitySettings, MailConfig, MayCall, ProvidersConfig};
use realmgate_platform::config::{
    ConfigError, DatabaseConfig, Edge, Origins, PasswordHashing, RateLimits, RedisConfig, TokenTimes,
};
use realmgate_platform::secrets::Secrets;
use realmgate_platform::theme::Theme;
use realmgate_protocol::ids::MapId;

pub use characters::{CharacterRules, CharacterSettings};
pub use fleet::{FleetSettings, LocalFleet, ServerManager};
pub use in_force::{Origin, Setting, SettingsInForce};
pub use roles::{BadRoles, Roles};
pub use settings::{DuplicateLogin, Settings};
pub use world::find_assets;

use crate::lock::Timers;

/// The sidecar's checked configuration. Made by [`Settings::resolve`].
#[derive(Debug, Clone)]
pub struct SidecarConfig {
    /// What the realm is called.
    pub realm_name: String,
    /// Whether this is a realm for players (`DEPLOYMENT_ENVIRONMENT`): answers tell developers nothing.
    pub is_production: bool,
    /// How it looks.
    pub theme: Arc<Theme>,
    /// The folder of everything that must persist.
    pub data_dir: PathBuf,
    /// The folder of the designers' data.
    pub assets_dir: PathBuf,
    /// The folder of the maps, which the page shows; `None` where this machine has none.
    pub maps_dir: Option<PathBuf>,
    /// The folder of the scripts that players call.
    pub hooks_dir: PathBuf,
    /// Where they may call over HTTP.
    pub hooks_may_call: MayCall,
    /// Where browsers load maps and pictures from, without a slash at the end; `None` for this server.
    pub assets_base_url: Option<String>,
    /// The database.
    pub database: DatabaseConfig,
    /// Redis, which shares state that may be lost with other sidecars; `None` keeps that state in this process.
    pub redis: Option<RedisConfig>,
    /// The roles of this process: which listeners it binds.
    pub roles: Roles,
    /// The file of the services behind the door; `None` where there is none.
    pub services_file: Option<PathBuf>,
    /// The addresses of the listeners.
    pub listen: Listen,
    /// TLS, the redirect to it, connection limits and trusted proxies.
    pub edge: Edge,
    /// The secrets used to sign and to verify.
    pub secrets: Secrets,
    /// How long tokens live.
    pub tokens: TokenTimes,
    /// Rate limits of clients.
    pub limits: RateLimits,
    /// Threads, memory and queue of password hashing.
    pub passwords: PasswordHashing,
    /// What players may do with their characters.
    pub characters: CharacterRules,
    /// What operators switch on and off of the community's services.
    pub community: CommunitySettings,
    /// How mails to players leave, and from whom.
    pub mail: MailConfig,
    /// By which other accounts players may log in.
    pub providers: ProvidersConfig,
    /// Settings of the gateway and the directory.
    pub gateway: GatewayConfig,
    /// How long each hand-over of a lock may take.
    pub timers: Timers,
    /// The maps where characters start.
    pub start: StartMaps,
    /// The map servers that this process starts; `None` without a server manager.
    pub fleet: Option<LocalFleet>,
    /// What administrators are shown of the settings.
    pub in_force: SettingsInForce,
}

impl SidecarConfig {
    /// Limits the process to some of the roles.
    ///
    /// # Errors
    /// When `SERVER_MANAGER` is local and `roles` lacks the directory, or the door is alone and has no services.
    pub fn with_roles(self, roles: Roles) -> Result<Self, ConfigError> {
        if self.fleet.is_some() && !roles.directory {
            let why = "local needs the role directory, where the servers that it starts register";
            return Err(ConfigError::new("SERVER_MANAGER", why));
        }
        if roles.is_door_alone() && self.services_file.is_none() {
            let why = "there is no such file, so the role door has nothing to serve";
            return Err(ConfigError::new("SERVICES_FILE", why));
        }
        Ok(Self { roles, ..self })
    }
}

/// The addresses to bind; port 0 takes a free one.
#[derive(Debug, Clone, Copy)]
pub struct Listen {
    /// Public API and web page (`API_ADDR`).
    pub api: SocketAddr,
    /// Directory and internal routes (`DIRECTORY_ADDR`).
    pub directory: SocketAddr,
    /// Gateway WebSocket (`GATEWAY_ADDR`).
    pub gateway: SocketAddr,
    /// The door (`DOOR_ADDR`).
    pub door: SocketAddr,
}

/// Settings of the gateway and the directory.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// `GATEWAY_ID`: the name of this process in map servers and session entries.
    pub id: String,
    /// The browser pages that may talk to us.
    pub origins: Origins,
    /// Whether `/ws?token=` is accepted.
    pub query_token: bool,
    /// What happens when an account that is already in the world enters it again.
    pub duplicate_login: DuplicateLogin,
    /// Whether map servers without a map link may be entered.
    pub allow_unlinked_map_servers: bool,
    /// Whether map servers may register without the service token.
    pub allow_unauthenticated_registry: bool,
}

/// The maps where characters start that have never been in a world.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartMaps {
    /// `start_map` of `world.toml`.
    pub world: Option<MapId>,
    /// The map that an embedding map server was started with: used where no server hosts `world`.
    pub embedded: Option<MapId>,
}
