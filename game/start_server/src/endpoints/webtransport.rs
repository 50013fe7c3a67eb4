//! The port for WebTransport, and its certificate.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use realmgate_engine::transport::AllowsOrigin;
use realmgate_engine::transport::webtransport::{RENEW_AFTER, SelfMadeCertificate, WebTransport, WebTransportSettings};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_rustls::rustls::ServerConfig;

use super::{cannot_listen, max_clients, tick};
use crate::args::Args;
use crate::failure::Failure;

/// How far the port is from that of UDP, unless a setting says otherwise.
const PORTS_APART: u16 = 1_000;
/// How long to wait after a certificate could not be made.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60 * 60);

/// A certificate that nobody has signed, and who has to know when it is another one.
#[derive(Clone)]
pub struct SelfMade {
    /// The certificate.
    pub certificate: Arc<SelfMadeCertificate>,
    /// Notified when there is another one, of which players must be told.
    pub renewed: Arc<Notify>,
}

impl SelfMade {
    /// Makes one for the address that players are told, and for this machine.
    pub(super) fn new(args: &Args) -> Result<Self, Failure> {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), args.server_ip.to_string()];
        let certificate = SelfMadeCertificate::new(names.into()).context("cannot create a certificate")?;
        Ok(Self { certificate, renewed: Arc::default() })
    }

    /// Makes another one in good time, for ever.
    pub(super) async fn keep(self) {
        let mut wait = RENEW_AFTER;
        loop {
            sleep(wait).await;
            wait = match self.certificate.renew() {
                Ok(()) => {
                    tracing::info!("WebTransport certificate renewed");
                    self.renewed.notify_one();
                    RENEW_AFTER
                }
                Err(error) => {
                    tracing::error!(%error, "cannot renew the WebTransport certificate");
                    TRY_AGAIN_AFTER
                }
            };
        }
    }
}

/// Binds the port. The one beside UDP's may be taken by another server: then any free one will do.
pub(super) fn open(
    args: &Args,
    game_port: u16,
    allows_origin: AllowsOrigin,
    tls: Arc<ServerConfig>,
) -> Result<WebTransport, Failure> {
    let beside = game_port.checked_add(PORTS_APART).unwrap_or_default();
    let port = args.webtransport_port.unwrap_or(beside);
    let mut settings = WebTransportSettings::new(SocketAddr::new(args.game_addr, port), tls);
    settings.allows_origin = allows_origin;
    settings.max_clients = max_clients(args);
    settings.poll_every = Some(tick(args));
    match WebTransport::bind(settings.clone()) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && args.webtransport_port.is_none() => {
            settings.bind.set_port(0);
            WebTransport::bind(settings).map_err(|error| Failure::Other(anyhow!("cannot listen on UDP: {error}")))
        }
        bound => bound.map_err(|error| {
            let otherwise = "set another WEBTRANSPORT_PORT, or --webtransport false";
            cannot_listen("UDP", SocketAddr::new(args.game_addr, port), &error, otherwise)
        }),
    }
}
