//! A map server, its clients and the sidecar's end of the link, stepped tick by tick over any transport.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use realmgate_engine::host::{HostConfig, LinkEnds, LinkNews, MapServer, RecordInto};
use realmgate_engine::map::Map;
use realmgate_engine::transport::memory::MemoryReceived;
use realmgate_engine::transport::{ClientId, Transports};
use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::{
    AccountId, ChannelId, CharacterId, EntityId, LockEpoch, MapId, RequestId, ServerId, Tick, TicketId,
};
use realmgate_protocol::link::{BodyPlace, CharacterLoad, FromMap, LeaveReason, PrepareRefusal, SoftState, ToMap};
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::ticket::{KeyRing, SpectatorTicket, Ticket};
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section, ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{self, OwnState, SnapshotVisitor};
use realmgate_protocol::wire::{InputCommand, WireComponent};

use crate::test_game::{Score, Secret, build_world};
use crate::wire::{Link, Network, Wire};

/// What a client has been shown of one entity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shown {
    /// Its position at the tick of the newest snapshot.
    pub place: Option<Position>,
    course: Option<(Tick, Course)>,
    pub score: Option<Score>,
    pub secret: Option<Secret>,
}

impl Shown {
    /// Where it will be in the tick after [`Self::place`], as far as has been told.
    pub fn in_the_next_tick(&self) -> Option<Position> {
        let (_, course) = self.course?;
        Some(Course { position: self.place?, ..course }.after(1))
    }
}

/// A client that applies snapshots as the protocol says.
pub struct Client {
    pub link: Link,
    pub character: CharacterId,
    pub shown: BTreeMap<EntityId, Shown>,
    pub head: ServerFrameHead,
    pub messages: Vec<Vec<u8>>,
    pub disconnected: bool,
    own: Option<EntityId>,
    ack: SnapshotAck,
    commands: Vec<InputCommand>,
    number: u32,
}

impl Client {
    fn new(link: Link, character: CharacterId) -> Self {
        Self {
            link,
            character,
            shown: BTreeMap::new(),
            head: ServerFrameHead::default(),
            messages: Vec::new(),
            disconnected: false,
            own: None,
            ack: SnapshotAck::default(),
            commands: Vec::new(),
            number: 0,
        }
    }

    /// Queues a command to walk in a direction; `None` stands still.
    pub fn command(&mut self, heading: Option<Angle>) {
        self.number += 1;
        self.commands.push(InputCommand { number: self.number, heading, action: None });
    }

    /// What it is shown of its own entity; `None` before the first snapshot.
    pub fn own(&self) -> Option<&Shown> {
        self.shown.get(&self.own?)
    }

    fn send(&mut self) {
        self.commands.retain(|command| command.number > self.head.last_command);
        let frame = ClientFrame { ack: self.ack, commands: self.commands.iter().take(7).copied().collect() };
        self.link.send_frame(&frame);
    }

    fn receive(&mut self) {
        for received in self.link.recv() {
            match received {
                MemoryReceived::Frame(payload) => self.apply(&payload),
                MemoryReceived::Message(bytes) => self.messages.push(bytes),
                MemoryReceived::Disconnected => self.disconnected = true,
            }
        }
    }

    fn apply(&mut self, payload: &[u8]) {
        let Section::Snapshot(body) = datagram::open(payload).expect("a legal payload").section else {
            panic!("a payload without a snapshot")
        };
        let mut from = BitReader::new(body);
        let head = ServerFrameHead::read(&mut from, &self.head).expect("a head");
        if head.tick <= self.head.tick {
            return;
        }
        self.head = head;
        let mut apply = Apply { shown: &mut self.shown, own: self.own, state: OwnState::default(), now: head.tick };
        snapshot::read(&mut from, &mut apply).expect("a whole snapshot");
        let OwnState { position, facing } = apply.state;
        // Only one's own entity comes without a course.
        self.own = self.own.or_else(|| Some(*self.shown.iter().find(|(_, shown)| shown.course.is_none())?.0));
        if let Some(own) = self.own {
            self.shown.entry(own).or_default().course = Some((head.tick, Course::standing(position, facing)));
        }
        assert!(self.shown.values().all(|shown| shown.course.is_some()), "all others come with a course");
        for shown in self.shown.values_mut() {
            shown.place = shown.course.map(|(told_at, course)| course.after(head.tick.since(told_at)));
        }
        self.ack.note(head.tick);
    }
}

struct Apply<'a> {
    shown: &'a mut BTreeMap<EntityId, Shown>,
    own: Option<EntityId>,
    state: OwnState,
    now: Tick,
}

