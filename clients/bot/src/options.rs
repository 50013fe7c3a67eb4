//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use realmgate_client::transport::Carrier;

/// The default port of the gateway.
const GATEWAY_PORT: u16 = 3_002;

/// Bots that register, enter the world, fight, loot, trade, travel and chat, and compare their counts with the
/// server's.
#[derive(Debug, Clone, Parser)]
#[command(name = "bot", version)]
pub struct Options {
    /// Number of bots.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub count: u32,
    /// Seconds of play once all bots are in the world.
    #[arg(long, default_value_t = 30)]
    pub seconds: u64,
    /// URL of the public API.
    #[arg(long, default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub server: String,
    /// URL of the gateway [default: the API's host, with the port that the server reports or 3002].
    #[arg(long, value_name = "URL")]
    pub gateway: Option<String>,
    /// Transport; with several, such as udp,renet, the bots take turns.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Transport::Udp])]
    pub transport: Vec<Transport>,
    /// URL to read metrics from; repeat it to add up several [default: /metrics of the API].
    #[arg(long, value_name = "URL")]
    pub metrics: Vec<String>,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
    /// Print no progress lines to stderr.
    #[arg(long)]
    pub quiet: bool,
    /// Random seed of the bots: the same seed gives the same behaviour, with new names.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Prefix of the bots' account names.
    #[arg(long, default_value = "Bot", value_parser = prefix)]
    pub prefix: String,
    /// Events that must happen at least once. All bots must also join, stay connected, decode everything and agree with
    /// the counts of the server, unless this is `none`.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub expect: Vec<Expectation>,
    /// Portal to walk to, in tiles; can be repeated. The bots know the portals that the server lists.
    #[arg(long, value_name = "X,Y", value_parser = point)]
    pub portal: Vec<(f64, f64)>,
    /// Write the last state of each character to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub dump: Option<PathBuf>,
    /// Write the confirmations of the server and the presence of each bot to this file, as lines of JSON.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Connect to this address instead of the map server, such as that of `cargo xtask conditioner`.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub through: Option<SocketAddr>,
    /// Re-enter the world after every failure until the run ends; log in again if the login has ended.
    #[arg(long)]
    pub endure: bool,
    /// Log filter for stderr, as in `RUST_LOG`.
    #[arg(long, env = "RUST_LOG", default_value = "warn,renetcode=off", value_name = "FILTER")]
    pub log: String,
}

/// How the bots connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Transport {
    /// netcode over UDP.
    Udp,
    /// netcode over UDP, with payloads that stock renet frames.
    Renet,
    /// WebSocket.
    Websocket,
    /// WebTransport.
    Webtransport,
}

impl From<Transport> for Carrier {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Self::Udp,
            Transport::Renet => Self::Renet,
            Transport::Websocket => Self::WebSocket,
            Transport::Webtransport => Self::WebTransport,
        }
    }
}

/// Something that must have happened in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Expectation {
    /// A bot killed something.
    Kills,
    /// A bot picked something up.
    Loot,
    /// A bot died.
    Deaths,
    /// A bot crossed to another map or channel.
    Portals,
    /// Two bots traded.
    Trades,
    /// A bot spoke.
    Chat,
    /// No expectation.
    None,
}

impl Options {
    /// The gateway's URL. `told` is the port from the server's status, if it has one.
    ///
    /// # Errors
    /// When `--gateway` is not given, and `--server` is neither an `http://` nor an `https://` URL.
    pub fn gateway_url(&self, told: Option<u16>) -> anyhow::Result<String> {
        if let Some(url) = &self.gateway {
            return Ok(url.clone());
        }
        let (scheme, authority) = match self.server.split_once("://") {
            Some(("http", authority)) => ("ws", authority),
            Some(("https", authority)) => ("wss", authority),
            _ => bail!("--server {:?} must begin with http:// or https://, or set --gateway", self.server),
        };
        let authority = authority.split('/').next().unwrap_or_default();
        // The port follows the last colon, unless that is inside the brackets of an IPv6 address.
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        Ok(format!("{scheme}://{host}:{}", told.unwrap_or(GATEWAY_PORT)))
    }

    /// The URLs to read metrics from.
    pub fn metrics_urls(&self) -> Vec<String> {
        if self.metrics.is_empty() {
            return vec![format!("{}/metrics", self.server.trim_end_matches('/'))];
        }
        self.metrics.clone()
    }

    /// Whether anything is expected at all.
    pub fn expects_anything(&self) -> bool {
        !self.expect.contains(&Expectation::None)
    }
}

fn prefix(text: &str) -> anyhow::Result<String> {
    let legal = (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if legal { Ok(text.to_owned()) } else { bail!("expected 1 to 8 letters of a-z and A-Z") }
}

fn point(text: &str) -> anyhow::Result<(f64, f64)> {
    let (x, y) = text.split_once(',').context("expected X,Y in tiles")?;
    Ok((x.trim().parse()?, y.trim().parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn options(arguments: &[&str]) -> Options {
        Options::try_parse_from([&["bot"], arguments].concat()).unwrap()
    }

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn the_gateway_is_beside_the_api() {
        let gateway = |server: &str| options(&["--server", server]).gateway_url(None).unwrap();
        assert_eq!(gateway("http://127.0.0.1:3000"), "ws://127.0.0.1:3002");
        assert_eq!(options(&[]).gateway_url(Some(9)).unwrap(), "ws://127.0.0.1:9");
        assert_eq!(gateway("http://game.example/"), "ws://game.example:3002");
        assert_eq!(gateway("https://game.example"), "wss://game.example:3002");
        assert_eq!(gateway("http://[::1]:3000"), "ws://[::1]:3002");
        assert_eq!(gateway("http://[::1]"), "ws://[::1]:3002");
        assert!(options(&["--server", "ftp://game.example"]).gateway_url(None).is_err());
        assert_eq!(options(&["--gateway", "ws://x:1"]).gateway_url(Some(7)).unwrap(), "ws://x:1");
    }

    #[test]
    fn lists_are_read() {
        let several = options(&["--expect", "kills,chat", "--portal", "3.5,4", "--portal", "1,2"]);
        assert_eq!(several.expect, [Expectation::Kills, Expectation::Chat]);
        assert_eq!(several.portal, [(3.5, 4.0), (1.0, 2.0)]);
        assert!(several.expects_anything() && options(&[]).expects_anything());
        assert!(!options(&["--expect", "kills,none"]).expects_anything());
        let urls = options(&["--metrics", "http://a/m", "--metrics", "http://b/m"]).metrics_urls();
        assert_eq!(urls, ["http://a/m", "http://b/m"]);
        assert_eq!(options(&["--server", "http://c/"]).metrics_urls(), ["http://c/metrics"]);
    }

    #[test]
    fn a_prefix_is_one_to_eight_letters() {
        let reads = |prefix| Options::try_parse_from(["bot", "--prefix", prefix]).is_ok_and(|it| it.prefix == prefix);
        assert!(reads("a") && reads("ABCdefgh"));
        assert!(!["", "ABCdefghi", "a b", "a1", "\u{e9}"].into_iter().any(reads));
    }
}
