//! Players in a world: who they are, and how they come and go.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, RequestId, SaveSequence, Tick};
use realmgate_protocol::link::{CharacterLoad, LeaveReason, SocialEvent, SoftState};
use realmgate_protocol::movement::Position;

use crate::transport::SessionId;

/// A player's character in the world.
#[derive(Component, Debug, Clone)]
pub struct Player {
    /// The character's id.
    pub character: CharacterId,
    /// The account that owns the character.
    pub account: AccountId,
    /// The character's name.
    pub name: String,
    /// The fencing token for everything written for the character: the epoch of its lock.
    pub epoch: LockEpoch,
    /// The sequence number of the last save; counts from 0 under each epoch.
    pub sequence: SaveSequence,
    /// The player's connection. Kept when the connection is lost; [`LinkDead`] is then present too.
    pub session: SessionId,
}

/// The player's connection is lost; its body stays for a while.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
pub struct LinkDead {
    /// The tick in which the connection was lost, or in which the next one was last announced.
    pub since: Tick,
}

/// The player is on its way to another world: it no longer acts here, and nothing may change it.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
pub struct Travelling {
    /// The id of the travel request sent over the map link.
    pub request: RequestId,
    /// The tick of the request, or of the store's return after an outage. Without an answer for too long, the player is
    /// dropped, since its lock may belong to anybody by then.
    pub since: Tick,
}

/// A player that has come back to its body over another connection, which knows nothing yet: the game gives it a new
/// session, as one that has joined. The engine has removed [`LinkDead`], and ends the connection before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    /// The player's entity, the same as before.
    pub player: Entity,
    /// The connection before. It may be lost, or still up.
    pub before: SessionId,
}

/// The players of this channel, by connection and by character.
#[derive(Resource, Debug, Default)]
pub struct Players {
    by_session: BTreeMap<SessionId, Entity>,
    by_character: BTreeMap<CharacterId, Entity>,
    // Not messages: their queues would be entities more, and entities' turns go by their number.
    awaited: Vec<Entity>,
    returned: Vec<Returned>,
}

impl Players {
    /// The player of a connection; `None` if it has none here.
    pub fn of_session(&self, session: SessionId) -> Option<Entity> {
        self.by_session.get(&session).copied()
    }

    /// The player of a character; `None` if it is not here.
    pub fn of_character(&self, character: CharacterId) -> Option<Entity> {
        self.by_character.get(&character).copied()
    }

    /// Every player, ordered by character id.
    pub fn iter(&self) -> impl Iterator<Item = (CharacterId, Entity)> {
        self.by_character.iter().map(|(character, entity)| (*character, *entity))
    }

    /// Number of players.
    pub fn len(&self) -> usize {
        self.by_character.len()
    }

    /// Whether there are no players.
    pub fn is_empty(&self) -> bool {
        self.by_character.is_empty()
    }

    pub(crate) fn add(&mut self, session: SessionId, character: CharacterId, entity: Entity) {
        self.by_session.insert(session, entity);
        self.by_character.insert(character, entity);
    }

    /// Those whose accounts want back in as of this tick, and whose next connections are awaited: what asked them to leave
    /// before, and has not been granted, is taken back. What asks from now on counts.
    pub fn awaited(&self) -> &[Entity] {
        &self.awaited
    }

    /// Those who have come back to their bodies in this tick.
    pub fn returned(&self) -> &[Returned] {
        &self.returned
    }

    /// A tick begins, in which nobody has come back yet.
    pub(crate) fn begin_tick(&mut self) {
        self.awaited.clear();
        self.returned.clear();
    }

    pub(crate) fn note_awaited(&mut self, player: Entity) {
        self.awaited.push(player);
    }

    /// A player has come back, and has another connection from now on.
    pub(crate) fn reconnect(&mut self, returned: Returned, now: SessionId) {
        self.by_session.remove(&returned.before);
        self.by_session.insert(now, returned.player);
        self.returned.push(returned);
    }

