//! How clients reach the server: within the process, or over real sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_client::clock::Clock;
use realmgate_client::token;
use realmgate_client::transport::UdpTransport as UdpClient;
use realmgate_engine::transport::memory::{MemoryNetwork, memory_transport};
use realmgate_engine::transport::udp::{Rate, UdpSettings, UdpTransport};
use realmgate_engine::transport::{ClientId, Transport};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ticket::Ticket;
use tokio::runtime::{Builder, Runtime};

use super::gate::Gate;
use super::link::{Link, PATIENCE, UdpLink};

/// The wires that a scene can run over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// The in-memory transport.
    Memory,
    /// The UDP transport and our client library's own, on loopback sockets.
    Udp,
}

/// The clients' side of a wire.
pub(super) enum Network {
    /// Within the process.
    Memory(MemoryNetwork),
    /// Over sockets.
    Udp { gate: Gate, address: SocketAddr, runtime: Arc<Runtime>, clock: Clock },
}

impl Wire {
    /// A server's transport, and the network that leads to it.
    pub(super) fn open(self, netcode_key: [u8; 32]) -> (Box<dyn Transport>, Network) {
        match self {
            Self::Memory => {
                let (transport, network) = memory_transport();
                (Box::new(transport), Network::Memory(network))
            }
            Self::Udp => {
                let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
                // Steps follow each other as fast as they can, so a client sends more in a second than one that plays.
                let datagrams_per_client = Rate { per_second: 1_000_000, burst: 1_000_000 };
                let settings = UdpSettings { datagrams_per_client, ..UdpSettings::new(loopback, netcode_key) };
                let transport = UdpTransport::bind(settings).expect("a free port");
                let address = transport.local_address();
                let gate = Gate::new(transport);
                let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
                let network =
                    Network::Udp { gate: gate.clone(), address, runtime: Arc::new(runtime), clock: Clock::start() };
                (Box::new(gate), network)
            }
        }
    }
}

impl Network {
    /// Where connect tokens lead.
    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Memory(_) => SocketAddr::from(([127, 0, 0, 1], 9)),
            Self::Udp { address, .. } => *address,
        }
    }

    /// Connects with what the sidecar gave out.
    pub fn connect(&self, grant: &EntryGrant) -> Link {
        match self {
            Self::Memory(network) => {
                let sealed = URL_SAFE_NO_PAD.decode(&grant.ticket).expect("a ticket is base64url");
                let ticket = Ticket::peek_text(&grant.ticket).expect("a whole ticket");
                Link::Memory(network.connect(sealed, ClientId(ticket.ticket_id.0)))
            }
            Self::Udp { gate, runtime, clock, .. } => {
                let token = token::decode(&grant.connect_token, &grant.ticket).expect("a token of ours");
                let id = ClientId(token.client_id);
                let client = runtime.block_on(UdpClient::connect(token, *clock, PATIENCE));
                let client = client.unwrap_or_else(|error| panic!("not let in: {error}"));
                Link::Udp(Box::new(UdpLink::new(client, id, gate.clone(), runtime.clone(), *clock)))
            }
        }
    }
}
