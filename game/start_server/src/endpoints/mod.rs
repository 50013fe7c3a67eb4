//! The ports that players connect to: UDP, WebSocket on the TCP port of the same number, another for WebTransport; and how
//! often the certificate's files are checked for changes.

mod webtransport;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
use realmgate_engine::transport::websocket::{WebSocketSettings, WebSocketTransport};
use realmgate_engine::transport::{AllowsOrigin, Transport, Transports};
use realmgate_platform::config::{ConfigError, Origins};
use realmgate_platform::http::Certificate;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::directory_choice::Directory;
use crate::failure::Failure;

pub use webtransport::SelfMade;

/// How many free UDP ports are tried until the TCP port of the same number is free too.
const PAIRS_TRIED: u32 = 16;
/// How often the certificate's files are looked at.
const CERTIFICATE_LOOK_EVERY: Duration = Duration::from_secs(2);

/// Where players reach this server.
pub struct Endpoints {
    /// The address for UDP.
    pub game: SocketAddr,
    /// The URL for WebSocket; `None` if it is off.
    pub websocket: Option<String>,
    /// The URL for WebTransport; `None` if it is off.
    pub webtransport: Option<String>,
    /// What is shown there, unless there is a certificate that somebody has signed.
    pub self_made: Option<SelfMade>,
    certificate: Option<Arc<Certificate>>,
}

/// Opens the ports.
///
/// # Errors
///
/// [`Failure::Settings`] if the settings of TLS or origins are wrong, [`Failure::Other`] if a port cannot be bound.
pub fn open(args: &Args, port: u16, directory: &Directory) -> Result<(Endpoints, Transports), Failure> {
    let settings = |error: ConfigError| Failure::Settings(error.to_string());
    let files = args.sidecar.edge.resolve().map_err(settings)?.tls;
    let needs_one = args.websocket || args.webtransport;
    let certificate = files.filter(|_| needs_one).map(|files| Certificate::load(&files)).transpose();
    let certificate = certificate.map_err(settings)?;
    let origins = Origins::parse(args.sidecar.allowed_origins.as_deref()).map_err(settings)?;
    let tls = certificate.as_ref().map(Certificate::server_config).transpose().context("cannot set up TLS")?;
    let allows_origin = allows(origins);
    let mut websocket = WebSocketSettings::new(SocketAddr::new(args.game_addr, port));
    websocket.allows_origin = allows_origin.clone();
    websocket.tls = tls.clone().map(TlsAcceptor::from);
    websocket.max_clients = max_clients(args);
    websocket.poll_every = Some(tick(args));

    let (udp, websocket) = bind_udp_and_websocket(args, port, directory, &websocket)?;
    let game = SocketAddr::new(args.server_ip.into(), udp.local_address().port());
    let is_tls = certificate.is_some();
    let url = websocket.as_ref().map(|websocket| match &args.websocket_url {
        Some(url) => url.replace("{port}", &game.port().to_string()),
        None => websocket.url(args.server_ip.into(), is_tls),
    });
    let needs_made = args.webtransport && certificate.is_none();
    let self_made = needs_made.then(|| SelfMade::new(args)).transpose()?;
    let made = self_made.as_ref().map(|made| made.certificate.server_config()).transpose();
    let quic_tls = made.context("cannot set up TLS")?.or(tls).filter(|_| args.webtransport);
    let webtransport = quic_tls.map(|tls| webtransport::open(args, game.port(), allows_origin, tls)).transpose()?;
    let wt_url = webtransport.as_ref().map(|webtransport| match &args.webtransport_url {
        Some(url) => url.replace("{port}", &webtransport.local_address().port().to_string()),
        None => webtransport.url(args.server_ip.into()),
    });

    let first: Box<dyn Transport> = Box::new(udp);
    let second = websocket.map(|websocket| -> Box<dyn Transport> { Box::new(websocket) });
    let third = webtransport.map(|webtransport| -> Box<dyn Transport> { Box::new(webtransport) });
    let transports = Transports::new(std::iter::once(first).chain(second).chain(third).collect());
    Ok((Endpoints { game, websocket: url, webtransport: wt_url, self_made, certificate }, transports))
}

