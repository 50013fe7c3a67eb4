//! A connection without a socket: datagrams go in and out, and the caller passes in the time.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::wire::datagram::ClientFrame;
use realmgate_protocol::wire::stream::QueueError;
use renetcode::{ClientAuthentication, ConnectToken, DisconnectReason, NetcodeClient};

use super::guard;
use super::payloads::{BadPayload, Incoming, Payloads};
use super::renet::Renet;

/// How many times the disconnect packet is sent, since any of them may be lost.
const FAREWELLS: usize = 3;

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The server has no room.
    #[error("the server denied the connection")]
    Denied,
    /// Nothing arrived for too long, or the connect token expired.
    #[error("timeout: the server sent nothing")]
    TimedOut,
    /// The server ended the connection.
    #[error("the server ended the connection")]
    ByServer,
    /// This client ended the connection.
    #[error("the client closed the connection")]
    ByClient,
    /// A reliable message could not be queued.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(std::io::ErrorKind),
    /// `renetcode` does not accept the token.
    #[error("invalid connect token: {0}")]
    Token(String),
}

/// The traffic of a connection: over UDP with netcode's overhead but not UDP's, over WebSocket the payloads alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Datagrams or messages received.
    pub datagrams_in: u64,
    /// Datagrams or messages sent.
    pub datagrams_out: u64,
    /// Those received and dropped: unsound ones, and payloads that are malformed or break the protocol.
    pub bad_datagrams: u64,
}

/// How payloads carry frames and reliable messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// Ours.
    #[default]
    Own,
    /// Stock renet's.
    Renet,
}

/// The payloads of a connection, by their framing.
#[derive(Debug)]
enum Framed {
    Own(Box<Payloads>),
    Renet(Box<Renet>),
}

impl Framed {
    fn receive(&mut self, payload: &[u8]) -> Result<(), BadPayload> {
        match self {
            Self::Own(payloads) => payloads.receive(payload),
            Self::Renet(renet) => renet.receive(payload),
        }
    }

    fn compose(&mut self, frame: Option<&ClientFrame>, send: impl FnMut(&[u8])) {
        match self {
            Self::Own(payloads) => payloads.compose(frame, send),
            Self::Renet(renet) => renet.compose(frame, send),
        }
    }
}

/// A netcode connection that carries our payloads.
///
/// ```
/// use std::net::UdpSocket;
/// use std::time::Duration;
///
/// use realmgate_client::transport::{Connection, Incoming};
/// use realmgate_protocol::wire::datagram::ClientFrame;
///
/// /// One client tick, with a socket that does not block and is connected to `connection.server()`.
/// fn tick(connection: &mut Connection, socket: &UdpSocket, elapsed: Duration, frame: &ClientFrame) {
///     connection.advance(elapsed);
///     let mut datagram = [0; 2_048];
///     while let Ok(length) = socket.recv(&mut datagram) {
///         connection.receive(&mut datagram[..length]);
///     }
///     while let Some(incoming) = connection.next_incoming() {
///         match incoming {
///             Incoming::Frame(body) => println!("a snapshot of {} bytes", body.len()),
///             Incoming::Message(bytes) => println!("a message of {} bytes", bytes.len()),
///         }
///     }
///     connection.send_tick(Some(frame));
///     for datagram in connection.take_outgoing() {
///         // A datagram may be lost anyway.
///         let _ = socket.send(&datagram);
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Connection {
    netcode: NetcodeClient,
    payloads: Framed,
    outgoing: Vec<Vec<u8>>,
    traffic: Traffic,
}

impl Connection {
    /// A connection that starts the netcode handshake.
    ///
    /// # Errors
    /// [`CloseReason::Token`] when `renetcode` does not accept the token.
    pub fn new(connect_token: ConnectToken, framing: Framing) -> Result<Self, CloseReason> {
        let netcode = NetcodeClient::new(Duration::ZERO, ClientAuthentication::Secure { connect_token })
            .map_err(|error| CloseReason::Token(error.to_string()))?;
        let payloads = match framing {
            Framing::Own => Framed::Own(Box::new(Payloads::new())),
            Framing::Renet => Framed::Renet(Box::new(Renet::new())),
        };
        Ok(Self { netcode, payloads, outgoing: Vec::new(), traffic: Traffic::default() })
    }

    /// The address that its datagrams go to.
    pub fn server(&self) -> SocketAddr {
        self.netcode.server_addr()
    }

    /// Whether the server has accepted.
    pub fn is_connected(&self) -> bool {
        self.netcode.is_connected()
    }

    /// Why the connection ended, once it has.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.netcode.disconnect_reason().map(close_reason)
    }

    /// The traffic so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Whether every sent message has been acknowledged.
    pub fn is_all_acknowledged(&self) -> bool {
        match &self.payloads {
            Framed::Own(payloads) => payloads.is_all_acknowledged(),
            Framed::Renet(renet) => renet.is_all_acknowledged(),
        }
    }

    /// Advances the time, which makes netcode's own packets due.
    pub fn advance(&mut self, elapsed: Duration) {
        match &mut self.payloads {
            Framed::Own(payloads) => payloads.advance(elapsed),
            Framed::Renet(renet) => renet.advance(elapsed),
        }
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
        if self.payloads.receive(payload).is_err() {
            self.traffic.bad_datagrams += 1;
        }
    }

    /// The next received frame or message.
    pub fn next_incoming(&mut self) -> Option<Incoming> {
        match &mut self.payloads {
            Framed::Own(payloads) => payloads.next_incoming(),
            Framed::Renet(renet) => renet.next_incoming(),
        }
    }

    /// Queues a reliable message.
    ///
    /// # Errors
    /// [`CloseReason::Queue`] when the message is empty or too long, or the queue is full.
    pub fn send_message(&mut self, message: Vec<u8>) -> Result<(), CloseReason> {
        match &mut self.payloads {
            Framed::Own(payloads) => payloads.queue(message)?,
            Framed::Renet(renet) => renet.queue(message)?,
        }
        Ok(())
    }

    /// Sends a client's tick: its frame, if it has one, and the due reliable messages and acknowledgements.
    pub fn send_tick(&mut self, frame: Option<&ClientFrame>) {
        // Before the accept and after the end nobody receives it.
        if !self.is_connected() {
            return;
        }
        let Self { netcode, payloads, outgoing, traffic } = self;
        payloads.compose(frame, |payload| {
            if let Ok((_, packet)) = netcode.generate_payload_packet(payload) {
                put(outgoing, traffic, packet);
            }
        });
    }

    /// Ends the connection. The disconnect packets are among the outgoing datagrams.
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
