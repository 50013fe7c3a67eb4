//! The settings as flags and environment variables.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use realmgate_community::{CommunitySettings, MailSettings, MayCall, ProvidersConfig};
use realmgate_platform::config::{
    ConfigError, DatabaseSettings, EdgeSettings, Origins, PasswordHashing, RateLimits, RedisConfig,
    SecretStoreSettings, TelemetryConfig, TelemetrySettings, TokenTimes, at_least_one, defaults, secret,
};
use realmgate_platform::secrets::{SecretSource, SecretSources};
use realmgate_platform::theme::Theme;
use redis::IntoConnectionInfo;
use secrecy::{ExposeSecret, SecretString};

use super::world::{find_assets, find_file, find_folder, read_base_url, read_start_map};
use super::{
    CharacterSettings, FleetSettings, GatewayConfig, Listen, Roles, SettingsInForce, SidecarConfig, StartMaps,
};
use crate::lock::Timers;

/// What a realm is called that nobody has named.
const REALM_NAME: &str = "Realmgate";

/// How an account is handled that enters the world while it is already in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DuplicateLogin {
    /// The newer player enters; the older one is saved and leaves.
    Replace,
    /// The newer player gets `ALREADY_ONLINE`; the older one is asked to leave, so that the next try succeeds.
    Reject,
}

