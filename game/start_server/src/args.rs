//! The command line; every flag is an environment variable too.

use std::net::SocketAddr;
use std::num::{NonZeroU8, NonZeroUsize};
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use realmgate_sidecar::config::{Settings, SettingsInForce};

/// Map server; embeds the sidecar (accounts, characters, gateway) if no directory is running.
#[derive(Debug, Parser)]
#[command(
    name = "start_server",
    version,
    after_help = "Example: start_server 1 4001\nWithout WORLD_DIRECTORY_URL, the server joins the directory at DIRECTORY_ADDR if that accepts the service token in DATA_DIR. Otherwise it embeds a sidecar."
)]
pub struct Args {
    /// Number of the map to host; see --maps
    #[arg(required_unless_present_any = ["check", "maps", "schema", "replay"])]
    pub map_id: Option<u16>,
    /// Port for players, UDP and TCP; 0 picks a free one
    #[arg(required_unless_present_any = ["check", "maps", "schema", "replay"])]
    pub port: Option<u16>,

    /// Check all maps and data files, print all faults, and exit
    #[arg(long)]
    pub check: bool,
    /// List the maps, and exit
    #[arg(long)]
    pub maps: bool,
    /// Write the schemas of data, maps and protocol, and exit
    #[arg(long)]
    pub schema: bool,
    /// Output folder of --schema
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub out: PathBuf,
    /// Replay recordings, compare the state of every tick, and exit
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub replay: Vec<PathBuf>,
    /// Number of recordings that --replay plays at a time
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: u16,

    /// Bind address of the port for players
    #[arg(long, env = "GAME_ADDR", default_value = "0.0.0.0")]
    pub game_addr: std::net::IpAddr,
    /// Bind address of health and metrics
    #[arg(long, env = "ADMIN_ADDR", default_value = "127.0.0.1:0")]
    pub admin_addr: SocketAddr,
    /// The directory to register at [default: the one at DIRECTORY_ADDR, else an embedded one]
    #[arg(long, env = "WORLD_DIRECTORY_URL", value_name = "URL")]
    pub world_directory_url: Option<String>,
    /// PEM file with CA certificates to trust for an https directory, in addition to those of this machine
    #[arg(long, env = "DIRECTORY_CA_FILE", value_name = "FILE")]
    pub directory_ca_file: Option<PathBuf>,
    /// Server id [default: map-server-<map_id>, with -<port> if that id is in use]
    #[arg(long, env = "SERVER_ID")]
    pub server_id: Option<String>,
    /// Display name of the server [default: Map Server <map_id>]
    #[arg(long, env = "SERVER_NAME")]
    pub server_name: Option<String>,
    /// Public IPv4 address that players connect to
    #[arg(long, env = "SERVER_IP", default_value = "127.0.0.1")]
    pub server_ip: std::net::Ipv4Addr,
    /// Accept WebSocket connections, on TCP port <port>
    #[arg(long, env = "WEBSOCKET", default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub websocket: bool,
    /// Public WebSocket URL; {port} stands for the port [default: ws://<SERVER_IP>:<port>/play, wss with TLS_CERT_FILE]
    #[arg(long, env = "WEBSOCKET_URL", value_name = "URL")]
    pub websocket_url: Option<String>,
    /// Accept WebTransport connections, on a separate UDP port
    #[arg(long, env = "WEBTRANSPORT", default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub webtransport: bool,
    /// UDP port for WebTransport [default: <port> + 1000, or a free one if that is taken]
    #[arg(long, env = "WEBTRANSPORT_PORT", value_name = "PORT")]
    pub webtransport_port: Option<u16>,
    /// Public WebTransport URL; {port} stands for the port [default: https://<SERVER_IP>:<port>/play]
    #[arg(long, env = "WEBTRANSPORT_URL", value_name = "URL")]
    pub webtransport_url: Option<String>,
    /// Maximum number of players
    #[arg(long, env = "MAX_PLAYERS", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=16_384))]
    pub max_players: u16,
    /// Number of channels per map: separate worlds that players can switch between
    #[arg(long, env = "CHANNELS", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub channels: u16,
    /// Ticks per second
    #[arg(long, env = "TICK_HZ", default_value_t = 30, value_parser = clap::value_parser!(u32).range(5..=120))]
    pub tick_hz: u32,
    /// Number of threads that share a tick: its channels, and the snapshots of large channels [default: the number of cores]
    #[arg(long, env = "TICK_THREADS", value_name = "COUNT", value_parser = clap::value_parser!(NonZeroU8))]
    pub tick_threads: Option<NonZeroU8>,
    /// KiB of a tick's snapshots sent over UDP at once; must fit the queue of the slowest link
    #[arg(long, env = "SEND_BURST_KIB", default_value_t = 64, value_name = "KIB", value_parser = clap::value_parser!(u16).range(1..=4_096))]
    pub send_burst_kib: u16,
    /// Host only <map_id>, or also the maps that its portals lead to [default: all if the sidecar is embedded]
    #[arg(long, env = "HOST_MAPS", value_enum)]
    pub host_maps: Option<HostMaps>,
    /// Seconds that play continues without the map link; then all players are disconnected
    #[arg(long, env = "OFFLINE_PLAY_MAX_S", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub offline_play_max_s: u32,
    /// Take up data files when they are saved: on, or off for POST /reload alone
    #[arg(long, env = "RELOAD", default_value = "on", action = clap::ArgAction::Set, value_name = "ON|OFF", value_parser = BoolishValueParser::new())]
    pub reload: bool,
    /// Path of a second ready.json
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,
    /// Shut down when standard input closes, as on SIGTERM
    #[arg(long)]
    pub end_with_stdin: bool,
    /// Record every channel into this folder, for --replay
    #[arg(long, value_name = "FOLDER")]
    pub record: Option<PathBuf>,
    /// Format of log lines
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Log level: error, warn, info or debug, or by module, such as `info,realmgate_engine=debug`
    #[arg(long, env = "LOG", default_value = "info")]
    pub log: String,

    /// The sidecar's settings, for when it is embedded.
    #[command(flatten)]
    pub sidecar: Settings,
}

impl Args {
    /// Reads the command line and the environment, and what administrators are shown of them.
    ///
    /// # Errors
    /// When they cannot be parsed, and when they ask for help.
    pub fn try_read() -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches()?;
        let mut args = Self::from_arg_matches(&matches)?;
        args.sidecar.in_force = SettingsInForce::read(Self::command(), &matches);
        Ok(args)
    }

    /// How many threads share a tick.
    pub fn tick_threads(&self) -> NonZeroUsize {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.tick_threads.map_or_else(cores, NonZeroUsize::from)
    }
}

/// Which maps a server hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HostMaps {
    /// Only the requested map.
    Only,
    /// The requested map and all maps that its portals lead to.
    All,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human-readable text.
    Text,
    /// One JSON object per line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn map_and_port_are_needed_to_run_and_not_to_check() {
        let parsed = |args: &[&str]| Args::try_parse_from([&["start_server"][..], args].concat());
        for too_few in [&[][..], &["1"]] {
            let error = parsed(too_few).unwrap_err();
            assert_eq!(error.kind(), clap::error::ErrorKind::MissingRequiredArgument, "{error}");
        }
        let given = |args: &[&str]| parsed(args).map(|args| (args.map_id, args.port, args.check)).unwrap();
        assert_eq!(given(&["1", "4001"]), (Some(1), Some(4001), false));
        assert_eq!(given(&["--check"]), (None, None, true));
    }
}
