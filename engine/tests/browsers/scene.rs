//! A host with a bound transport, and a client that behaves: whatever is tried against the host, that client is served.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use realmgate_engine::outbox::FrameBatch;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Transport, TransportEvent};
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, TicketId};
use realmgate_protocol::ticket::Ticket;
use realmgate_protocol::wire::datagram::ServerFrameHead;

use super::client::{Client, Settings, Wire, settings};

#[expect(clippy::disallowed_methods, reason = "these tests run against a real socket, in real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Longer than anything here takes, even on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);
const WITNESS: u64 = 200;

/// A ticket with this id. Whether it admits is for admission to say, which is not here.
pub fn ticket(id: u64) -> Vec<u8> {
    let ticket = Ticket {
        ticket_id: TicketId(id),
        account: AccountId([1; 16]),
        character: CharacterId([1; 16]),
        epoch: LockEpoch(1),
        map: MapId(1),
        channel: ChannelId(1),
        server: "map-server-1".parse().unwrap(),
        issued_ms: 0,
        expires_ms: 30_000,
    };
    ticket.seal(&"a secret of at least thirty-two bytes!".parse().unwrap())
}

pub struct Host {
    pub transport: Wire,
    pub players: Vec<ClientId>,
    pub connected: Vec<(ClientId, Vec<u8>)>,
    pub disconnected: Vec<ClientId>,
    pub messages: Vec<Vec<u8>>,
    /// Number of input frames of each client.
    pub frames: BTreeMap<ClientId, u64>,
    pub ticks: u64,
    /// How long its snapshots are.
    pub frame_bytes: usize,
}

impl Host {
    pub fn refusals(&self, reason: PacketRefusal) -> u64 {
        self.transport.refused(reason)
    }

    fn all_refusals(&self) -> Vec<(&'static str, u64)> {
        let all = PacketRefusal::ALL.iter().map(|reason| (reason.name(), self.refusals(*reason)));
        all.filter(|(_, count)| *count > 0).collect()
    }

    /// Runs one tick: echoes messages, sends every player a snapshot.
    pub fn pump(&mut self) {
        let mut events = Vec::new();
        self.transport.poll(&mut events);
        for event in events {
            match event {
                TransportEvent::Connected { client, ticket } => {
                    self.players.push(client);
                    self.connected.push((client, ticket));
                }
                TransportEvent::Frame { client, .. } => *self.frames.entry(client).or_default() += 1,
                TransportEvent::Message { client, bytes } => {
                    self.transport.send_message(client, bytes.clone());
                    self.messages.push(bytes);
                }
                TransportEvent::Disconnected { client } => {
                    self.players.retain(|player| *player != client);
                    self.disconnected.push(client);
                }
            }
        }
        self.ticks += 1;
        let mut frame = BitWriter::default();
        ServerFrameHead::default().write(&mut frame);
        let mut frame = frame.into_bytes();
        frame.extend(self.ticks.to_le_bytes());
        frame.resize(self.frame_bytes, 0);
        let mut frames = FrameBatch::default();
        for client in &self.players {
            frames.write(client.0.into(), |out| out.extend_from_slice(&frame));
        }
        self.transport.send_frames(frames);
        self.transport.flush();
    }
}

/// The host, and the witness that behaves.
pub struct Scene {
    pub host: Host,
    pub witness: Client,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// A scene whose transport has other settings than usual.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings("127.0.0.1:0".parse().unwrap());
        change(&mut settings);
        let transport = Wire::bind(settings).unwrap();
        let witness = Client::new(transport.local_address(), &ticket(WITNESS));
        let host = Host {
            transport,
            players: Vec::new(),
            connected: Vec::new(),
            disconnected: Vec::new(),
            messages: Vec::new(),
            frames: BTreeMap::new(),
            ticks: 0,
            frame_bytes: 1_000,
        };
        let mut scene = Self { host, witness };
        scene.until("the witness plays", &mut [], |scene, _| scene.witness.frames > 0);
        scene
    }

    pub fn address(&self) -> SocketAddr {
        self.host.transport.local_address()
    }

    /// Pumps host, witness and these clients until the condition holds; fails after a deadline.
    pub fn until(
        &mut self,
        what: &str,
        clients: &mut [&mut Client],
        mut is_so: impl FnMut(&mut Self, &mut [&mut Client]) -> bool,
    ) {
        let started = now();
        while !is_so(self, clients) {
            assert!(now() - started < DEADLINE, "never: {what}; refused: {:?}", self.host.all_refusals());
            self.host.pump();
            self.witness.pump();
            clients.iter_mut().for_each(|client| client.pump());
            // About a tick; the wait itself is for the condition above.
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Pumps until so many refusals for this reason.
    pub fn until_refused(&mut self, reason: PacketRefusal, count: u64) {
        let what = format!("{count} refused as {}", reason.name());
        self.until(&what, &mut [], |scene, _| scene.host.refusals(reason) >= count);
        assert_eq!(self.host.refusals(reason), count, "{what}, not more");
    }

    /// A further client that plays.
    pub fn join(&mut self, id: u64) -> Client {
        let mut client = Client::new(self.address(), &ticket(id));
        self.until("the client plays", &mut [&mut client], |_, clients| clients[0].frames > 0);
        client
    }

    /// Pumps until the server has closed a client, and asserts with which code.
    pub fn until_closed(&mut self, client: &mut Client, code: u16) {
        self.until("the client is closed", &mut [&mut *client], |_, clients| clients[0].closed.is_some());
        assert_eq!(client.closed, Some(code));
    }

    /// A client gets an answer to a message: it plays on.
    pub fn assert_plays(&mut self, client: &mut Client) {
        let text = format!("here I am, {}", client.frames).into_bytes();
        client.send_message(&text);
        self.until("the client gets an echo", &mut [&mut *client], |_, clients| clients[0].messages.contains(&text));
        assert_eq!(client.closed, None);
    }

    /// The server is up, and the witness exchanges frames and messages with it.
    pub fn assert_serves(&mut self) {
        assert!(self.host.transport.is_running(), "the network thread died");
        let (frames, text) = (self.witness.frames, format!("still there? {}", self.witness.frames).into_bytes());
        self.witness.send_message(&text);
        self.until("the witness gets frames and an echo", &mut [], |scene, _| {
            scene.witness.frames > frames && scene.witness.messages.contains(&text)
        });
    }
}
