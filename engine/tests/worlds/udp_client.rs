//! A client on a loopback socket, of stock `renetcode` and `renet`, that knows when it has all the host has sent.

use std::collections::VecDeque;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use realmgate_engine::transport::SessionId;
use realmgate_engine::transport::memory::MemoryReceived;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Kind};
use renet::{ChannelConfig, ConnectionConfig, RenetClient, SendType};
use renetcode::{ClientAuthentication, ConnectToken, NetcodeClient};

use crate::gate::Gate;

/// Longer than anything here takes, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long one look at the socket waits for a datagram.
const LOOK: Duration = Duration::from_millis(1);
const CHANNEL: u8 = 0;
const MEMORY_BYTES: usize = 256 * 1_024;
/// Bytes handed to renet at once: what it makes one packet of must fit a datagram.
const GROUP_BYTES: usize = 1_000;

#[expect(clippy::disallowed_methods, reason = "a real socket is waited for in real time")]
fn now() -> Instant {
    Instant::now()
}

/// The client.
pub struct UdpClient {
    session: SessionId,
    socket: UdpSocket,
    netcode: NetcodeClient,
    renet: RenetClient,
    gate: Gate,
    waiting: VecDeque<Vec<u8>>,
    must_acknowledge: bool,
    updated_at: Instant,
    frames_out: usize,
    messages_out: usize,
    messages_in: usize,
    newest_frame: Option<Vec<u8>>,
    received: Vec<MemoryReceived>,
}

impl UdpClient {
    /// Connects, and returns when the host's next poll will find it so.
    pub fn connect(token: ConnectToken, session: SessionId, gate: Gate) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(LOOK)).unwrap();
        let channel = || ChannelConfig {
            channel_id: CHANNEL,
            max_memory_usage_bytes: MEMORY_BYTES,
            send_type: SendType::ReliableOrdered { resend_time: Duration::from_millis(200) },
        };
        let mut renet = RenetClient::new(ConnectionConfig {
            available_bytes_per_tick: 60_000,
            server_channels_config: vec![channel()],
            client_channels_config: vec![channel()],
        });
        renet.set_connected();
        let authentication = ClientAuthentication::Secure { connect_token: token };
        let mut client = Self {
            session,
            socket,
            netcode: NetcodeClient::new(Duration::ZERO, authentication).unwrap(),
            renet,
            gate,
            waiting: VecDeque::new(),
            must_acknowledge: false,
            updated_at: now(),
            frames_out: 0,
            messages_out: 0,
            messages_in: 0,
            newest_frame: None,
            received: Vec::new(),
        };
        client.pump_until("accepted", |client| client.netcode.is_connected());
        // Only who has been heard is shown anything.
        client.send_frame(&ClientFrame::default().seal());
        client.wait_until_sent();
        client
    }

    /// Whether neither side has ended the session.
    pub fn is_connected(&self) -> bool {
        self.netcode.is_connected()
    }

    /// Sends a whole client frame.
    pub fn send_frame(&mut self, payload: &[u8]) {
        if self.is_connected() {
            self.frames_out += 1;
            self.send_payload(payload);
        }
    }

    /// Sends a reliable message.
    pub fn send_message(&mut self, bytes: Vec<u8>) {
        if self.is_connected() {
            self.messages_out += 1;
            self.waiting.push_back(bytes);
            self.drive_stream();
        }
    }

    /// Waits until the host's next poll will find all that was sent.
    pub fn wait_until_sent(&mut self) {
        self.gate.hurry();
        self.pump_until("sent", |client| {
            client.gate.collect();
            let tally = client.gate.tally(client.session).unwrap_or_default();
            let all = (tally.frames_in, tally.messages_in) == (client.frames_out, client.messages_out);
            all || !client.is_connected()
        });
    }

    /// Says farewell, and waits until the host's next poll will find it gone.
    pub fn disconnect(&mut self) {
        let (server, datagram) = self.netcode.disconnect().unwrap();
        self.socket.send_to(datagram, server).unwrap();
        self.gate.hurry();
        self.pump_until("gone", |client| {
            client.gate.collect();
            client.gate.tally(client.session).unwrap_or_default().gone
        });
    }

    /// What came since the last call, and all that the host has sent until now.
    pub fn recv(&mut self) -> Vec<MemoryReceived> {
        self.pump_until("received", |client| {
            let tally = client.gate.tally(client.session).unwrap_or_default();
            let all = tally.messages_out == client.messages_in && tally.newest_frame == client.newest_frame;
            !client.is_connected() || all && !tally.ended
        });
        std::mem::take(&mut self.received)
    }

    fn pump_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let started = now();
        while !is_so(self) {
            assert!(now() - started < DEADLINE, "not in time: {what}");
            self.pump();
        }
    }

    /// Waits a moment for a datagram, and says what is due.
    fn pump(&mut self) {
        let mut buffer = [0; 2_048];
        if let Ok(length) = self.socket.recv(&mut buffer) {
            self.take(&mut buffer[..length]);
        }
        let (at, before) = (now(), self.updated_at);
        self.updated_at = at;
        self.renet.update(at - before);
        if let Some((datagram, server)) = self.netcode.update(at - before) {
            self.socket.send_to(datagram, server).unwrap();
        }
        self.drive_stream();
    }

    fn take(&mut self, datagram: &mut [u8]) {
        let Some(payload) = self.netcode.process_packet(datagram) else {
            if self.netcode.is_disconnected() {
                self.received.push(MemoryReceived::Disconnected);
            }
            return;
        };
        match datagram::open(payload).expect("a legal payload") {
            (Kind::ServerFrame, _) => {
                self.newest_frame = Some(payload.to_vec());
                self.received.push(MemoryReceived::Frame(payload.to_vec()));
            }
            (Kind::Reliable, packet) => {
                self.must_acknowledge |= packet[0] == 0;
                self.renet.process_packet(packet);
                while let Some(message) = self.renet.receive_message(CHANNEL) {
                    self.messages_in += 1;
                    self.received.push(MemoryReceived::Message(message.to_vec()));
                }
            }
            (Kind::ClientFrame, _) => panic!("a server sends no client frames"),
        }
    }

    /// Hands renet the next group of messages when the one before has arrived, and sends what renet has to say.
    fn drive_stream(&mut self) {
        if !self.is_connected() {
            return;
        }
        let is_idle = self.renet.channel_available_memory(CHANNEL) == MEMORY_BYTES;
        let mut group = 0;
        while is_idle && let Some(next) = self.waiting.pop_front_if(|next| group + next.len() < GROUP_BYTES) {
            // renet puts at most 10 bytes before each.
            group += next.len() + 10;
            self.renet.send_message(CHANNEL, next);
        }
        if group == 0 && !std::mem::take(&mut self.must_acknowledge) {
            return;
        }
        for packet in self.renet.get_packets_to_send() {
            self.send_payload(&datagram::seal(Kind::Reliable, &packet));
        }
    }

    fn send_payload(&mut self, payload: &[u8]) {
        let (server, datagram) = self.netcode.generate_payload_packet(payload).unwrap();
        self.socket.send_to(datagram, server).unwrap();
    }
}
