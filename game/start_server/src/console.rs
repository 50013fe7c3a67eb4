//! Output to the terminal besides the log. A reader that has gone, or a full disk, ends nothing: what cannot be written is left out.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use realmgate_engine::map::Map;

use crate::failure::Failure;

/// Prints why the server ends.
pub fn complain(failure: &Failure) {
    match failure {
        Failure::Settings(why) => to_stderr(format_args!("start_server: {why}\nTry 'start_server --help'.")),
        Failure::Data(faults) => {
            to_stderr(format_args!(
                "{faults}\nstart_server: {} faults in the data, the server did not start",
                faults.len()
            ));
        }
        Failure::Other(error) => to_stderr(format_args!("start_server: {error:#}")),
    }
}

/// Prints text to stdout as it is.
pub fn say(text: &str) {
    to_stdout(format_args!("{text}"));
}

/// Prints a line of progress to stderr, apart from the result.
pub fn progress(text: &str) {
    to_stderr(format_args!("{text}"));
}

fn to_stdout(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}

fn to_stderr(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
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
    /// Address of the door, if the sidecar is embedded and there are services.
    pub door: Option<SocketAddr>,
    /// URL of the directory it is registered at.
    pub directory: &'a str,
    /// What makes an account the administrator of a realm that has none, if the sidecar is embedded.
    pub administrator_code: Option<&'a str>,
}

impl Up<'_> {
    /// The same for scripts: the content of `ready.json`.
    pub fn ready(&self, hosted: &[Arc<Map>]) -> serde_json::Value {
        let mut ready = serde_json::json!({
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
        });
        if let Some(door) = self.door {
            ready["door"] = door.to_string().into();
        }
        if let Some(code) = self.administrator_code {
            ready["administrator_code"] = code.into();
        }
        ready
    }
}

/// Prints what a person needs next.
pub fn up(up: &Up<'_>) {
    let _ = write_up(&mut io::stdout().lock(), up);
}

fn write_up(out: &mut impl Write, up: &Up<'_>) -> io::Result<()> {
    writeln!(out, "\n  {} is up.", up.server)?;
    writeln!(
        out,
        "  maps       {} ({} channel{} each)",
        up.maps.join(", "),
        up.channels,
        if up.channels == 1 { "" } else { "s" }
    )?;
    writeln!(out, "  players    udp://{}", up.game)?;
    if let Some(websocket) = up.websocket {
        writeln!(out, "             {websocket}")?;
    }
    if let Some(webtransport) = up.webtransport {
        writeln!(out, "             {webtransport}  (WebTransport)")?;
    }
    // The embedded listeners use TLS if the directory does, since it is one of them.
    let (http, ws) = if up.directory.starts_with("https:") { ("https", "wss") } else { ("http", "ws") };
    if let (Some(api), Some(gateway)) = (up.api, up.gateway) {
        writeln!(out, "  web page   {http}://{api}/")?;
        writeln!(out, "  gateway    {ws}://{gateway}/ws")?;
    }
    if let Some(door) = up.door {
        writeln!(out, "  services   {http}://{door}/")?;
    }
    writeln!(out, "  directory  {}", up.directory)?;
    writeln!(out, "  health     http://{}/readyz  (also /metrics)", up.health)?;
    if let Some(api) = up.api {
        let server =
            if api.port() == 3000 && http == "http" { String::new() } else { format!(" --server {http}://{api}") };
        let gateway = match up.gateway {
            Some(gateway) if gateway.port() != 3002 => format!(" --gateway {ws}://{gateway}/ws"),
            _ => String::new(),
        };
        writeln!(out, "\n  Add some bots:")?;
        writeln!(out, "    cargo run --profile play --bin bot -- --count 20 --seconds 30{server}{gateway}")?;
    }
    if let (Some(code), Some(api)) = (up.administrator_code, up.api) {
        writeln!(
            out,
            "\n  This realm has no administrator. The first account becomes one if it is registered on this machine."
        )?;
        writeln!(out, "  Or log in at {http}://{api}/admin with this code: {code}")?;
    }
    writeln!(out, "\n  Ctrl-C saves all players and stops the server.\n")
}