/// Flags and environment variables of the sidecar, for `sidecar serve` and for a map server that embeds it.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Directory for persistent data: the database, generated secrets, ready files
    #[arg(long, env = "DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Directory of the designers' data, searched in the current directory, then beside the executable
    #[arg(long, env = "ASSETS_DIR", default_value = "assets")]
    pub assets_dir: PathBuf,
    /// Directory of the designers' maps, searched in the current directory, then beside the executable
    #[arg(long, env = "MAPS_DIR", default_value = "maps")]
    pub maps_dir: PathBuf,
    /// Directory of the scripts that players call (docs/community.md), searched in the same places
    #[arg(long, env = "HOOKS_DIR", default_value = "hooks")]
    pub hooks_dir: PathBuf,
    /// Origins to which scripts may send HTTP requests, such as https://api.example.org, comma separated [default: none]
    #[arg(long, env = "HOOKS_MAY_CALL", value_name = "ORIGINS")]
    pub hooks_may_call: Option<MayCall>,
    /// File of the login providers (docs/settings.md), searched in the same places; optional
    #[arg(long, env = "PROVIDERS_FILE", default_value = "providers.toml")]
    pub providers_file: PathBuf,
    /// File of the services behind the door (docs/gateway.md), searched in the same places; optional
    #[arg(long, env = "SERVICES_FILE", default_value = "services.toml")]
    pub services_file: PathBuf,
    /// URL from which browsers load maps and pictures, for a CDN in front of this server [default: this server]
    #[arg(long, env = "ASSETS_BASE_URL", value_name = "URL")]
    pub assets_base_url: Option<String>,
    /// Name of the realm [default: the name in theme.toml, else Realmgate]
    #[arg(long, env = "REALM_NAME", value_name = "NAME")]
    pub realm_name: Option<String>,
    /// Address of the public API and the web page
    #[arg(long, env = "API_ADDR", default_value = "127.0.0.1:3000")]
    pub api_addr: SocketAddr,
    /// Address of the directory and all internal routes
    #[arg(long, env = "DIRECTORY_ADDR", default_value = "127.0.0.1:3001")]
    pub directory_addr: SocketAddr,
    /// Address of the gateway WebSocket
    #[arg(long, env = "GATEWAY_ADDR", default_value = "127.0.0.1:3002")]
    pub gateway_addr: SocketAddr,
    /// Address of the door in front of the services of SERVICES_FILE
    #[arg(long, env = "DOOR_ADDR", default_value = "127.0.0.1:3004")]
    pub door_addr: SocketAddr,
    /// What stands between the listeners and the routes
    #[command(flatten)]
    pub edge: EdgeSettings,
    /// Redis that several sidecars share, redis://HOST or rediss://HOST [default: none, for a single sidecar]
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_parser = secret)]
    pub redis_url: Option<SecretString>,
    /// Prefix of every key and channel in Redis
    #[arg(long, env = "REDIS_PREFIX", default_value = "", hide_default_value = true)]
    pub redis_prefix: String,

    /// Secret that signs access tokens, or kid:base64,kid:base64 while rotating [default: generated in DATA_DIR/secrets]
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, value_parser = secret)]
    pub jwt_secret: Option<SecretString>,
    /// File that contains JWT_SECRET
    #[arg(long, env = "JWT_SECRET_FILE")]
    pub jwt_secret_file: Option<PathBuf>,
    /// Secret that signs tickets, or kid:base64,kid:base64 while rotating [default: generated in DATA_DIR/secrets]
    #[arg(long, env = "TICKET_KEY", hide_env_values = true, value_parser = secret)]
    pub ticket_key: Option<SecretString>,
    /// File that contains TICKET_KEY
    #[arg(long, env = "TICKET_KEY_FILE")]
    pub ticket_key_file: Option<PathBuf>,
    /// Token for the internal routes between our servers [default: generated in DATA_DIR/secrets]
    #[arg(long, env = "SERVICE_TOKEN", hide_env_values = true, value_parser = secret)]
    pub service_token: Option<SecretString>,
    /// File that contains SERVICE_TOKEN
    #[arg(long, env = "SERVICE_TOKEN_FILE")]
    pub service_token_file: Option<PathBuf>,
    /// Where secrets are stored; [`Settings::fill_secrets`] reads them.
    #[command(flatten)]
    pub secret_stores: SecretStoreSettings,

    /// Id of this sidecar; keep it, since locks are stored under it
    #[arg(long, env = "GATEWAY_ID", default_value = "gateway-1")]
    pub gateway_id: String,
    /// Origins of browser pages that may call, comma separated, * for all [default: pages of this machine and of the requested host]
    #[arg(long, env = "ALLOWED_ORIGINS")]
    pub allowed_origins: Option<String>,
    /// Whether /ws?token= is accepted, for clients that cannot send a header
    #[arg(long, env = "GATEWAY_QUERY_TOKEN", default_value_t = true, action = clap::ArgAction::Set,
        value_parser = BoolishValueParser::new())]
    pub gateway_query_token: bool,
    /// How an account is handled that enters the world while it is already in it
    #[arg(long, env = "DUPLICATE_LOGIN", value_enum, default_value_t = DuplicateLogin::Replace)]
    pub duplicate_login: DuplicateLogin,
    /// Whether players may enter map servers without a map link
    #[arg(long, env = "ALLOW_UNLINKED_MAP_SERVERS", default_value_t = false, action = clap::ArgAction::Set,
        value_parser = BoolishValueParser::new())]
    pub allow_unlinked_map_servers: bool,
    /// Whether map servers may register, and read GET /characters/{id}/internal, without the service token (loopback only)
    #[arg(long, env = "ALLOW_UNAUTHENTICATED_REGISTRY", default_value_t = false, action = clap::ArgAction::Set,
        value_parser = BoolishValueParser::new())]
    pub allow_unauthenticated_registry: bool,

    /// Lifetime of an access token, in seconds
    #[arg(long, env = "ACCESS_TOKEN_SECONDS", default_value_t = 15 * 60)]
    pub access_token_seconds: u32,
    /// Lifetime of a refresh token, in days
    #[arg(long, env = "REFRESH_TOKEN_DAYS", default_value_t = 30)]
    pub refresh_token_days: u16,
    /// Failed logins per minute, per account and per IP
    #[arg(long, env = "FAILED_LOGINS_PER_MIN", default_value_t = 10, value_parser = at_least_one())]
    pub failed_logins_per_min: u32,
    /// Registrations per minute and IP
    #[arg(long, env = "REGISTRATIONS_PER_MIN", default_value_t = 10, value_parser = at_least_one())]
    pub registrations_per_min: u32,
    /// Registrations per minute from this machine
    #[arg(long, env = "LOOPBACK_REGISTRATIONS_PER_MIN", default_value_t = 600, value_parser = at_least_one())]
    pub loopback_registrations_per_min: u32,
    /// Other calls per minute and user
    #[arg(long, env = "CALLS_PER_MIN", default_value_t = 240, value_parser = at_least_one())]
    pub calls_per_min: u32,
    /// Gateway messages per ten seconds and user
    #[arg(long, env = "GATEWAY_MESSAGES_PER_10S", default_value_t = 60, value_parser = at_least_one())]
    pub gateway_messages_per_10s: u32,
    /// Realtime socket messages per ten seconds and user
    #[arg(long, env = "REALTIME_MESSAGES_PER_10S", default_value_t = 60, value_parser = at_least_one())]
    pub realtime_messages_per_10s: u32,
    /// Whispers, invitations and texts to maps and parties over realtime sockets per ten seconds and user
    #[arg(long, env = "CHAT_MESSAGES_PER_10S", default_value_t = 12, value_parser = at_least_one())]
    pub chat_messages_per_10s: u32,
    /// Lobbies that a user creates, changes or joins per minute, a tenth of them at once; this machine is exempt
    #[arg(long, env = "LOBBY_CHANGES_PER_MIN", default_value_t = 60, value_parser = at_least_one())]
    pub lobby_changes_per_min: u32,
    /// Attempts to enter the world per minute and user
    #[arg(long, env = "ENTRIES_PER_MIN", default_value_t = 12, value_parser = at_least_one())]
    pub entries_per_min: u32,
    /// Attempts to enter the world per minute and IP; this machine is exempt
    #[arg(long, env = "ENTRIES_PER_MIN_PER_IP", default_value_t = 360, value_parser = at_least_one())]
    pub entries_per_min_per_ip: u32,
    /// Changes of map or channel per minute and character
    #[arg(long, env = "JOURNEYS_PER_MIN", default_value_t = 30, value_parser = at_least_one())]
    pub journeys_per_min: u32,
    /// Calls that may send a mail, per minute and IP; this machine is exempt
    #[arg(long, env = "MAILS_PER_MIN_PER_IP", default_value_t = 10, value_parser = at_least_one())]
    pub mails_per_min_per_ip: u32,
    /// Successful logins per minute and account
    #[arg(long, env = "LOG_INS_PER_MIN", default_value_t = 30, value_parser = at_least_one())]
    pub log_ins_per_min: u32,
    /// Password hashing.
    #[command(flatten)]
    pub passwords: PasswordHashing,

    /// What players may do with their characters.
    #[command(flatten)]
    pub characters: CharacterSettings,

    /// The community's services.
    #[command(flatten)]
    pub community: CommunitySettings,

    /// Mails to players.
    #[command(flatten)]
    pub mail: MailSettings,

    /// The server manager.
    #[command(flatten)]
    pub fleet: FleetSettings,

    /// How long each hand-over of a lock may take
    #[command(flatten)]
    pub timers: Timers,

    /// Traces and error reports.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,

    /// What administrators are shown of the settings. The program that reads the command line says so, not a setting; else
    /// it is what the declarations say.
    #[arg(skip)]
    pub in_force: SettingsInForce,
}

