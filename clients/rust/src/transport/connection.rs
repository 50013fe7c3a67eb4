//! A connection without a socket: datagrams in and out, time handed in.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::wire::datagram::{self, Kind};
use renetcode::{ClientAuthentication, ConnectToken, DisconnectReason, NetcodeClient};

use super::guard;
use super::reliable::{ReliableChannel, ReliableError};

/// How often the farewell is sent: the datagram that carries it may be lost, as any other.
const FAREWELLS: usize = 3;

/// What came from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The body of a server frame.
    Frame(Vec<u8>),
    /// A reliable message.
    Message(Vec<u8>),
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The server has no room.
    #[error("the server denied the connection")]
    Denied,
    /// Nothing came for too long.
    #[error("the server fell silent")]
    TimedOut,
    /// The server ended it.
    #[error("the server ended the connection")]
    ByServer,
    /// We ended it.
    #[error("the connection was closed here")]
    ByClient,
    /// The reliable stream can not go on.
    #[error(transparent)]
    Reliable(#[from] ReliableError),
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(std::io::ErrorKind),
    /// `renetcode` does not take the token.
    #[error("the connect token can not be used: {0}")]
    Token(String),
}

/// What went over a connection, netcode's own bytes included but not UDP's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Datagrams sent.
    pub datagrams_out: u64,
    /// Datagrams received that were none of ours: forged, or of an unknown layout.
    pub bad_datagrams: u64,
}

/// A netcode connection with our datagrams on it.
#[derive(Debug)]
pub struct Connection {
    netcode: NetcodeClient,
    reliable: ReliableChannel,
    incoming: VecDeque<Incoming>,
    outgoing: Vec<Vec<u8>>,
    traffic: Traffic,
    broken: Option<CloseReason>,
}

impl Connection {
    /// A connection that begins to ask for admission.
    pub fn new(connect_token: ConnectToken) -> Result<Self, CloseReason> {
        let netcode = NetcodeClient::new(Duration::ZERO, ClientAuthentication::Secure { connect_token })
            .map_err(|error| CloseReason::Token(error.to_string()))?;
        Ok(Self {
            netcode,
            reliable: ReliableChannel::default(),
            incoming: VecDeque::new(),
            outgoing: Vec::new(),
            traffic: Traffic::default(),
            broken: None,
        })
    }

    /// Where its datagrams go.
    pub fn server(&self) -> SocketAddr {
        self.netcode.server_addr()
    }

    /// Whether the server has accepted.
    pub fn is_connected(&self) -> bool {
        self.netcode.is_connected()
    }

    /// Why it ended, once it has.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.broken.clone().or_else(|| self.netcode.disconnect_reason().map(close_reason))
    }

    /// What went over it so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Whether every message has been acknowledged.
    pub fn is_quiet(&self) -> bool {
        self.reliable.is_quiet()
    }

    /// Lets time pass; netcode's own packets become due.
    pub fn advance(&mut self, elapsed: Duration) {
        self.reliable.advance(elapsed);
        if self.close_reason().is_some() {
            return;
        }
        if let Some((packet, _)) = self.netcode.update(elapsed) {
            let packet = packet.to_vec();
            self.put(packet);
        }
    }

    /// Takes a datagram from the server.
    pub fn receive(&mut self, datagram: &mut [u8]) {
        self.traffic.bytes_in += datagram.len() as u64;
        self.traffic.datagrams_in += 1;
        if !guard::is_sound(datagram) {
            self.traffic.bad_datagrams += 1;
            return;
        }
        let Some(payload) = self.netcode.process_packet(datagram) else { return };
        match datagram::open(payload) {
            Ok((Kind::ServerFrame, body)) => self.incoming.push_back(Incoming::Frame(body.to_vec())),
            Ok((Kind::Reliable, packet)) => {
                match self.reliable.receive(packet) {
                    Ok(()) => {}
                    Err(ReliableError::Broken(reason)) => self.broken = Some(ReliableError::Broken(reason).into()),
                    Err(_) => self.traffic.bad_datagrams += 1,
                }
                while let Some(message) = self.reliable.next_message() {
                    self.incoming.push_back(Incoming::Message(message));
                }
            }
            Ok((Kind::ClientFrame, _)) | Err(_) => self.traffic.bad_datagrams += 1,
        }
    }

    /// The next of what came.
    pub fn next_incoming(&mut self) -> Option<Incoming> {
        self.incoming.pop_front()
    }

    /// Queues a reliable message.
    pub fn send_message(&mut self, message: Vec<u8>) -> Result<(), CloseReason> {
        Ok(self.reliable.send(message)?)
    }

    /// Sends a payload once: a client frame.
    pub fn send_payload(&mut self, payload: &[u8]) {
        // Before the accept and after the end there is nobody to hear it.
        if let Ok((_, packet)) = self.netcode.generate_payload_packet(payload) {
            let packet = packet.to_vec();
            self.put(packet);
        }
    }

    /// Sends what the reliable stream has to say; once per client tick.
    pub fn send_reliable(&mut self) {
        if !self.is_connected() {
            return;
        }
        match self.reliable.packets() {
            Ok(packets) => {
                packets.iter().for_each(|packet| self.send_payload(&datagram::seal(Kind::Reliable, packet)));
            }
            Err(error) => self.broken = Some(error.into()),
        }
    }

    /// Ends the connection; the farewells are among the outgoing datagrams.
    pub fn disconnect(&mut self) {
        if !self.is_connected() {
            return;
        }
        for _ in 0..FAREWELLS {
            if let Ok((_, packet)) = self.netcode.disconnect() {
                let packet = packet.to_vec();
                self.put(packet);
            }
        }
    }

    /// The datagrams to send now.
    pub fn take_outgoing(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.outgoing)
    }

    fn put(&mut self, datagram: Vec<u8>) {
        self.traffic.bytes_out += datagram.len() as u64;
        self.traffic.datagrams_out += 1;
        self.outgoing.push(datagram);
    }
}

fn close_reason(reason: DisconnectReason) -> CloseReason {
    match reason {
        DisconnectReason::ConnectionDenied => CloseReason::Denied,
        DisconnectReason::DisconnectedByServer => CloseReason::ByServer,
        DisconnectReason::DisconnectedByClient => CloseReason::ByClient,
        DisconnectReason::ConnectTokenExpired
        | DisconnectReason::ConnectionTimedOut
        | DisconnectReason::ConnectionResponseTimedOut
        | DisconnectReason::ConnectionRequestTimedOut => CloseReason::TimedOut,
    }
}
