//! Output to the terminal besides the log.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "speaking to the person at the terminal is what this does"
)]

use std::net::SocketAddr;
use std::sync::Arc;

use realmgate_engine::map::Map;

use crate::failure::Failure;

/// Prints why the server ends.
pub fn complain(failure: &Failure) {
    match failure {
        Failure::Settings(why) => eprintln!("start_server: {why}\nTry 'start_server --help'."),
        Failure::Data(faults) => {
            eprintln!("{faults}\nstart_server: {} faults in the data, nothing was started", faults.len())
        }
        Failure::Other(error) => eprintln!("start_server: {error:#}"),
    }
}

/// Prints text to stdout as it is.
pub fn say(text: &str) {
    println!("{text}");
}

/// Prints a line of progress to stderr, apart from the result.
pub fn progress(text: &str) {
    eprintln!("{text}");
}

/// The addresses of a running server.
pub struct Up<'a> {
    /// The server's id.
    pub server: &'a str,
    /// The maps it hosts, as `1 greenvale`.
    pub maps: &'a [String],
    /// Channels of each map.
    pub channels: u16,
    /// Address of the game's UDP port.
    pub game: SocketAddr,
    /// Where it answers WebSocket; `None` if it does not.
    pub websocket: Option<&'a str>,
    /// Where it answers WebTransport; `None` if it does not.
    pub webtransport: Option<&'a str>,
    /// Address of health and metrics.
    pub health: SocketAddr,
    /// Address of the public API, if the sidecar is embedded.
    pub api: Option<SocketAddr>,
    /// Address of the gateway, if the sidecar is embedded.
    pub gateway: Option<SocketAddr>,
    /// URL of the directory it is registered at.
    pub directory: &'a str,
}

impl Up<'_> {
    /// The same for scripts: the content of `ready.json`.
    pub fn ready(&self, hosted: &[Arc<Map>]) -> serde_json::Value {
        serde_json::json!({
            "pid": std::process::id(),
            "server_id": self.server,
            "maps": hosted.iter().map(|map| map.id.0).collect::<Vec<_>>(),
            "channels": self.channels,
            "game": self.game,
            "websocket": self.websocket,
            "webtransport": self.webtransport,
            "admin": self.health,
            "api": self.api,
            "gateway": self.gateway,
            "directory": self.directory,
        })
    }
}

/// Prints what a person needs next.
pub fn up(up: &Up<'_>) {
    println!("\n  {} is up.", up.server);
    println!(
        "  maps       {} ({} channel{} each)",
        up.maps.join(", "),
        up.channels,
        if up.channels == 1 { "" } else { "s" }
    );
    println!("  players    udp://{}", up.game);
    if let Some(websocket) = up.websocket {
        println!("             {websocket}");
    }
    if let Some(webtransport) = up.webtransport {
        println!("             {webtransport}  (WebTransport)");
    }
    // The embedded listeners use TLS if the directory does, since it is one of them.
    let (http, ws) = if up.directory.starts_with("https:") { ("https", "wss") } else { ("http", "ws") };
    if let (Some(api), Some(gateway)) = (up.api, up.gateway) {
        println!("  web page   {http}://{api}/");
        println!("  gateway    {ws}://{gateway}/ws");
    }
    println!("  directory  {}", up.directory);
    println!("  health     http://{}/readyz  (also /metrics)", up.health);
    if let Some(api) = up.api {
        let server =
            if api.port() == 3000 && http == "http" { String::new() } else { format!(" --server {http}://{api}") };
        let gateway = match up.gateway {
            Some(gateway) if gateway.port() != 3002 => format!(" --gateway {ws}://{gateway}/ws"),
            _ => String::new(),
        };
        println!("\n  Send in some bots:");
        println!("    cargo run --profile play --bin bot -- --count 20 --seconds 30{server}{gateway}");
    }
    println!("\n  Ctrl-C saves everybody and ends the server.\n");
}