impl Settings {
    /// The defaults of all flags and environment variables, but with a free port for each listener.
    pub fn with_defaults(data_dir: PathBuf) -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            data_dir,
            api_addr: any_port,
            directory_addr: any_port,
            gateway_addr: any_port,
            door_addr: any_port,
            ..defaults()
        }
    }

    /// Checks the settings, reads or generates the secrets, and finds the data folder. Binds nothing.
    ///
    /// # Errors
    /// When a setting, a secret or a data file cannot be used; the error names the setting.
    pub fn resolve(&self) -> Result<SidecarConfig, ConfigError> {
        let redis = self.redis()?;
        let (api, directory, gateway) = (self.api_addr, self.directory_addr, self.gateway_addr);
        let listen = Listen { api, directory, gateway, door: self.door_addr };
        let services_file = Some(find_file(&self.services_file)).filter(|file| file.is_file());
        if self.allow_unauthenticated_registry && !listen.directory.ip().is_loopback() {
            let why = "works on loopback only: set DIRECTORY_ADDR to 127.0.0.1, or turn this off";
            return Err(ConfigError::new("ALLOW_UNAUTHENTICATED_REGISTRY", why));
        }
        let edge = self.edge.resolve()?;
        let door_is_exposed = services_file.is_some() && !listen.door.ip().is_loopback();
        let exposed = listen.is_exposed()
            || door_is_exposed
            || edge.redirect.is_some_and(|redirect| !redirect.addr.ip().is_loopback());
        let is_id_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if !(1..=64).contains(&self.gateway_id.len()) || !self.gateway_id.bytes().all(is_id_byte) {
            // Locks are written under this name and have to be parsed again.
            return Err(ConfigError::new("GATEWAY_ID", "must have 1 to 64 characters of a-z A-Z 0-9 . _ -"));
        }
        let database = self.database.resolve(&self.data_dir)?;
        let assets_dir = find_assets(&self.assets_dir)?;
        let theme = Theme::read(&assets_dir)?;
        Ok(SidecarConfig {
            realm_name: self.realm_name.clone().or_else(|| theme.name.clone()).unwrap_or_else(|| REALM_NAME.to_owned()),
            theme: Arc::new(theme),
            is_production: self.telemetry.is_production(),
            roles: Roles::ALL,
            fleet: self.fleet.resolve(self.secrets_of_map_servers())?,
            database,
            timers: self.timers,
            redis,
            start: StartMaps { world: read_start_map(&assets_dir)?, embedded: None },
            secrets: self.secret_sources().resolve(&self.data_dir, exposed)?,
            tokens: TokenTimes {
                access: Duration::from_secs(self.access_token_seconds.into()),
                refresh: Duration::from_secs(u64::from(self.refresh_token_days) * 24 * 60 * 60),
            },
            limits: RateLimits {
                failed_logins_per_min: self.failed_logins_per_min,
                registrations_per_min: self.registrations_per_min,
                loopback_registrations_per_min: self.loopback_registrations_per_min,
                calls_per_min: self.calls_per_min,
                gateway_messages_per_10s: self.gateway_messages_per_10s,
                realtime_messages_per_10s: self.realtime_messages_per_10s,
                chat_messages_per_10s: self.chat_messages_per_10s,
                lobby_changes_per_min: self.lobby_changes_per_min,
                entries_per_min: self.entries_per_min,
                entries_per_min_per_ip: self.entries_per_min_per_ip,
                journeys_per_min: self.journeys_per_min,
                mails_per_min_per_ip: self.mails_per_min_per_ip,
                log_ins_per_min: self.log_ins_per_min,
            },
            passwords: self.passwords,
            characters: self.characters.rules(),
            community: self.community,
            mail: self.mail.resolve(&self.data_dir)?,
            gateway: GatewayConfig {
                id: self.gateway_id.clone(),
                origins: Origins::parse(self.allowed_origins.as_deref())?,
                query_token: self.gateway_query_token,
                duplicate_login: self.duplicate_login,
                allow_unlinked_map_servers: self.allow_unlinked_map_servers,
                allow_unauthenticated_registry: self.allow_unauthenticated_registry,
            },
            data_dir: self.data_dir.clone(),
            assets_dir,
            maps_dir: find_folder(&self.maps_dir),
            hooks_may_call: self.hooks_may_call.clone().unwrap_or_default(),
            hooks_dir: find_folder(&self.hooks_dir).unwrap_or_else(|| self.hooks_dir.clone()),
            providers: ProvidersConfig::read(&find_file(&self.providers_file))?,
            assets_base_url: self.assets_base_url.as_deref().map(read_base_url).transpose()?,
            services_file,
            listen,
            edge,
            in_force: self.in_force()?,
        })
    }

    fn in_force(&self) -> Result<SettingsInForce, ConfigError> {
        if !self.in_force.is_empty() {
            return Ok(self.in_force.clone());
        }
        SettingsInForce::of_line::<Self>(&[]).map_err(|error| ConfigError::new("settings", error.to_string()))
    }

    /// Where this process sends traces and errors. `program` is what it is called where no setting says so.
    ///
    /// # Errors
    /// When a setting cannot be used; the error names it.
    pub fn telemetry(&self, program: &str) -> Result<TelemetryConfig, ConfigError> {
        self.telemetry.resolve(program, &self.gateway_id)
    }

    fn redis(&self) -> Result<Option<RedisConfig>, ConfigError> {
        let Some(url) = self.redis_url.as_ref().filter(|url| !url.expose_secret().is_empty()) else { return Ok(None) };
        // The parser's error may quote the URL, with the password.
        if url.expose_secret().into_connection_info().is_err() {
            return Err(ConfigError::new("REDIS_URL", "must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]"));
        }
        if self.redis_prefix.len() > 64 || !self.redis_prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::new(
                "REDIS_PREFIX",
                "must have at most 64 printable ASCII characters without spaces",
            ));
        }
        Ok(Some(RedisConfig { url: url.clone(), prefix: self.redis_prefix.clone() }))
    }

    /// Secrets from our settings that a map server needs too. It finds generated ones in `DATA_DIR`.
    fn secrets_of_map_servers(&self) -> Vec<(String, SecretString)> {
        let given = [("TICKET_KEY", &self.ticket_key), ("SERVICE_TOKEN", &self.service_token)];
        let given = given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
        let files = [("TICKET_KEY_FILE", &self.ticket_key_file), ("SERVICE_TOKEN_FILE", &self.service_token_file)];
        let files = files.into_iter().filter_map(|(key, file)| {
            let file = file.as_ref()?.to_string_lossy().into_owned();
            Some((key.to_owned(), SecretString::from(file)))
        });
        given.chain(files).collect()
    }

    fn secret_sources(&self) -> SecretSources {
        let source = |value: &Option<SecretString>, file: &Option<PathBuf>| SecretSource {
            value: value.clone(),
            file: file.clone(),
        };
        SecretSources {
            jwt: source(&self.jwt_secret, &self.jwt_secret_file),
            ticket: source(&self.ticket_key, &self.ticket_key_file),
            service_token: source(&self.service_token, &self.service_token_file),
        }
    }
}

