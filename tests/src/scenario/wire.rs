//! How clients reach the server: within the process, or over real sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use realmgate_client::clock::Clock;
use realmgate_client::token;
use realmgate_client::transport::{Carrier, Transport as ClientTransport};
use realmgate_engine::transport::memory::{MemoryNetwork, memory_transport};
use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
use realmgate_engine::transport::websocket::{WebSocketSettings, WebSocketTransport};
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
    /// The WebSocket transport and our client library's own, on loopback sockets.
    WebSocket,
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
    ws_url: Option<String>,
    runtime: Arc<Runtime>,
    clock: Clock,
}

impl Wire {
    /// Every wire.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Udp, Self::WebSocket];

    /// A server's transport, and the network that leads to it.
    pub(super) fn open(self, netcode_key: [u8; 32]) -> (Box<dyn Transport>, Network) {
        match self {
            Self::Memory => {
                let (transport, network) = memory_transport();
                (Box::new(transport), Network::Memory(network))
            }
            Self::Udp => {
                let settings =
                    UdpSettings { datagrams_per_client: NO_LIMIT, ..UdpSettings::new(LOOPBACK, netcode_key) };
                let transport = UdpTransport::bind(settings).expect("a free port");
                let address = transport.local_address();
                sockets(transport, Carrier::Udp, address, None)
            }
            Self::WebSocket => {
                let settings = WebSocketSettings { messages_per_client: NO_LIMIT, ..WebSocketSettings::new(LOOPBACK) };
                let transport = WebSocketTransport::bind(settings).expect("a free port");
                let (address, url) = (transport.local_address(), transport.url(LOOPBACK.ip(), false));
                sockets(transport, Carrier::WebSocket, address, Some(url))
            }
        }
    }
}

fn sockets(
    transport: impl Transport + 'static,
    carrier: Carrier,
    address: SocketAddr,
    ws_url: Option<String>,
) -> (Box<dyn Transport>, Network) {
    let gate = Gate::new(transport);
    let runtime = Arc::new(Builder::new_current_thread().enable_all().build().expect("a runtime"));
    let sockets = Sockets { gate: gate.clone(), carrier, address, ws_url, runtime, clock: Clock::start() };
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

    /// Where WebSockets lead, if they do.
    pub fn ws_url(&self) -> Option<String> {
        match self {
            Self::Memory(_) => None,
            Self::Sockets(sockets) => sockets.ws_url.clone(),
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
            Carrier::Udp => {
                let token = token::decode(&grant.connect_token, &grant.ticket).expect("a token of ours");
                self.runtime.block_on(ClientTransport::udp(token, None, self.clock, PATIENCE))
            }
            Carrier::WebSocket => {
                let url = grant.map_ws_url.as_deref().expect("its server answers WebSocket");
                self.runtime.block_on(ClientTransport::websocket(url, sealed, self.clock, PATIENCE))
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
