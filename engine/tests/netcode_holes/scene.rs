//! A host with a bound transport, and a client that behaves: whatever is tried against the host, that client is served.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use realmgate_engine::admission::{Admission, Admitted, Expected, Hosting, TicketRefusal};
use realmgate_engine::outbox::FrameBatch;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
use realmgate_engine::transport::{ClientId, Transport, TransportEvent};
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, ServerId, TicketId};
use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::link::CharacterLoad;
use realmgate_protocol::ticket::{KeyRing, Ticket};
use realmgate_protocol::wire::datagram::ServerFrameHead;
use renetcode::{ConnectToken, DisconnectReason};

use super::client::{Client, now};

/// Longer than anything here takes, even on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(20);
const WITNESS: u8 = 200;

pub fn keys() -> KeyRing {
    "a secret of at least thirty-two bytes!".parse().unwrap()
}

pub fn server() -> ServerId {
    "map-server-1".parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "connect tokens are dated by Unix time")]
pub fn unix_now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap()
}

/// The parts of a connect token.
pub struct Token {
    pub client_id: u64,
    pub user_data: [u8; 256],
    pub server: SocketAddr,
    pub protocol_id: u64,
    pub key: [u8; 32],
    pub issued: Duration,
    pub timeout_s: i32,
}

impl Token {
    pub fn seal(&self) -> ConnectToken {
        let servers = vec![self.server];
        let (data, key) = (Some(&self.user_data), &self.key);
        ConnectToken::generate(self.issued, self.protocol_id, 30, self.client_id, self.timeout_s, servers, data, key)
            .unwrap()
    }
}

pub struct Host {
    pub transport: UdpTransport,
    pub admission: Admission,
    pub players: BTreeMap<ClientId, Admitted>,
    pub refused: Vec<TicketRefusal>,
    pub connected: Vec<ClientId>,
    pub disconnected: Vec<ClientId>,
    pub messages: Vec<Vec<u8>>,
    /// Number of frames of each client.
    pub frames: BTreeMap<ClientId, u64>,
    started: Instant,
    next_ticket: u64,
}

impl Host {
    pub fn now_ms(&self) -> u64 {
        (now() - self.started).as_millis() as u64
    }

    /// A ticket that was not announced yet.
    pub fn ticket(&mut self, character: u8) -> Ticket {
        self.next_ticket += 1;
        Ticket {
            ticket_id: TicketId(self.next_ticket),
            account: AccountId([character; 16]),
            character: CharacterId([character; 16]),
            epoch: LockEpoch(self.next_ticket),
            map: MapId(1),
            channel: ChannelId(1),
            server: server(),
            issued_ms: 0,
            expires_ms: 30_000,
        }
    }

    pub fn announce(&mut self, ticket: &Ticket, for_ms: u64) {
        let load = CharacterLoad::fresh(ticket.character, ticket.account, "somebody", "warrior");
        let deadline_ms = self.now_ms() + for_ms;
        let (map, channel, epoch) = (ticket.map, ticket.channel, ticket.epoch);
        self.admission
            .expect(Expected { ticket: ticket.ticket_id, deadline_ms, map, channel, epoch, load, trace: String::new() })
            .unwrap();
    }

    /// The connect token that carries a ticket.
    pub fn token(&self, ticket: &Ticket) -> Token {
        let mut user_data = [0; 256];
        let sealed = ticket.seal(&keys());
        user_data[..sealed.len()].copy_from_slice(&sealed);
        Token {
            client_id: ticket.ticket_id.0,
            user_data,
            server: self.transport.local_address(),
            protocol_id: NETCODE_PROTOCOL_ID,
            key: keys().netcode_key(),
            issued: unix_now(),
            timeout_s: 5,
        }
    }

    /// A token of an announced ticket.
    pub fn invite(&mut self, character: u8) -> ConnectToken {
        let ticket = self.ticket(character);
        self.announce(&ticket, 30_000);
        self.token(&ticket).seal()
    }

    pub fn refusals(&self, reason: PacketRefusal) -> u64 {
        self.transport.refused(reason)
    }