impl Listen {
    /// Whether other machines can reach any of the listeners.
    pub fn is_exposed(&self) -> bool {
        [self.api, self.directory, self.gateway].iter().any(|addr| !addr.ip().is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(args: &[&str]) -> Settings {
        Cli::parse_from([&["sidecar"], args].concat()).settings
    }

    #[test]
    fn a_backend_that_cannot_be_is_refused_by_its_setting_and_without_its_password() {
        for (args, key) in [
            (["--database-url", "postgres://u:p@h/db?sslmode=perhaps"], "DATABASE_URL"),
            (["--redis-url", "https://u:p@h"], "REDIS_URL"),
            (["--database-url", "mysql://h/db"], "DATABASE_URL"),
        ] {
            let error = settings(&args).resolve().unwrap_err();
            assert_eq!(error.key, key);
            assert!(!error.why.contains("u:p"), "no password in {error}");
        }
    }

    #[test]
    fn an_open_registry_is_for_loopback() {
        let fault = |addr: &str, open: &str| {
            let registry = ["--directory-addr", addr, "--allow-unauthenticated-registry", open];
            // Where the registry may be as it is, this is the next fault.
            let other = ["--database-url", "mysql://h/db"];
            settings(&[&registry[..], &other].concat()).resolve().unwrap_err().key
        };
        for others_reach_it in ["0.0.0.0:0", "[::]:0", "10.0.0.1:0", "[2001:db8::1]:0"] {
            assert_eq!(fault(others_reach_it, "true"), "ALLOW_UNAUTHENTICATED_REGISTRY", "{others_reach_it}");
            assert_eq!(fault(others_reach_it, "false"), "DATABASE_URL", "{others_reach_it}");
        }
        for loopback in ["127.0.0.1:0", "127.9.9.9:0", "[::1]:0"] {
            assert_eq!(fault(loopback, "true"), "DATABASE_URL", "{loopback}");
        }
    }

    #[test]
    fn a_gateway_has_a_name() {
        for bad in ["", "two words", "a/b", "a\\b", "a:b", "ä", &"x".repeat(65)] {
            assert_eq!(settings(&["--gateway-id", bad]).resolve().unwrap_err().key, "GATEWAY_ID", "{bad:?}");
        }
        // A good one gets past this check, to the next fault.
        for good in ["a", "Gateway_1.eu-west", &"x".repeat(64)] {
            let error = settings(&["--gateway-id", good, "--database-url", "mysql://h/db"]).resolve().unwrap_err();
            assert_eq!(error.key, "DATABASE_URL", "{good:?}");
        }
    }

    #[test]
    fn the_defaults_are_the_same_in_code_and_on_the_command_line() {
        let listeners = ["--api-addr", "--directory-addr", "--gateway-addr", "--door-addr"];
        let ports = listeners.map(|listener| [listener, "127.0.0.1:0"]).concat();
        let in_code = Settings::with_defaults(PathBuf::from("./data"));
        assert_eq!(format!("{:?}", settings(&ports)), format!("{in_code:?}"));
    }

    #[test]
    fn a_secret_is_not_in_the_debug_form() {
        for secret in [
            "--jwt-secret",
            "--ticket-key",
            "--service-token",
            "--database-url",
            "--redis-url",
            "--mail-url",
            "--sentry-dsn",
            "--otel-exporter-otlp-headers",
        ] {
            let settings = settings(&[secret, "plainly visible"]);
            assert!(!format!("{settings:?}").contains("plainly visible"), "{secret}");
        }
    }
}
