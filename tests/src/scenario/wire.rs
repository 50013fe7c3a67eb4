//! How clients reach the server: within the process, or over real sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use realmgate_client::clock::Clock;
use realmgate_client::token;
use realmgate_client::transport::{Carrier, Door, Transport as ClientTransport};
use realmgate_engine::transport::memory::{MemoryNetwork, memory_transport};
use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
use realmgate_engine::transport::websocket::{WebSocketSettings, WebSocketTransport};
use realmgate_engine::transport::webtransport::{SelfMadeCertificate, WebTransport, WebTransportSettings};
use realmgate_engine::transport::{ClientId, Rate, Transport};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ticket::Ticket;
use tokio::runtime::{Builder, Runtime};

use super::gate::Gate;
use super::link::{Link, PATIENCE, SocketLink};

/// The wires that a scene can run over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// The in-memory transport.
    Memory,
    /// The UDP transport and our client library's own, on loopback sockets.
    Udp,
    /// The UDP transport and our client library's own, with payloads that stock renet frames, on loopback sockets.
    Renet,
    /// The WebSocket transport and our client library's own, on loopback sockets.
    WebSocket,
    /// The WebTransport transport and our client library's own, on loopback sockets.
    WebTransport,
}

/// Steps follow each other as fast as they can, so a client sends more in a second than one that plays.
const NO_LIMIT: Rate = Rate { per_second: 1_000_000, burst: 1_000_000 };
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The clients' side of a wire.
pub(super) enum Network {
    /// Within the process.
    Memory(MemoryNetwork),
    /// Over sockets.
    Sockets(Box<Sockets>),
}

/// Where sockets lead.
pub(super) struct Sockets {
    gate: Gate,
    carrier: Carrier,
    address: SocketAddr,
    doors: Doors,
    runtime: Arc<Runtime>,
    clock: Clock,
}

/// Where clients connect otherwise than over UDP.
#[derive(Debug, Clone, Default)]
pub(super) struct Doors {
    /// By WebSocket.
    pub(super) ws_url: Option<String>,
    /// By WebTransport.
    pub(super) wt_url: Option<String>,
    /// The certificate there.
    pub(super) wt_cert_sha256: Option<String>,
}

impl Wire {
    /// Every wire.
    pub const ALL: [Self; 5] = [Self::Memory, Self::Udp, Self::Renet, Self::WebSocket, Self::WebTransport];

    /// A server's transport, and the network that leads to it.
    pub(super) fn open(self, netcode_key: [u8; 32]) -> (Box<dyn Transport>, Network) {
        match self {
            Self::Memory => {
                let (transport, network) = memory_transport();
                (Box::new(transport), Network::Memory(network))
            }
            Self::Udp | Self::Renet => {
                let carrier = if self == Self::Renet { Carrier::Renet } else { Carrier::Udp };
                let settings =
                    UdpSettings { datagrams_per_client: NO_LIMIT, ..UdpSettings::new(LOOPBACK, netcode_key) };
                let transport = UdpTransport::bind(settings).expect("a free port");
                let address = transport.local_address();
                sockets(transport, carrier, address, Doors::default())
            }
            Self::WebSocket => {
                let settings = WebSocketSettings { messages_per_client: NO_LIMIT, ..WebSocketSettings::new(LOOPBACK) };
                let transport = WebSocketTransport::bind(settings).expect("a free port");
                let (address, url) = (transport.local_address(), transport.url(LOOPBACK.ip(), false));
                sockets(transport, Carrier::WebSocket, address, Doors { ws_url: Some(url), ..Doors::default() })
            }
            Self::WebTransport => {
                let certificate = SelfMadeCertificate::new(vec!["127.0.0.1".to_owned()]).expect("a certificate");
                let tls = certificate.server_config().expect("TLS");
                let settings =
                    WebTransportSettings { messages_per_client: NO_LIMIT, ..WebTransportSettings::new(LOOPBACK, tls) };
                let transport = WebTransport::bind(settings).expect("a free port");
                let (address, url) = (transport.local_address(), transport.url(LOOPBACK.ip()));
                let wt_cert_sha256 = Some(certificate.sha256());
                let doors = Doors { wt_url: Some(url), wt_cert_sha256, ..Doors::default() };
                sockets(transport, Carrier::WebTransport, address, doors)
            }
        }
    }
}

fn sockets(
    transport: impl Transport + 'static,
    carrier: Carrier,
    address: SocketAddr,
    doors: Doors,
) -> (Box<dyn Transport>, Network) {
    let gate = Gate::new(transport);
    // QUIC has packets to send and timers to serve while nobody looks.
    let mut builder = if carrier == Carrier::WebTransport {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1);
        builder
    } else {
        Builder::new_current_thread()
    };
    let runtime = Arc::new(builder.enable_all().build().expect("a runtime"));
    let sockets = Sockets { gate: gate.clone(), carrier, address, doors, runtime, clock: Clock::start() };
    (Box::new(gate), Network::Sockets(Box::new(sockets)))
}

impl Network {
    /// Where connect tokens lead.
    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Memory(_) => SocketAddr::from(([127, 0, 0, 1], 9)),
            Self::Sockets(sockets) => sockets.address,
        }
    }

    /// Where clients connect otherwise than over UDP.
    pub(super) fn doors(&self) -> Doors {
        match self {
            Self::Memory(_) => Doors::default(),
            Self::Sockets(sockets) => sockets.doors.clone(),
        }
    }

    /// Connects with what the sidecar gave out.
    pub fn connect(&self, grant: &EntryGrant) -> Link {
        match self {
            Self::Memory(network) => {
                let (sealed, id) = ticket(grant);
                Link::Memory(network.connect(sealed, id))
            }
            Self::Sockets(sockets) => sockets.connect(grant),
        }
    }
}

impl Sockets {
    fn connect(&self, grant: &EntryGrant) -> Link {
        let (sealed, id) = ticket(grant);
        let client = match self.carrier {
            Carrier::Udp | Carrier::Renet => {
                let token = token::decode(&grant.connect_token, &grant.ticket).expect("a token of ours");
                self.runtime.block_on(ClientTransport::udp(token, self.carrier.framing(), None, self.clock, PATIENCE))
            }
            Carrier::WebSocket => {
                let url = grant.map_ws_url.as_deref().expect("its server answers WebSocket");
                self.runtime.block_on(ClientTransport::websocket(url, sealed, self.clock, PATIENCE))
            }
            Carrier::WebTransport => {
                let url = grant.map_wt_url.clone().expect("its server answers WebTransport");
                let door = Door { url, certificate: grant.map_wt_cert_sha256.clone() };
                self.runtime.block_on(ClientTransport::webtransport(&door, &sealed, self.clock, PATIENCE))
            }
        };
        let client = client.unwrap_or_else(|error| panic!("not let in: {error}"));
        let link = SocketLink::new(client, id, self.gate.clone(), self.runtime.clone(), self.clock);
        link.wait_until_connected();
        Link::Socket(Box::new(link))
    }
}

/// The ticket of a grant, and whom it names.
fn ticket(grant: &EntryGrant) -> (Vec<u8>, ClientId) {
    let sealed = Ticket::bytes_of_text(&grant.ticket).expect("a ticket is base64url");
    let id = Ticket::peek(&sealed).expect("a whole ticket").ticket_id.0;
    (sealed, ClientId(id))
}