    pub(crate) fn remove(&mut self, session: SessionId, character: CharacterId) {
        self.by_session.remove(&session);
        self.by_character.remove(&character);
    }
}

/// A player was admitted: its entity has [`Player`], an input buffer and a view; the game adds the rest from `load`.
#[derive(Message, Debug)]
pub struct PlayerJoined {
    /// The player's new entity.
    pub player: Entity,
    /// The character's stored state.
    pub load: CharacterLoad,
}

/// A reliable message from a client, not decoded yet; at most 1,000 bytes.
#[derive(Message, Debug)]
pub struct ClientBytes {
    /// The player that sent it.
    pub player: Entity,
    /// The connection it came over. The player may have another one by the time it is read.
    pub session: SessionId,
    /// The encoded message.
    pub bytes: Vec<u8>,
}

/// Asks the game to let a player leave, for a reason that must not become a way to escape danger: the player's own
/// wish, a log-in of its account from elsewhere, or a client that breaks the protocol. The game answers with
/// [`LeaveGranted`], at once or when its rules allow.
#[derive(Message, Debug, Clone, Copy)]
pub struct LeaveAsked {
    /// The player's entity.
    pub player: Entity,
    /// Why the player leaves.
    pub reason: LeaveReason,
    /// Whether the map link asks. It must then be told when leaving is delayed.
    pub by_link: bool,
}

/// Makes a player leave this world: saved, released, disconnected. It leaves at the end of the tick, or as soon as its
/// pending events are settled (see [`Departing`]).
#[derive(Message, Debug, Clone, Copy)]
pub struct LeaveGranted {
    /// The player's entity.
    pub player: Entity,
    /// Why the player leaves.
    pub reason: LeaveReason,
}

/// The player leaves as soon as the outcome of all its pending events is known, so that what it was told last is what
/// is stored. Nothing new may be granted to it.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[component(storage = "SparseSet")]
pub struct Departing {
    /// Why the player leaves.
    pub reason: LeaveReason,
    /// The tick in which it was asked to leave.
    pub since: Tick,
}

/// A player leaves this world in this tick. Its entity is despawned in [`TickSet::Persist`](crate::schedule::TickSet).
#[derive(Message, Debug, Clone, Copy)]
pub struct PlayerLeaving {
    /// The player's entity.
    pub player: Entity,
    /// The character's id.
    pub character: CharacterId,
    /// Why the player leaves; `None` when it travelled.
    pub reason: Option<LeaveReason>,
}

/// Asks to move a player to another map or channel. The player has [`Travelling`] until the answer.
#[derive(Message, Debug, Clone)]
pub struct TravelRequested {
    /// The player's entity.
    pub player: Entity,
    /// The soft state to arrive with, including map and position.
    pub arrival: SoftState,
    /// The requested channel; `None` for the least loaded one.
    pub channel: Option<realmgate_protocol::ids::ChannelId>,
}

/// The answer to [`TravelRequested`]; the game passes it on to the client. When granted, the engine removes the player
/// at the end of the tick. When refused, it has already removed [`Travelling`].
#[derive(Message, Debug, Clone)]
pub struct TravelAnswered {
    /// The player's entity.
    pub player: Entity,
    /// Where to connect and the ticket for it, as JSON for the client, or a stable error code.
    pub answer: Result<String, String>,
}

/// A social event that reaches a player from outside its channel.
#[derive(Message, Debug, Clone)]
pub struct SocialHeard {
    /// The player that receives it.
    pub player: Entity,
    /// The event.
    pub event: SocialEvent,
}

/// The game's function that captures a player's soft state. It may be called at any time.
#[derive(Resource, Clone, Copy)]
pub struct CaptureSoftState(pub fn(&World, Entity) -> SoftState);

/// The game's function that says where an announced character will appear.
#[derive(Resource, Clone, Copy)]
pub struct PlaceArrival(pub fn(&World, &CharacterLoad) -> Position);
