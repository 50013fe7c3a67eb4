//! What one player makes of what it is told: all of it, or just enough to walk.

use std::collections::VecDeque;

use realmgate_client::session::{Intent, Session};
use realmgate_protocol::bits::BitReader;
use realmgate_protocol::codec::decode_reliable;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::limits::MAX_COMMANDS_PER_FRAME;
use realmgate_protocol::movement::{Course, Position};
use realmgate_protocol::realm::{ComponentValue, ServerMessage};
use realmgate_protocol::wire::InputCommand;
use realmgate_protocol::wire::datagram::{ClientFrame, ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{self, OwnState, SnapshotVisitor};

/// Commands kept for repeating; a server that is further behind has lost us.
const MAX_PENDING: usize = 64;

/// A light mind reads through one snapshot of so many.
const READ_THROUGH_EVERY: u32 = 8;

/// What a frame told.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The tick whose end it shows.
    pub tick: Tick,
    /// The last input command that was applied.
    pub last_command: u32,
    /// Commands that wait at the server.
    pub buffered: u8,
    /// Where the player is; `None` where the frame and those before it do not say.
    pub own: Option<Position>,
}

/// A player's view of the world.
pub enum Mind {
    /// The client library's session: everything is decoded, kept and predicted from.
    Deep(Box<Session>),
    /// Reads through each snapshot, and keeps only what is its own.
    Light(Light),
}

impl Mind {
    /// A mind of either kind.
    pub fn new(deep: bool) -> Self {
        if deep { Self::Deep(Box::new(Session::new(Default::default(), None))) } else { Self::Light(Light::default()) }
    }

    /// The own entity, once it is known.
    pub fn own(&self) -> Option<EntityId> {
        match self {
            Self::Deep(session) => session.welcome().map(|welcome| welcome.entity),
            Self::Light(light) => light.own,
        }
    }

    /// How many abilities it has.
    pub fn slots(&self) -> usize {
        match self {
            Self::Deep(session) => session.welcome().map_or(0, |welcome| welcome.slots.len()),
            Self::Light(light) => light.slots,
        }
    }

    /// Whether the server has told all that a player needs to begin.
    pub fn is_entered(&self) -> bool {
        match self {
            Self::Deep(session) => session.is_entered(),
            Self::Light(light) => light.own.is_some(),
        }
    }

    /// Takes a reliable message; hands it back where it was read.
    pub fn hear(&mut self, bytes: &[u8]) -> Option<ServerMessage> {
        match self {
            Self::Deep(session) => session.receive_message(bytes),
            Self::Light(light) => light.hear(bytes),
        }
    }

    /// Takes the body of a frame; what it told, if it was newer than what is shown.
    pub fn see(&mut self, body: &[u8]) -> Option<Shown> {
        match self {
            Self::Deep(session) => {
                if !session.receive_frame(body) {
                    return None;
                }
                let head = session.world.head();
                let own = session.own_entity().and_then(|own| own.position());
                let (tick, last_command, buffered) = (head.tick, head.last_command, head.buffered_commands);
                Some(Shown { tick, last_command, buffered, own })
            }
            Self::Light(light) => light.see(body),
        }
    }

    /// Turns what the player wants into the frame to send.
    pub fn tick(&mut self, intent: Intent) -> ClientFrame {
        match self {
            Self::Deep(session) => session.tick(intent),
            Self::Light(light) => light.tick(intent),
        }
    }

    /// What could not be read, and what the server promised and broke.
    pub fn faults(&self) -> u64 {
        match self {
            Self::Deep(session) => session.counters().decode_errors + session.world.unknown_entities(),
            Self::Light(light) => light.faults,
        }
    }
}

/// A player that keeps nothing but itself.
#[derive(Debug, Default)]
pub struct Light {
    own: Option<EntityId>,
    /// How many abilities it has.
    slots: usize,
    at: Option<Position>,
    ack: SnapshotAck,
    head: ServerFrameHead,
    issued: u32,
    pending: VecDeque<InputCommand>,
    faults: u64,
}

impl Light {
    fn hear(&mut self, bytes: &[u8]) -> Option<ServerMessage> {
        let message = decode_reliable(bytes).inspect_err(|_| self.faults += 1).ok()?;
        if let ServerMessage::Welcome { entity, tick, slots, .. } = &message {
            self.own = Some(*entity);
            self.slots = slots.len();
            self.head.tick = *tick;
        }
        Some(message)
    }

    fn see(&mut self, body: &[u8]) -> Option<Shown> {
        self.own?;
        let mut from = BitReader::new(body);
        let head = ServerFrameHead::read(&mut from, &self.head)?;
        if head.tick <= self.ack.newest {
            return None;
        }
        let is_read_through = head.tick.0.is_multiple_of(READ_THROUGH_EVERY);
        let own = OwnState::read(&mut from.clone());
        if own.is_none() || is_read_through && snapshot::read(&mut from, &mut ReadThrough).is_none() {
            self.faults += 1;
            return None;
        }
        self.at = own.map(|own| own.position);
        self.head = head;
        self.ack.note(head.tick);
        while self.pending.front().is_some_and(|command| command.number <= head.last_command) {
            self.pending.pop_front();
        }
        let (tick, last_command, buffered) = (head.tick, head.last_command, head.buffered_commands);
        Some(Shown { tick, last_command, buffered, own: self.at })
    }

    fn tick(&mut self, intent: Intent) -> ClientFrame {
        self.issued += 1;
        if self.pending.len() == MAX_PENDING {
            self.pending.pop_front();
        }
        let Intent { heading, action } = intent;
        self.pending.push_back(InputCommand { number: self.issued, heading, action });
        let skip = self.pending.len().saturating_sub(MAX_COMMANDS_PER_FRAME);
        ClientFrame { ack: self.ack, commands: self.pending.iter().skip(skip).copied().collect() }
    }
}

/// Reads a snapshot to its end, for the faults in it.
struct ReadThrough;

impl SnapshotVisitor for ReadThrough {
    fn own(&mut self, _: OwnState) {}

    fn despawn(&mut self, _: EntityId) {}

    fn entity(&mut self, _: EntityId, _: bool) {}

    fn course(&mut self, _: EntityId, _: Course) {}

    fn component(&mut self, _: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        ComponentValue::read(id, from).map(drop)
    }

    fn remove(&mut self, _: EntityId, _: u8) {}
}