impl Endpoints {
    /// The SHA-256 of the certificate for WebTransport, if nobody has signed it.
    pub fn certificate_sha256(&self) -> Option<String> {
        self.self_made.as_ref().map(|made| made.certificate.sha256())
    }

    /// Takes up a certificate whose files are replaced, and makes the others again in time, until `stop`.
    pub fn keep_certificates(&self, stop: &CancellationToken) {
        if let Some(made) = self.self_made.clone() {
            tokio::spawn(stop.clone().run_until_cancelled_owned(made.keep()));
        }
        if let Some(certificate) = self.certificate.clone() {
            tokio::spawn(stop.clone().run_until_cancelled_owned(keep_files(certificate)));
        }
    }
}

/// Takes up a certificate whose files are replaced, for ever.
async fn keep_files(certificate: Arc<Certificate>) {
    loop {
        tokio::time::sleep(CERTIFICATE_LOOK_EVERY).await;
        let certificate = certificate.clone();
        // This reads files, which may take a while if they are on another machine.
        if let Err(error) = tokio::task::spawn_blocking(move || certificate.refresh()).await {
            tracing::error!(%error, "cannot read the TLS certificate");
        }
    }
}

fn allows(origins: Origins) -> AllowsOrigin {
    Arc::new(move |origin, host| origins.allows(origin, host))
}

/// Extra room for players whose old connection has not timed out yet.
fn max_clients(args: &Args) -> usize {
    usize::from(args.max_players) * 2
}

/// The time from one tick to the next.
fn tick(args: &Args) -> Duration {
    Duration::from_secs(1) / args.tick_hz
}

/// Binds UDP, then TCP on the same number. If that number was ours to choose and is taken, chooses another.
fn bind_udp_and_websocket(
    args: &Args,
    port: u16,
    directory: &Directory,
    websocket: &WebSocketSettings,
) -> Result<(UdpTransport, Option<WebSocketTransport>), Failure> {
    for left in (0..PAIRS_TRIED).rev() {
        let udp = open_udp(args, port, directory)?;
        if !args.websocket {
            return Ok((udp, None));
        }
        let mut settings = websocket.clone();
        settings.bind.set_port(udp.local_address().port());
        match WebSocketTransport::bind(settings.clone()) {
            Ok(websocket) => return Ok((udp, Some(websocket))),
            Err(error) if port == 0 && left > 0 && error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => {
                let otherwise = "choose another port, or --websocket false";
                return Err(cannot_listen("TCP", settings.bind, &error, otherwise));
            }
        }
    }
    Err(Failure::Other(anyhow!("found no port that is free for both UDP and TCP")))
}

fn open_udp(args: &Args, port: u16, directory: &Directory) -> Result<UdpTransport, Failure> {
    let bind = SocketAddr::new(args.game_addr, port);
    let mut settings = UdpSettings::new(bind, directory.keys.netcode_key());
    settings.public_addresses = vec![SocketAddr::new(args.server_ip.into(), 0)];
    settings.clock_off_by_ms = realmgate_platform::clock::off_by_ms();
    settings.max_clients = max_clients(args);
    // Half a tick. The rest is reserve for a busy machine.
    settings.spread_sends_over = tick(args) / 2;
    settings.burst_bytes = usize::from(args.send_burst_kib) << 10;
    settings.poll_every = Some(tick(args));
    UdpTransport::bind(settings)
        .map_err(|error| cannot_listen("UDP", bind, &error, "choose another: start_server <map_id> <port>"))
}

fn cannot_listen(protocol: &str, bind: SocketAddr, error: &io::Error, otherwise: &str) -> Failure {
    Failure::Other(match error.kind() {
        ErrorKind::AddrInUse => anyhow!("{protocol} port {} is in use; {otherwise}", bind.port()),
        _ => anyhow!("cannot listen on {protocol} {bind} (GAME_ADDR and <port>): {error}"),
    })
}
