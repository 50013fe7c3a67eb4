//! The transports that clients reach the server over: within the process, or over real sockets.

use std::time::Duration;

use realmgate_engine::transport::memory::{MemoryClient, MemoryNetwork, MemoryReceived, memory_transport};
use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
use realmgate_engine::transport::{ClientId, Rate, Transport};
use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::wire::datagram::ClientFrame;
use renetcode::ConnectToken;

use crate::gate::Gate;
use crate::udp_client::UdpClient;

/// The netcode key of these servers.
const KEY: [u8; 32] = [11; 32];

/// The transports that a test can run over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// The in-memory transport.
    Memory,
    /// The UDP transport, on a loopback socket.
    Udp,
}

/// Makes two tests of each function that takes a [`Wire`]: one over each.
macro_rules! over_both_wires {
    ($($test:ident),* $(,)?) => {
        mod over_memory {
            $(#[test] fn $test() { super::$test(crate::wire::Wire::Memory); })*
        }
        mod over_udp {
            $(#[test] fn $test() { super::$test(crate::wire::Wire::Udp); })*
        }
    };
}
pub(crate) use over_both_wires;

/// The clients' side of a transport.
pub enum Network {
    /// Within the process.
    Memory(MemoryNetwork),
    /// Over sockets.
    Udp(Gate, std::net::SocketAddr),
}

/// One client's connection.
pub enum Link {
    /// Within the process.
    Memory(MemoryClient),
    /// Over a socket.
    Udp(Box<UdpClient>),
}

impl Wire {
    /// A server's transport, and the network that leads to it.
    pub fn open(self) -> (Box<dyn Transport>, Network) {
        match self {
            Self::Memory => {
                let (transport, network) = memory_transport();
                (Box::new(transport), Network::Memory(network))
            }
            Self::Udp => {
                // Steps follow each other as fast as they can, so a client sends more in a second than one that plays.
                let datagrams_per_client = Rate { per_second: 1_000_000, burst: 1_000_000 };
                let settings =
                    UdpSettings { datagrams_per_client, ..UdpSettings::new("127.0.0.1:0".parse().unwrap(), KEY) };
                let transport = UdpTransport::bind(settings).unwrap();
                let address = transport.local_address();
                let gate = Gate::new(transport);
                (Box::new(gate.clone()), Network::Udp(gate, address))
            }
        }
    }
}

impl Network {
    /// Connects a client with a ticket, genuine or not.
    pub fn connect(&self, ticket: Vec<u8>, client: ClientId) -> Link {
        match self {
            Self::Memory(network) => Link::Memory(network.connect(ticket, client)),
            Self::Udp(gate, address) => {
                let mut user_data = [0; 256];
                user_data[..ticket.len()].copy_from_slice(&ticket);
                let (servers, data) = (vec![*address], Some(&user_data));
                let token =
                    ConnectToken::generate(unix_now(), NETCODE_PROTOCOL_ID, 60, client.0, 30, servers, data, &KEY);
                Link::Udp(Box::new(UdpClient::connect(token.unwrap(), client, gate.clone())))
            }
        }
    }

    /// The in-memory network, for what only it can do.
    pub fn memory(&self) -> &MemoryNetwork {
        let Self::Memory(network) = self else { panic!("a test of the in-memory wire") };
        network
    }
}

impl Link {
    /// Whether neither side has ended the session.
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Memory(client) => client.is_connected(),
            Self::Udp(client) => client.is_connected(),
        }
    }

    /// Sends a client frame.
    pub fn send_frame(&mut self, frame: &ClientFrame) {
        match self {
            Self::Memory(client) => client.send_frame(frame.seal()),
            Self::Udp(client) => client.send_frame(frame),
        }
    }

    /// Sends a reliable message.
    pub fn send_message(&mut self, bytes: Vec<u8>) {
        match self {
            Self::Memory(client) => client.send_message(bytes),
            Self::Udp(client) => client.send_message(bytes),
        }
    }

    /// Ends the session from this side.
    pub fn disconnect(&mut self) {
        match self {
            Self::Memory(client) => client.disconnect(),
            Self::Udp(client) => client.disconnect(),
        }
    }

    /// Waits until the server will find at its next tick what was sent.
    pub fn wait_until_sent(&mut self) {
        if let Self::Udp(client) = self {
            client.wait_until_sent();
        }
    }

    /// Everything that the server has sent since the last call.
    pub fn recv(&mut self) -> Vec<MemoryReceived> {
        match self {
            Self::Memory(client) => client.recv(),
            Self::Udp(client) => client.recv(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "connect tokens are dated by Unix time")]
fn unix_now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap()
}
