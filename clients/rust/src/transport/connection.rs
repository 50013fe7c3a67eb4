//! A connection without a socket: datagrams in and out, time handed in.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::{QueueError, Stream};
use renetcode::{ClientAuthentication, ConnectToken, DisconnectReason, NetcodeClient};

use super::guard;

/// How often the farewell is sent: the datagram that carries it may be lost, as any other.
const FAREWELLS: usize = 3;

/// What came from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The body of a snapshot.
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
    /// A reliable message can not be sent.
    #[error(transparent)]
    Queue(#[from] QueueError),
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
    stream: Stream,
    /// Since the connection was made.
    now: Duration,
    incoming: VecDeque<Incoming>,
    outgoing: Vec<Vec<u8>>,
    traffic: Traffic,
}

impl Connection {
    /// A connection that begins to ask for admission.
    pub fn new(connect_token: ConnectToken) -> Result<Self, CloseReason> {
        let netcode = NetcodeClient::new(Duration::ZERO, ClientAuthentication::Secure { connect_token })
            .map_err(|error| CloseReason::Token(error.to_string()))?;
        Ok(Self {
            netcode,
            // Whoever sends without a frame has none to send: what is to be acknowledged need not wait.
            stream: Stream::new(Duration::ZERO),
            now: Duration::ZERO,
            incoming: VecDeque::new(),
            outgoing: Vec::new(),
            traffic: Traffic::default(),
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
        self.netcode.disconnect_reason().map(close_reason)
    }

    /// What went over it so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Whether every message has been acknowledged.
    pub fn is_quiet(&self) -> bool {
        self.stream.is_acknowledged()
    }

    /// Lets time pass; netcode's own packets become due.
    pub fn advance(&mut self, elapsed: Duration) {
        self.now += elapsed;
        if self.close_reason().is_some() {
            return;
        }
        if let Some((packet, _)) = self.netcode.update(elapsed) {
            put(&mut self.outgoing, &mut self.traffic, packet);
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
            Ok(payload)
                if !matches!(payload.section, Section::Input(_)) && self.stream.receive(&payload, self.now).is_ok() =>
            {
                let messages = std::iter::from_fn(|| self.stream.next_message());
                self.incoming.extend(messages.map(Incoming::Message));
                if let Section::Snapshot(body) = payload.section {
                    self.incoming.push_back(Incoming::Frame(body.to_vec()));
                }
            }
            Ok(_) | Err(_) => self.traffic.bad_datagrams += 1,
        }
    }

    /// The next of what came.
    pub fn next_incoming(&mut self) -> Option<Incoming> {
        self.incoming.pop_front()
    }

    /// Queues a reliable message.
    pub fn send_message(&mut self, message: Vec<u8>) -> Result<(), CloseReason> {
        Ok(self.stream.queue(message)?)
    }

    /// Sends a client's tick: its frame, if it has one, and what the reliable stream has to say.
    pub fn send_tick(&mut self, frame: Option<&ClientFrame>) {
        // Before the accept and after the end there is nobody to hear it.
        if !self.is_connected() {
            return;
        }
        let mut body = BitWriter::default();
        let section = frame.map_or(Section::None, |frame| {
            frame.write(&mut body);
            Section::Input(body.bytes())
        });
        let Self { netcode, stream, now, outgoing, traffic, .. } = self;
        stream.compose(section, *now, &mut Vec::new(), |payload| {
            if let Ok((_, packet)) = netcode.generate_payload_packet(payload) {
                put(outgoing, traffic, packet);
            }
        });
    }

    /// Ends the connection; the farewells are among the outgoing datagrams.
    pub fn disconnect(&mut self) {
        if !self.is_connected() {
            return;
        }
        for _ in 0..FAREWELLS {
            if let Ok((_, packet)) = self.netcode.disconnect() {
                put(&mut self.outgoing, &mut self.traffic, packet);
            }
        }
    }

    /// The datagrams to send now.
    pub fn take_outgoing(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.outgoing)
    }
}

fn put(outgoing: &mut Vec<Vec<u8>>, traffic: &mut Traffic, datagram: &[u8]) {
    traffic.bytes_out += datagram.len() as u64;
    traffic.datagrams_out += 1;
    outgoing.push(datagram.to_vec());
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
