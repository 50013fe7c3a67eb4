//! A server with the datagrams it has sent, and minimal clients of our own.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_engine::netcode::peer::{Peer, Said};
use realmgate_engine::netcode::{Packet, Received, Server, ServerSettings};
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_protocol::netcode::PrivateToken;

pub const KEY: [u8; 32] = [0x11; 32];
pub const PROTOCOL_ID: u64 = 0x1122_3344_5566_7788;
/// When tokens expire, in Unix seconds.
pub const EXPIRES_S: u64 = 1_030;
const UNIX_START: Duration = Duration::from_secs(1_000);

pub fn server_address() -> SocketAddr {
    "127.0.0.1:40000".parse().unwrap()
}

pub fn address(last: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, (last >> 8) as u8, last as u8], 5_000))
}

/// What a packet was, without the buffer it lay in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Answered,
    Connected { slot: usize, client_id: u64, user_data: u8, replaces: Option<usize> },
    Heard { slot: usize },
    Payload { slot: usize, payload: Vec<u8> },
    Disconnected { slot: usize },
}

/// The server and the time.
pub struct Lane {
    pub server: Server,
    pub now: Duration,
    /// The datagrams it has sent, and to which address.
    pub sent: Vec<(Vec<u8>, SocketAddr)>,
    /// The user data of the newest session; events have its last byte.
    pub user_data: Vec<u8>,
}

impl Lane {
    pub fn new(max_clients: usize) -> Self {
        let settings = ServerSettings {
            key: KEY,
            challenge_key: [0x22; 32],
            protocol_id: PROTOCOL_ID,
            addresses: vec![server_address()],
            max_clients,
            unix_start: UNIX_START,
        };
        Self { server: Server::new(settings), now: Duration::ZERO, sent: Vec::new(), user_data: Vec::new() }
    }

    pub fn receive(&mut self, datagram: &[u8], from: SocketAddr) -> Result<Event, PacketRefusal> {
        let mut datagram = datagram.to_vec();
        let sent = &mut self.sent;
        let packet = Packet::read(&mut datagram)?;
        let received = self.server.receive(packet, from, self.now, &mut |bytes, to| sent.push((bytes.to_vec(), to)))?;
        if let Received::Connected(new) = &received {
            self.user_data = new.user_data.to_vec();
        }
        Ok(match received {
            Received::Answered => Event::Answered,
            Received::Connected(new) => Event::Connected {
                slot: new.slot,
                client_id: new.client_id,
                user_data: new.user_data[255],
                replaces: new.replaces,
            },
            Received::Heard { slot } => Event::Heard { slot },
            Received::Payload { slot, payload } => Event::Payload { slot, payload: payload.to_vec() },
            Received::Disconnected { slot } => Event::Disconnected { slot },
        })
    }

    /// The datagrams it has sent since the last call.
    pub fn answers(&mut self) -> Vec<Vec<u8>> {
        self.sent.drain(..).map(|(bytes, _)| bytes).collect()
    }

    /// The addresses that datagrams were sent to since they were last taken.
    pub fn answered(&self) -> Vec<SocketAddr> {
        self.sent.iter().map(|(_, to)| *to).collect()
    }

    /// What this client makes of the datagrams sent since the last call.
    pub fn heard_by(&mut self, peer: &mut Peer) -> Vec<Said> {
        self.answers().iter_mut().filter_map(|bytes| peer.receive(bytes)).collect()
    }

    pub fn tend(&mut self, slot: usize) -> bool {
        let sent = &mut self.sent;
        self.server.tend(slot, self.now, &mut |bytes, to| sent.push((bytes.to_vec(), to)))
    }

    pub fn send_payload(&mut self, slot: usize, payload: &[u8]) {
        let sent = &mut self.sent;
        self.server.send_payload(slot, payload, self.now, &mut |bytes, to| sent.push((bytes.to_vec(), to)));
    }

    pub fn disconnect(&mut self, slot: usize) {
        let sent = &mut self.sent;
        self.server.disconnect(slot, self.now, &mut |bytes, to| sent.push((bytes.to_vec(), to)));
    }

    /// Connects a client up to the moment when the server has accepted it; the client does not know yet.
    pub fn accept(&mut self, peer: &mut Peer, from: SocketAddr) -> Event {
        assert_eq!(self.receive(&peer.request(), from), Ok(Event::Answered));
        assert_eq!(self.heard_by(peer), [Said::Challenge]);
        self.receive(&peer.response().unwrap(), from).unwrap()
    }

    /// Connects a client until it knows that it is connected; returns it and its slot.
    pub fn join(&mut self, client_id: u64, from: SocketAddr) -> (Peer, usize) {
        let mut peer = peer(client_id);
        let Event::Connected { slot, .. } = self.accept(&mut peer, from) else { panic!("it is not connected") };
        assert!(matches!(self.heard_by(&mut peer)[..], [Said::KeepAlive { .. }]));
        assert_eq!(self.receive(&peer.keep_alive(), from), Ok(Event::Heard { slot }));
        (peer, slot)
    }
}

pub fn token(client_id: u64) -> PrivateToken {
    PrivateToken {
        client_id,
        timeout_s: 5,
        servers: vec![server_address()],
        client_to_server_key: [client_id as u8; 32],
        server_to_client_key: [!(client_id as u8); 32],
        user_data: [client_id as u8; 256],
    }
}

/// A client with a token of its own.
pub fn peer(client_id: u64) -> Peer {
    peer_with(&token(client_id), client_id)
}

/// A client with this token, made unique by a number.
pub fn peer_with(token: &PrivateToken, number: u64) -> Peer {
    let mut nonce = [0; 24];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    Peer::new(token, PROTOCOL_ID, EXPIRES_S, &nonce, &KEY)
}
