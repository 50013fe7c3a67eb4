//! The lines between the actors and a server, which a test takes down.

use std::net::SocketAddr;

use realmgate_tests::MapServer;
use realmgate_tests::conditioner::{Conditions, TcpConditioner, UdpConditioner};
use realmgate_tests::proxy::{Mode, Proxy};
use serde_json::{Value, json};

/// All lines to one server.
pub struct Lines {
    game: SocketAddr,
    webtransport: SocketAddr,
    gateway: SocketAddr,
    /// Where nothing is lost, but nothing may get through for a while.
    tcp: TcpConditioner,
    udp: UdpConditioner,
    to_webtransport: UdpConditioner,
    /// Where connections break.
    to_game: Proxy,
    to_gateway: Proxy,
}

impl Lines {
    /// Good lines.
    pub async fn to(server: &MapServer) -> Self {
        let (game, webtransport, gateway) = (server.ready.game, server.ready.webtransport(), server.gateway());
        let tcp = TcpConditioner::to(game, Conditions::default(), 1).await.expect("there is a free port");
        let udp = UdpConditioner::to(game, Conditions::default(), 1).await.expect("there is a free port");
        let to_webtransport = UdpConditioner::to(webtransport, Conditions::default(), 1).await;
        let to_webtransport = to_webtransport.expect("there is a free port");
        let (to_game, to_gateway) = (Proxy::to(&[tcp.address()]).await, Proxy::to(&[gateway]).await);
        Self { game, webtransport, gateway, tcp, udp, to_webtransport, to_game, to_gateway }
    }

    /// Where to send datagrams.
    pub fn udp(&self) -> SocketAddr {
        self.udp.address()
    }

    /// The ports of WebSockets and WebTransport, by those that the server tells.
    pub fn ports(&self) -> Value {
        json!({
            (self.game.port().to_string()): self.to_game.address().port(),
            (self.webtransport.port().to_string()): self.to_webtransport.address().port(),
            (self.gateway.port().to_string()): self.to_gateway.address().port(),
        })
    }

    /// While they are silent nothing gets through to the map server, and no connection breaks for it.
    pub fn silence(&self, is_silent: bool) {
        self.tcp.set_down(is_silent);
        self.udp.set_down(is_silent);
        self.to_webtransport.set_down(is_silent);
    }

    /// Breaks every WebSocket; while they are cut nobody gets another one, also not of the gateway.
    pub fn cut(&self, are_cut: bool) {
        let mode = if are_cut { Mode::Cut } else { Mode::Pass };
        self.to_game.set(mode);
        self.to_gateway.set(mode);
    }
}