impl SnapshotVisitor for Apply<'_> {
    fn own(&mut self, state: OwnState) {
        self.state = state;
    }
    fn despawn(&mut self, entity: EntityId) {
        assert_ne!(Some(entity), self.own);
        self.shown.remove(&entity);
    }
    fn entity(&mut self, entity: EntityId, is_new: bool) {
        if is_new {
            self.shown.insert(entity, Shown::default());
        }
        assert!(self.shown.contains_key(&entity), "{entity:?} is changed before it was shown");
    }
    fn course(&mut self, entity: EntityId, course: Course) {
        assert_ne!(Some(entity), self.own);
        self.shown.get_mut(&entity).expect("it is shown").course = Some((self.now, course));
    }
    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        let shown = self.shown.get_mut(&entity)?;
        match id {
            1 => shown.score = Some(Score::read(from)?),
            2 => shown.secret = Some(Secret::read(from)?),
            _ => return None,
        }
        Some(())
    }
    fn remove(&mut self, entity: EntityId, id: u8) {
        let shown = self.shown.get_mut(&entity).expect("only what was shown is removed");
        match id {
            1 => shown.score = None,
            _ => shown.secret = None,
        }
    }
}

/// The whole test setup.
pub struct Stepper {
    pub server: MapServer,
    /// Those that lead to the server, one for each of its transports.
    pub networks: Vec<Network>,
    to_map: Sender<LinkNews>,
    pub said: Vec<FromMap>,
    /// Whether the sidecar answers releases.
    pub settles: bool,
    /// Health of those that it announces.
    pub health: u32,
    from_map: Receiver<FromMap>,
    keys: KeyRing,
    now_ms: u64,
    last: u64,
}

const SERVER: &str = "map-server-1";
/// Seconds that play goes on without the link.
pub const OFFLINE_PLAY_MAX_S: u32 = 10;

impl Stepper {
    /// A server with one open map, 100 tiles wide, and this many channels.
    pub fn new(wire: Wire, channels: u16) -> Self {
        Self::over(&[wire], channels)
    }

    /// The same server, on several transports at once.
    pub fn over(wires: &[Wire], channels: u16) -> Self {
        Self::on(wires, Map::sketch(MapId(1), &[".".repeat(100).as_str(); 30]).unwrap(), channels, None)
    }

    /// A server with this map.
    pub fn on(wires: &[Wire], map: Map, channels: u16, record: Option<RecordInto>) -> Self {
        let keys: KeyRing = "a secret of at least thirty-two bytes!".parse().unwrap();
        let (to_map, incoming) = channel();
        let (outgoing, from_map) = channel();
        let config = HostConfig {
            server: SERVER.parse().unwrap(),
            maps: vec![Arc::new(map)],
            channels,
            tick_hz: 30,
            tick_threads: NonZeroUsize::MIN,
            max_players: 100,
            protocol_hash: 1,
            keys: keys.clone(),
            seed: [3; 32],
            record,
            offline_play_max_s: OFFLINE_PLAY_MAX_S,
        };
        let (transports, networks) = wires.iter().map(|wire| wire.open()).unzip();
        let server =
            MapServer::new(config, build_world(), Transports::new(transports), LinkEnds { incoming, outgoing });
        Self {
            server,
            networks,
            to_map,
            said: Vec::new(),
            settles: true,
            health: 1,
            from_map,
            keys,
            now_ms: 0,
            last: 0,
        }
    }

    /// Announces a character and connects its client with a fresh ticket.
    pub fn join(&mut self, at: Position, channel: u16) -> Client {
        self.last += 1;
        let number = self.last as u8;
        self.join_as(CharacterId([number; 16]), LockEpoch(1), at, channel)
    }

    /// Like [`Self::join`], over this one of the server's networks.
    pub fn join_over(&mut self, network: usize, at: Position) -> Client {
        let character = CharacterId([self.last as u8 + 1; 16]);
        let ticket = self.announce(character, LockEpoch(1), at, 1);
        self.step(&mut []);
        self.connect_over(network, character, &ticket)
    }

    /// Like [`Self::join`], for a certain character under a certain epoch.
    pub fn join_as(&mut self, character: CharacterId, epoch: LockEpoch, at: Position, channel: u16) -> Client {
        let ticket = self.announce(character, epoch, at, channel);
        self.step(&mut []);
        self.connect(character, &ticket)
    }

    /// Asks whether the player of a character may come back to its body, in this channel. Returns the ticket that admits it;
    /// `None` where there is no such body.
    pub fn announce_return(
        &mut self,
        character: CharacterId,
        epoch: LockEpoch,
        channel: Option<u16>,
    ) -> Option<Ticket> {
        self.last += 1;
        let (request, ticket_id) = (RequestId(self.last), TicketId(1_000 + self.last));
        let account = AccountId(character.0);
        self.tell(ToMap::Return {
            request,
            ticket: ticket_id,
            expires_in_ms: 30_000,
            character,
            account,
            epoch,
            channel: channel.map(ChannelId),
            trace: String::new(),
        });
        self.step(&mut []);
        let Some(FromMap::BodyFound { request: answered, body }) = self.said("BodyFound") else { panic!("no answer") };
        assert_eq!(*answered, request);
        let BodyPlace { map, channel, .. } = (*body)?;
        let server = SERVER.parse::<ServerId>().unwrap();
        let (issued_ms, expires_ms) = (0, 30_000);
        Some(Ticket { ticket_id, account, character, epoch, map, channel, server, issued_ms, expires_ms })
    }

