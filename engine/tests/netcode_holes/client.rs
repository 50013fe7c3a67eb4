//! A client of stock `renetcode` that can also send any bytes at all.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::Stream;
use renetcode::{ClientAuthentication, ConnectToken, DisconnectReason, NetcodeClient};

/// The datagram type that accepts a client, and keeps it alive later.
pub const KEEP_ALIVE: u8 = 4;

#[expect(clippy::disallowed_methods, reason = "these tests run against a real socket, in real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// A single connection request, which may be sent in another client's name.
pub struct UdpRequest {
    datagram: Vec<u8>,
    server: SocketAddr,
}

impl UdpRequest {
    pub fn of(socket: &UdpSocket, token: ConnectToken) -> Self {
        while socket.recv(&mut [0; 2_048]).is_ok() {}
        let authentication = ClientAuthentication::Secure { connect_token: token };
        let mut netcode = NetcodeClient::new(Duration::ZERO, authentication).unwrap();
        let (datagram, server) = netcode.update(Duration::ZERO).unwrap();
        Self { datagram: datagram.to_vec(), server }
    }

    pub fn send(&self, socket: &UdpSocket) {
        socket.send_to(&self.datagram, self.server).unwrap();
    }

    /// Whether a challenge came; anything else is ignored.
    pub fn is_answered(&self, socket: &UdpSocket) -> bool {
        let mut buffer = [0; 2_048];
        socket.recv(&mut buffer).is_ok() && buffer[0] & 0xf == 2
    }
}

pub struct Client {
    socket: UdpSocket,
    netcode: NetcodeClient,
    stream: Stream,
    started_at: Instant,
    updated_at: Instant,
    /// How many keep-alives, the first of which accepts it, this client still loses.
    pub lose_accepts: u32,
    /// Whether it sends a frame each time it is pumped, as a playing client does.
    pub plays: bool,
    /// Number of server frames received.
    pub frames: usize,
    /// The messages received.
    pub messages: Vec<Vec<u8>>,
}

impl Client {
    /// A client on a socket of its own that begins to connect.
    pub fn new(token: ConnectToken) -> Self {
        Self::on(UdpSocket::bind("127.0.0.1:0").unwrap(), token)
    }

    pub fn on(socket: UdpSocket, token: ConnectToken) -> Self {
        socket.set_nonblocking(true).unwrap();
        let authentication = ClientAuthentication::Secure { connect_token: token };
        Self {
            socket,
            netcode: NetcodeClient::new(Duration::ZERO, authentication).unwrap(),
            stream: Stream::new(Duration::ZERO),
            started_at: now(),
            updated_at: now(),
            lose_accepts: 0,
            plays: true,
            frames: 0,
            messages: Vec::new(),
        }
    }

    pub fn is_connected(&self) -> bool {
        self.netcode.is_connected()
    }

    /// Why its connection is over; `None` while it is not. A server that says nothing makes it time out.
    pub fn end(&self) -> Option<DisconnectReason> {
        self.netcode.disconnect_reason()
    }

    /// Drops the connection without a disconnect packet, and gives the socket away.
    pub fn into_socket(self) -> UdpSocket {
        self.socket
    }

    /// Sends a disconnect packet.
    pub fn disconnect(&mut self) {
        if let Ok((server, datagram)) = self.netcode.disconnect() {
            self.socket.send_to(datagram, server).unwrap();
        }
    }

    /// Sends a datagram as it is.
    pub fn send_raw(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.netcode.server_addr()).unwrap();
    }

    /// Sends a payload, properly sealed.
    pub fn send_payload(&mut self, payload: &[u8]) {
        let (server, datagram) = self.netcode.generate_payload_packet(payload).unwrap();
        self.socket.send_to(datagram, server).unwrap();
    }

    /// Queues a reliable message.
    pub fn send_message(&mut self, message: &[u8]) {
        self.stream.queue(message.to_vec()).unwrap();
    }

    /// Receives one datagram of the server, without processing it.
    pub fn receive_raw(&self) -> Option<Vec<u8>> {
        let mut buffer = [0; 2_048];
        let bytes = self.socket.recv(&mut buffer).ok()?;
        Some(buffer[..bytes].to_vec())
    }

    /// Processes a datagram as if it had been received.
    pub fn process(&mut self, datagram: &mut [u8]) {
        if self.lose_accepts > 0 && datagram[0] & 0xf == KEEP_ALIVE {
            self.lose_accepts -= 1;
            return;
        }
        let Some(payload) = self.netcode.process_packet(datagram) else { return };
        let payload = datagram::open(payload).unwrap();
        self.stream.receive(&payload, self.updated_at - self.started_at).unwrap();
        self.messages.extend(std::iter::from_fn(|| self.stream.next_message()));
        self.frames += usize::from(matches!(payload.section, Section::Snapshot(_)));
    }

    /// Lets real time pass for it: receives, answers, plays.
    pub fn pump(&mut self) {
        while let Some(mut datagram) = self.receive_raw() {
            self.process(&mut datagram);
        }
        let (at, before) = (now(), self.updated_at);
        self.updated_at = at;
        if let Some((datagram, server)) = self.netcode.update(at - before) {
            self.socket.send_to(datagram, server).unwrap();
        }
        if !self.is_connected() {
            return;
        }
        let mut body = BitWriter::default();
        ClientFrame::default().write(&mut body);
        let section = if self.plays { Section::Input(body.bytes()) } else { Section::None };
        let Self { stream, netcode, socket, .. } = self;
        stream.compose(section, at - self.started_at, &mut Vec::new(), |payload| {
            let (server, datagram) = netcode.generate_payload_packet(payload).unwrap();
            socket.send_to(datagram, server).unwrap();
        });
    }
}
