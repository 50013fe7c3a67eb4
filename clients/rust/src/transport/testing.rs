//! A map server on a loopback socket: stock netcode, our datagrams, and no world.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::codec::{decode_reliable, encode_reliable};
use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::Stream;
use renetcode::{ConnectToken, NetcodeServer, ServerAuthentication, ServerConfig, ServerResult};
use tokio::net::UdpSocket;

use crate::token::testing::token;

const KEY: [u8; 32] = [9; 32];

/// What the server receives.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "tests hear few of them")]
pub enum Heard {
    /// A client was accepted.
    Connected(u64),
    /// A client disconnected.
    Disconnected(u64),
    /// A client's frame.
    Frame(u64, ClientFrame),
    /// A client's message.
    Message(u64, ClientMessage),
}

/// A test double of a map server.
pub struct ServerDouble {
    socket: UdpSocket,
    netcode: NetcodeServer,
    streams: HashMap<u64, Stream>,
    now: Duration,
    heard: Vec<Heard>,
    /// How many of the next accepts are lost.
    pub accepts_to_lose: usize,
}

impl ServerDouble {
    /// A server on a free port.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let netcode = NetcodeServer::new(ServerConfig {
            current_time: Duration::ZERO,
            max_clients: 16,
            protocol_id: NETCODE_PROTOCOL_ID,
            public_addresses: vec![socket.local_addr().unwrap()],
            authentication: ServerAuthentication::Secure { private_key: KEY },
        });
        Self { socket, netcode, streams: HashMap::new(), now: Duration::ZERO, heard: Vec::new(), accepts_to_lose: 0 }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Where a client's packets come from.
    pub fn peer(&self, client: u64) -> SocketAddr {
        self.netcode.client_addr(client).expect("it is connected")
    }

    /// A connect token for this server.
    pub fn token(&self, ticket_id: u64) -> ConnectToken {
        token(ticket_id, vec![self.address()], &KEY)
    }

    /// The next thing received. Panics after ten seconds without any.
    pub async fn next(&mut self) -> Heard {
        let listening = async {
            while self.heard.is_empty() {
                let mut buffer = [0; 1_400];
                let (length, from) = self.socket.recv_from(&mut buffer).await.unwrap();
                self.take(from, &mut buffer[..length]);
            }
        };
        tokio::time::timeout(Duration::from_secs(10), listening).await.expect("something is heard");
        self.heard.remove(0)
    }

    /// Skips everything until a message arrives.
    pub async fn next_message(&mut self) -> (u64, ClientMessage) {
        loop {
            if let Heard::Message(client, message) = self.next().await {
                return (client, message);
            }
        }
    }

    /// Sends a message at once.
    pub fn tell(&mut self, client: u64, message: &ServerMessage) {
        self.tell_bytes(client, encode_reliable(message).unwrap());
    }

    fn tell_bytes(&mut self, client: u64, message: Vec<u8>) {
        self.stream(client).queue(message).unwrap();
        self.speak(client);
    }

    /// Sends a payload.
    pub fn send(&mut self, client: u64, payload: &[u8]) {
        if let Ok((to, packet)) = self.netcode.generate_payload_packet(client, payload) {
            self.socket.try_send_to(packet, to).unwrap();
        }
    }

    /// Disconnects a client.
    pub fn drop_client(&mut self, client: u64) {
        if let ServerResult::ClientDisconnected { addr, payload: Some(packet), .. } = self.netcode.disconnect(client) {
            self.socket.try_send_to(packet, addr).unwrap();
        }
    }

    fn speak(&mut self, client: u64) {
        let (now, mut payloads) = (self.now, Vec::new());
        self.stream(client).compose(Section::None, now, &mut Vec::new(), |payload| payloads.push(payload.to_vec()));
        payloads.iter().for_each(|payload| self.send(client, payload));
    }

    fn stream(&mut self, client: u64) -> &mut Stream {
        self.streams.entry(client).or_insert_with(|| Stream::new(Duration::ZERO))
    }

    fn take(&mut self, from: SocketAddr, packet: &mut [u8]) {
        match self.netcode.process_packet(from, packet) {
            ServerResult::PacketToSend { addr, payload } => {
                self.socket.try_send_to(payload, addr).unwrap();
            }
            ServerResult::ClientConnected { client_id, addr, payload, .. } => {
                if self.accepts_to_lose > 0 {
                    self.accepts_to_lose -= 1;
                } else {
                    self.socket.try_send_to(payload, addr).unwrap();
                }
                self.heard.push(Heard::Connected(client_id));
            }
            ServerResult::ClientDisconnected { client_id, .. } => self.heard.push(Heard::Disconnected(client_id)),
            ServerResult::Payload { client_id, payload } => {
                let payload = payload.to_vec();
                self.take_payload(client_id, &payload);
            }
            ServerResult::None => {}
        }
    }

    fn take_payload(&mut self, client: u64, payload: &[u8]) {
        let payload = datagram::open(payload).unwrap();
        let now = self.now;
        self.stream(client).receive(&payload, now).unwrap();
        while let Some(message) = self.stream(client).next_message() {
            self.heard.push(Heard::Message(client, decode_reliable(&message).unwrap()));
        }
        match payload.section {
            Section::None => {}
            Section::Input(body) => self.heard.push(Heard::Frame(client, ClientFrame::open(body).unwrap())),
            Section::Snapshot(_) => panic!("a client sends no snapshots"),
        }
        // Time advances with each payload from a client, so no clock is needed here.
        self.now += Duration::from_millis(33);
        self.speak(client);
    }
}