    /// Lets this much time pass at once, without a tick.
    pub fn pass_ms(&mut self, ms: u64) {
        self.now_ms += ms;
    }

    /// Connects with a ticket.
    pub fn connect(&mut self, character: CharacterId, ticket: &Ticket) -> Client {
        self.connect_over(0, character, ticket)
    }

    /// Like [`Self::connect`], over this one of the server's networks.
    pub fn connect_over(&mut self, network: usize, character: CharacterId, ticket: &Ticket) -> Client {
        let link = self.networks[network].connect(ticket.seal(&self.keys), ClientId(ticket.ticket_id.0));
        Client::new(link, character)
    }

    /// Announces a spectator of a channel and returns the ticket that admits it.
    pub fn announce_spectator(&mut self, channel: u16) -> SpectatorTicket {
        self.last += 1;
        let (ticket, request) = (TicketId(1_000 + self.last), RequestId(self.last));
        let (map, channel) = (MapId(1), ChannelId(channel));
        self.tell(ToMap::Watch { request, ticket, expires_in_ms: 30_000, map, channel });
        let server = SERVER.parse::<ServerId>().unwrap();
        SpectatorTicket { ticket_id: ticket, map, channel, server, issued_ms: 0, expires_ms: 30_000 }
    }

    /// Connects with a spectator's ticket.
    pub fn watch_with(&mut self, ticket: &SpectatorTicket) -> Client {
        let link = self.networks[0].connect(ticket.seal(&self.keys), ClientId(ticket.ticket_id.0));
        Client::new(link, CharacterId([0; 16]))
    }

    /// Announces a spectator of a channel and connects its client.
    pub fn watch(&mut self, channel: u16) -> Client {
        let ticket = self.announce_spectator(channel);
        self.step(&mut []);
        self.watch_with(&ticket)
    }

    /// Why the last announcement was refused; `None` if it was not.
    pub fn refusal(&self) -> Option<PrepareRefusal> {
        let Some(FromMap::Prepared { refusal, .. }) = self.said("Prepared") else { panic!("no answer") };
        *refusal
    }

    /// Announces a character and returns the ticket that admits it.
    pub fn announce(&mut self, character: CharacterId, epoch: LockEpoch, at: Position, channel: u16) -> Ticket {
        self.last += 1;
        let account = AccountId(character.0);
        let ticket = Ticket {
            ticket_id: TicketId(1_000 + self.last),
            account,
            character,
            epoch,
            map: MapId(1),
            channel: ChannelId(channel),
            server: SERVER.parse::<ServerId>().unwrap(),
            issued_ms: 0,
            expires_ms: 30_000,
        };
        let soft = SoftState {
            map: MapId(1),
            x: at.x,
            y: at.y,
            health: self.health,
            resource: 0,
            cooldowns: Vec::new(),
            ..SoftState::default()
        };
        let load = CharacterLoad {
            soft: Some(soft),
            ..CharacterLoad::fresh(character, account, &format!("player {}", self.last), "test")
        };
        let prepare = ToMap::Prepare {
            request: RequestId(self.last),
            ticket: ticket.ticket_id,
            expires_in_ms: 30_000,
            map: MapId(1),
            channel: ChannelId(channel),
            epoch,
            load,
            trace: String::new(),
        };
        self.tell(prepare);
        ticket
    }

    /// Sends a message from the sidecar to the server.
    pub fn tell(&self, message: ToMap) {
        self.news(message.into());
    }

    /// Sends news of the link to the server.
    pub fn news(&self, news: LinkNews) {
        self.to_map.send(news).unwrap();
    }

    /// Runs one tick: clients send, the server steps, clients receive.
    pub fn step(&mut self, clients: &mut [&mut Client]) {
        clients.iter_mut().for_each(|client| client.send());
        clients.iter_mut().for_each(|client| client.link.wait_until_sent());
        self.now_ms += 33;
        self.server.step(self.now_ms);
        clients.iter_mut().for_each(|client| client.receive());
        let said: Vec<FromMap> = self.from_map.try_iter().collect();
        if self.settles {
            for message in &said {
                if let FromMap::Released { save, .. } = message {
                    let settled = ToMap::Settled { character: save.character, epoch: save.epoch };
                    self.tell(settled);
                }
            }
        }
        self.said.extend(said);
    }

    /// Runs several ticks.
    pub fn steps(&mut self, count: usize, clients: &mut [&mut Client]) {
        (0..count).for_each(|_| self.step(clients));
    }

    /// Who was released, and why, in the order of the characters.
    pub fn released(&self) -> Vec<(CharacterId, LeaveReason)> {
        let released = |said: &FromMap| match said {
            FromMap::Released { save, reason } => Some((save.character, *reason)),
            _ => None,
        };
        let mut all: Vec<_> = self.said.iter().filter_map(released).collect();
        all.sort_by_key(|(character, _)| *character);
        all
    }

    /// The last message of this name that the server has sent to the sidecar.
    pub fn said(&self, name: &str) -> Option<&FromMap> {
        self.said.iter().rev().find(|message| message.name() == name)
    }
}
