//! Players in a world: who they are, how they come and go.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, RequestId, SaveSequence, Tick};
use realmgate_protocol::link::{CharacterLoad, LeaveReason, SocialEvent, SoftState, TravelGrant};

use crate::transport::SessionId;

/// A player's character in the world.
#[derive(Component, Debug, Clone)]
pub struct Player {
    /// Who.
    pub character: CharacterId,
    /// Whose.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// The epoch of everything written for it.
    pub epoch: LockEpoch,
    /// The last save's number.
    pub sequence: SaveSequence,
    /// Its connection; kept when it is lost, then [`LinkDead`] is there too.
    pub session: SessionId,
}

/// The player's connection is lost; its body stays a while.
#[derive(Component, Debug, Clone, Copy)]
pub struct LinkDead {
    /// Since when.
    pub since: Tick,
}

/// The player is on its way to another world: it acts no more here, and nothing may change it.
#[derive(Component, Debug, Clone, Copy)]
pub struct Travelling {
    /// The question that is asked over the map link.
    pub request: RequestId,
    /// Since when. Without an answer for long, the player is dropped: its lock may be anybody's by then.
    pub since: Tick,
}

/// Players of this channel by what names them from outside.
#[derive(Resource, Debug, Default)]
pub struct Players {
    by_session: BTreeMap<SessionId, Entity>,
    by_character: BTreeMap<CharacterId, Entity>,
}

impl Players {
    /// The player of a connection.
    pub fn of_session(&self, session: SessionId) -> Option<Entity> {
        self.by_session.get(&session).copied()
    }

    /// The player of a character.
    pub fn of_character(&self, character: CharacterId) -> Option<Entity> {
        self.by_character.get(&character).copied()
    }

    /// Every player, by character id.
    pub fn iter(&self) -> impl Iterator<Item = (CharacterId, Entity)> {
        self.by_character.iter().map(|(character, entity)| (*character, *entity))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.by_character.len()
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.by_character.is_empty()
    }

    pub(crate) fn add(&mut self, session: SessionId, character: CharacterId, entity: Entity) {
        self.by_session.insert(session, entity);
        self.by_character.insert(character, entity);
    }

    pub(crate) fn remove(&mut self, session: SessionId, character: CharacterId) {
        self.by_session.remove(&session);
        self.by_character.remove(&character);
    }
}

/// A player was admitted: its entity has [`Player`], an input buffer and a view; the game adds the rest from `load`.
#[derive(Message, Debug)]
pub struct PlayerJoined {
    /// The new entity.
    pub player: Entity,
    /// Its character.
    pub load: CharacterLoad,
}

/// A reliable message of a client, not decoded yet; at most 1,000 bytes.
#[derive(Message, Debug)]
pub struct ClientBytes {
    /// Who sent it.
    pub player: Entity,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Asks that a player leaves this world, at the end of the tick: saved, released, disconnected.
#[derive(Message, Debug, Clone, Copy)]
pub struct LeaveRequested {
    /// Who.
    pub player: Entity,
    /// Why.
    pub reason: LeaveReason,
}

/// The player leaves as soon as the outcome of everything that was asked of the store for it is known, so that what it
/// was told last is what is stored. Nothing new may be granted to it.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departing {
    /// Why.
    pub reason: LeaveReason,
    /// Since when.
    pub since: Tick,
}

/// A player is leaving for good this tick; its entity is despawned at the end of [`TickSet::Persist`](crate::schedule::TickSet).
#[derive(Message, Debug, Clone, Copy)]
pub struct PlayerLeaving {
    /// Who.
    pub player: Entity,
    /// Its character.
    pub character: CharacterId,
    /// Why; `None` for one that travelled.
    pub reason: Option<LeaveReason>,
}

/// Asks that a player goes to another map or channel; it gets [`Travelling`] until the answer.
#[derive(Message, Debug, Clone)]
pub struct TravelRequested {
    /// Who.
    pub player: Entity,
    /// Where it shall arrive, with all the rest of its soft state.
    pub arrival: SoftState,
    /// A wished channel.
    pub channel: Option<realmgate_protocol::ids::ChannelId>,
}

/// The answer to [`TravelRequested`]: the game tells the client; when granted, the engine ends the player's stay at the
/// end of the tick, else it has taken [`Travelling`] away again.
#[derive(Message, Debug, Clone)]
pub struct TravelAnswered {
    /// Who.
    pub player: Entity,
    /// The ticket to the other world, or a stable code.
    pub answer: Result<TravelGrant, String>,
}

/// Something that a player hears from beyond its channel.
#[derive(Message, Debug, Clone)]
pub struct SocialHeard {
    /// Who hears it.
    pub player: Entity,
    /// What.
    pub event: SocialEvent,
}

/// How the game says what of a player is soft state, at any moment.
#[derive(Resource, Clone, Copy)]
pub struct CaptureSoftState(pub fn(&World, Entity) -> SoftState);
