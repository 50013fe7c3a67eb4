//! A client of stock `renetcode` and `renet` that can also send any bytes at all.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use realmgate_protocol::wire::datagram::{self, ClientFrame, Kind};
use renet::{ChannelConfig, ConnectionConfig, RenetClient, SendType};
use renetcode::{ClientAuthentication, ConnectToken, NetcodeClient};

/// The datagram type that accepts a client, and keeps it alive later.
pub const KEEP_ALIVE: u8 = 4;

#[expect(clippy::disallowed_methods, reason = "these tests run against a real socket, in real time")]
pub fn now() -> Instant {
    Instant::now()
}

pub struct Client {
    socket: UdpSocket,
    netcode: NetcodeClient,
    renet: RenetClient,
    must_ack: bool,
    updated_at: Instant,
    /// How many datagrams that accept it this client still loses.
    pub lose_accepts: u32,
    /// Whether it sends a frame each time it is pumped, as a playing client does.
    pub plays: bool,
    /// Server frames that came.
    pub frames: usize,
    /// Messages that came.
    pub messages: Vec<Vec<u8>>,
}

impl Client {
    /// A client on a socket of its own that begins to connect.
    pub fn new(token: ConnectToken) -> Self {
        Self::on(UdpSocket::bind("127.0.0.1:0").unwrap(), token)
    }

    pub fn on(socket: UdpSocket, token: ConnectToken) -> Self {
        socket.set_nonblocking(true).unwrap();
        let channel = ChannelConfig {
            channel_id: 0,
            max_memory_usage_bytes: 1 << 20,
            send_type: SendType::ReliableOrdered { resend_time: Duration::from_millis(200) },
        };
        let mut renet = RenetClient::new(ConnectionConfig {
            available_bytes_per_tick: 60_000,
            server_channels_config: vec![channel.clone()],
            client_channels_config: vec![channel],
        });
        renet.set_connected();
        let authentication = ClientAuthentication::Secure { connect_token: token };
        Self {
            socket,
            netcode: NetcodeClient::new(Duration::ZERO, authentication).unwrap(),
            renet,
            must_ack: false,
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

    pub fn is_disconnected(&self) -> bool {
        self.netcode.is_disconnected()
    }

    /// Gives up its connection without a word, and lets somebody else have the socket.
    pub fn into_socket(self) -> UdpSocket {
        self.socket
    }

    /// Says goodbye.
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

    /// Sends a packet of the reliable layer, properly sealed.
    pub fn send_reliable_packet(&mut self, packet: &[u8]) {
        self.send_payload(&datagram::seal(Kind::Reliable, packet));
    }

    /// Queues a reliable message.
    pub fn send_message(&mut self, message: &[u8]) {
        self.renet.send_message(0, message.to_vec());
        self.must_ack = true;
    }

    /// Takes one datagram of the server, without looking at it.
    pub fn receive_raw(&self) -> Option<Vec<u8>> {
        let mut buffer = [0; 2_048];
        let bytes = self.socket.recv(&mut buffer).ok()?;
        Some(buffer[..bytes].to_vec())
    }

    /// Takes a datagram as if it had come.
    pub fn process(&mut self, datagram: &mut [u8]) {
        if self.lose_accepts > 0 && datagram[0] & 0xf == KEEP_ALIVE {
            self.lose_accepts -= 1;
            return;
        }
        let Some(payload) = self.netcode.process_packet(datagram) else { return };
        match datagram::open(payload) {
            Ok((Kind::ServerFrame, _)) => self.frames += 1,
            Ok((Kind::Reliable, packet)) => {
                self.must_ack |= packet[0] == 0;
                self.renet.process_packet(packet);
                self.messages.extend(std::iter::from_fn(|| self.renet.receive_message(0)).map(|bytes| bytes.to_vec()));
            }
            other => panic!("a server sends no {other:?}"),
        }
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
        self.renet.update(at - before);
        if !self.is_connected() {
            return;
        }
        if self.plays {
            self.send_payload(&ClientFrame::default().seal());
        }
        if std::mem::take(&mut self.must_ack) {
            for packet in self.renet.get_packets_to_send() {
                self.send_reliable_packet(&packet);
            }
        }
    }
}
