//! Where the hostile knock.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::{Instant, sleep_until, timeout};

use super::breaches::Breaches;
use crate::map_server::MapServer;

/// How long anything may take until it counts as not answered.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A server's addresses.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The public API.
    pub api: SocketAddr,
    /// The gateway.
    pub gateway: SocketAddr,
    /// The door in front of other services.
    pub door: SocketAddr,
    /// The game's port.
    pub game: SocketAddr,
    /// What game clients share.
    pub setup: Setup,
    /// What was answered and must never be.
    pub breaches: Arc<Breaches>,
}

impl Endpoints {
    /// The addresses of a map server with an embedded sidecar.
    ///
    /// # Panics
    /// When its sidecar is elsewhere, or has no door.
    pub fn of(server: &MapServer, breaches: Arc<Breaches>) -> Self {
        Self {
            api: server.ready.api.expect("the sidecar is embedded"),
            gateway: server.gateway(),
            door: server.ready.door.expect("there are services"),
            game: server.ready.game,
            setup: Setup::new(Clock::start()),
            breaches,
        }
    }

    /// A connection from an address of this machine.
    pub async fn connect(from: Ipv4Addr, to: SocketAddr) -> Option<TcpStream> {
        let socket = TcpSocket::new_v4().ok()?;
        socket.bind((from, 0).into()).ok()?;
        timeout(ANSWER_WITHIN, socket.connect(to)).await.ok()?.ok()
    }

    /// A socket to the game's port from an address of this machine.
    pub async fn knock_from(&self, from: Ipv4Addr) -> Option<UdpSocket> {
        let socket = UdpSocket::bind((from, 0)).await.ok()?;
        socket.connect(self.game).await.ok()?;
        Some(socket)
    }
}

/// Lets time pass: what a behaviour's pace says.
pub async fn pause(time: Duration) {
    sleep_until(Instant::now() + time).await;
}
