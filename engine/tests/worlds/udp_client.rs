//! A stock `renetcode` client on a loopback socket that knows when it has received everything the host has sent.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use realmgate_engine::transport::ClientId;
use realmgate_engine::transport::memory::MemoryReceived;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::Stream;
use renetcode::{ClientAuthentication, ConnectToken, NetcodeClient};

use crate::gate::Gate;

/// Longer than anything here takes, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long one look at the socket waits for a datagram.
const LOOK: Duration = Duration::from_millis(1);

#[expect(clippy::disallowed_methods, reason = "a real socket is waited for in real time")]
fn now() -> Instant {
    Instant::now()
}

/// The client.
pub struct UdpClient {
    id: ClientId,
    socket: UdpSocket,
    netcode: NetcodeClient,
    stream: Stream,
    gate: Gate,
    started_at: Instant,
    updated_at: Instant,
    frames_out: usize,
    messages_out: usize,
    messages_in: usize,
    newest_frame: Option<Vec<u8>>,
    received: Vec<MemoryReceived>,
}

impl UdpClient {
    /// Connects, and returns when the host's next poll will find it so.
    pub fn connect(token: ConnectToken, id: ClientId, gate: Gate) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(LOOK)).unwrap();
        let authentication = ClientAuthentication::Secure { connect_token: token };
        let mut client = Self {
            id,
            socket,
            netcode: NetcodeClient::new(Duration::ZERO, authentication).unwrap(),
            stream: Stream::new(Duration::ZERO),
            gate,
            started_at: now(),
            updated_at: now(),
            frames_out: 0,
            messages_out: 0,
            messages_in: 0,
            newest_frame: None,
            received: Vec::new(),
        };
        client.pump_until("accepted", |client| client.netcode.is_connected());
        // The host sends snapshots only to a client that it has heard.
        client.send_frame(&ClientFrame::default());
        client.wait_until_sent();
        client
    }

    /// Whether neither side has ended the session.
    pub fn is_connected(&self) -> bool {
        self.netcode.is_connected()
    }

    /// Sends a client frame.
    pub fn send_frame(&mut self, frame: &ClientFrame) {
        if self.is_connected() {
            self.frames_out += 1;
            let mut body = BitWriter::default();
            frame.write(&mut body);
            self.send(Section::Input(body.bytes()));
        }
    }

    /// Sends a reliable message.
    pub fn send_message(&mut self, bytes: Vec<u8>) {
        if self.is_connected() {
            self.messages_out += 1;
            self.stream.queue(bytes).unwrap();
            self.send(Section::None);
        }
    }

    /// Waits until the host's next poll will find all that was sent.
    pub fn wait_until_sent(&mut self) {
        self.gate.hurry();
        self.pump_until("sent", |client| {
            client.gate.collect();
            let tally = client.gate.tally(client.id).unwrap_or_default();
            let all = (tally.frames_in, tally.messages_in) == (client.frames_out, client.messages_out);
            all || !client.is_connected()
        });
    }

    /// Disconnects, and waits until the host's next poll will find it gone.
    pub fn disconnect(&mut self) {
        let (server, datagram) = self.netcode.disconnect().unwrap();
        self.socket.send_to(datagram, server).unwrap();
        self.gate.hurry();
        self.pump_until("gone", |client| {
            client.gate.collect();
            client.gate.tally(client.id).unwrap_or_default().gone
        });
    }

    /// Everything received since the last call, including all that the host has sent until now.
    pub fn recv(&mut self) -> Vec<MemoryReceived> {
        self.pump_until("received", |client| {
            let tally = client.gate.tally(client.id).unwrap_or_default();
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

    /// Waits a moment for a datagram, and sends what is due.
    fn pump(&mut self) {
        let mut buffer = [0; 2_048];
        if let Ok(length) = self.socket.recv(&mut buffer) {
            self.take(&mut buffer[..length]);
        }
        let (at, before) = (now(), self.updated_at);
        self.updated_at = at;
        if let Some((datagram, server)) = self.netcode.update(at - before) {
            self.socket.send_to(datagram, server).unwrap();
        }
        if self.is_connected() {
            self.send(Section::None);
        }
    }

    fn take(&mut self, datagram: &mut [u8]) {
        let Some(payload) = self.netcode.process_packet(datagram) else {
            if self.netcode.is_disconnected() {
                self.received.push(MemoryReceived::Disconnected);
            }
            return;
        };
        let payload = datagram::open(payload).expect("a legal payload");
        self.stream.receive(&payload, self.updated_at - self.started_at).expect("what an honest server says");
        for message in std::iter::from_fn(|| self.stream.next_message()) {
            self.messages_in += 1;
            self.received.push(MemoryReceived::Message(message));
        }
        match payload.section {
            Section::None => {}
            Section::Snapshot(body) => {
                self.newest_frame = Some(body.to_vec());
                self.received.push(MemoryReceived::Frame(datagram::seal(payload.section)));
            }
            Section::Input(_) => panic!("a server sends no input"),
        }
    }

    /// Sends a section, and what the stream has to send.
    fn send(&mut self, section: Section<'_>) {
        let Self { stream, netcode, socket, .. } = self;
        stream.compose(section, now() - self.started_at, &mut Vec::new(), |payload| {
            let (server, datagram) = netcode.generate_payload_packet(payload).unwrap();
            socket.send_to(datagram, server).unwrap();
        });
    }
}