    fn all_refusals(&self) -> Vec<(PacketRefusal, u64)> {
        PacketRefusal::ALL
            .iter()
            .map(|reason| (*reason, self.refusals(*reason)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Runs one tick: admits, echoes messages, sends every player a snapshot.
    pub fn pump(&mut self) {
        let mut events = Vec::new();
        self.transport.poll(&mut events);
        for event in events {
            self.handle(event);
        }
        let mut frame = BitWriter::default();
        ServerFrameHead::default().write(&mut frame);
        let frame = frame.into_bytes();
        let mut frames = FrameBatch::default();
        for client in self.players.keys() {
            frames.write(client.0.into(), |out| out.extend_from_slice(&frame));
        }
        self.transport.send_frames(frames);
        self.transport.flush();
    }

    fn handle(&mut self, event: TransportEvent) {
        match event {
            TransportEvent::Connected { client, ticket } => {
                self.connected.push(client);
                match self.admission.admit(client.0.into(), &ticket, self.now_ms(), &keys(), &server()) {
                    Ok(admitted) => {
                        self.players.insert(client, admitted);
                    }
                    Err(refusal) => {
                        self.refused.push(refusal);
                        self.transport.disconnect(client);
                    }
                }
            }
            TransportEvent::Frame { client, .. } => *self.frames.entry(client).or_default() += 1,
            TransportEvent::Message { client, bytes } => {
                self.transport.send_message(client, bytes.clone());
                self.messages.push(bytes);
            }
            TransportEvent::Disconnected { client } => {
                self.disconnected.push(client);
                if let Some(player) = self.players.remove(&client) {
                    self.admission.left(player.character);
                }
            }
        }
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
    pub fn with(change: impl FnOnce(&mut UdpSettings)) -> Self {
        let mut settings = UdpSettings::new("127.0.0.1:0".parse().unwrap(), keys().netcode_key());
        change(&mut settings);
        let mut host = Host {
            transport: UdpTransport::bind(settings).unwrap(),
            admission: Admission::new(Hosting { maps: vec![MapId(1)], channels: 2, capacity: 100 }),
            players: BTreeMap::new(),
            refused: Vec::new(),
            connected: Vec::new(),
            disconnected: Vec::new(),
            messages: Vec::new(),
            frames: BTreeMap::new(),
            started: now(),
            next_ticket: 0,
        };
        let witness = Client::new(host.invite(WITNESS));
        let mut scene = Self { host, witness };
        scene.until("the witness plays", &mut [], |scene, _| scene.witness.frames > 0);
        scene
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

    /// Pumps until at least `count` refusals for this reason.
    pub fn until_refused(&mut self, reason: PacketRefusal, count: u64) {
        let what = format!("{count} refused as {}", reason.name());
        self.until(&what, &mut [], |scene, _| scene.host.refusals(reason) >= count);
        assert_eq!(self.host.refusals(reason), count, "{what}, not more");
    }

    /// A further client that plays.
    pub fn join(&mut self, character: u8) -> Client {
        let mut client = Client::new(self.host.invite(character));
        self.until("the client plays", &mut [&mut client], |_, clients| clients[0].frames > 0);
        client
    }

    /// The newest session of the host: that of the client that has joined last.
    pub fn newest_session(&self) -> ClientId {
        *self.host.players.keys().max().expect("somebody plays")
    }

    /// Pumps until a client's connection is over, and asserts why.
    pub fn until_ended(&mut self, client: &mut Client, reason: DisconnectReason) {
        self.until("the client's connection is over", &mut [&mut *client], |_, clients| clients[0].end().is_some());
        assert_eq!(client.end(), Some(reason));
    }

    /// A client gets an answer to a message: it plays on.
    pub fn assert_plays(&mut self, client: &mut Client) {
        let text = format!("here I am, {}", client.frames).into_bytes();
        client.send_message(&text);
        self.until("the client gets an echo", &mut [&mut *client], |_, clients| clients[0].messages.contains(&text));
        assert!(client.is_connected());
    }

    /// The messages that have reached the host, but for those of the witness.
    pub fn messages_of_others(&self) -> Vec<&[u8]> {
        let all = self.host.messages.iter().map(Vec::as_slice);
        all.filter(|message| !message.starts_with(b"still there?")).collect()
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
