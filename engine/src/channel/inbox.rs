//! The inbox: the only way into a world from outside, and so what is recorded and replayed.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{ChannelId, CharacterId, LockEpoch};
use realmgate_protocol::link::{CharacterLoad, EventOutcome, LeaveReason, SocialEvent};
use realmgate_protocol::wire::InputCommands;
use realmgate_protocol::wire::datagram::SnapshotAck;
use serde::{Deserialize, Serialize};

use super::reload::{ApplyReload, Reload};
use crate::overload::OverloadLevel;
use crate::transport::SessionId;

/// An event from outside the world. [`Channel`](super::Channel) has an example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToChannel {
    /// A player was admitted.
    Join {
        /// The player's connection.
        session: SessionId,
        /// The fencing token for everything written for the character: the epoch of its lock.
        epoch: LockEpoch,
        /// The character's stored state.
        load: CharacterLoad,
    },
    /// A client's frame: the snapshots it has applied, and its newest commands.
    Frame {
        /// The client's connection.
        session: SessionId,
        /// The snapshots that the client acknowledges.
        ack: SnapshotAck,
        /// The commands, oldest first.
        commands: InputCommands,
    },
    /// A client's reliable message, not decoded.
    Message {
        /// The client's connection.
        session: SessionId,
        /// The encoded message, at most 1,000 bytes.
        bytes: Vec<u8>,
    },
    /// A connection was lost.
    Lost {
        /// The client's connection.
        session: SessionId,
    },
    /// The outcomes of submitted events.
    Committed {
        /// One outcome for each event.
        outcomes: Vec<EventOutcome>,
    },
    /// Save the character and release it.
    Kick {
        /// The character's id.
        character: CharacterId,
        /// Why the character leaves.
        reason: LeaveReason,
    },
    /// The character's lock belongs to another server now, or to nobody: remove the character unsaved.
    Drop {
        /// The character's id.
        character: CharacterId,
        /// The reason its player is told.
        reason: LeaveReason,
    },
    /// The character may travel.
    TravelGranted {
        /// The character's id.
        character: CharacterId,
        /// Where the client connects next, and the ticket for it, as JSON for the client.
        grant: String,
    },
    /// The character stays.
    TravelRefused {
        /// The character's id.
        character: CharacterId,
        /// The epoch of the character's lock from now on.
        epoch: LockEpoch,
        /// Why travel was refused, as a stable error code.
        code: String,
    },
    /// How full the channels of this map are.
    Directory {
        /// Each channel of the map.
        channels: Vec<ChannelState>,
    },
    /// A player receives a social event from outside its channel.
    Social {
        /// The character's id.
        character: CharacterId,
        /// The event.
        event: SocialEvent,
    },
    /// The store is unreachable: from now on events wait, up to a limit.
    StoreAway {
        /// Most events that may wait in this channel.
        room: u32,
    },
    /// The store is reachable again.
    StoreBack,
    /// Sets the overload level from now on.
    Overload {
        /// The new level.
        level: OverloadLevel,
    },
    /// The player of a character in this world was announced to come back over another connection.
    Awaited {
        /// The character's id.
        character: CharacterId,
    },
    /// The player of a character in this world has come back over another connection.
    Return {
        /// The player's new connection.
        session: SessionId,
        /// The character's id.
        character: CharacterId,
    },
    /// The world plays by new rules from now on.
    Reload(Reload),
}

/// How full a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelState {
    /// The channel's number, from 1.
    pub channel: ChannelId,
    /// Number of players in it.
    pub players: u16,
    /// Number of players it could hold now: those in it, plus the places left on its map server.
    pub capacity: u16,
}

/// The channels of this map, updated once a second. Shown to players who want to switch.
#[derive(Resource, Debug, Default)]
pub struct ChannelDirectory {
    /// Every channel, ordered by number.
    pub channels: Vec<ChannelState>,
}

/// The events that wait for the next tick.
#[derive(Resource, Debug, Default)]
pub struct Inbox {
    events: Vec<ToChannel>,
    /// How the game takes [`ToChannel::Reload`].
    pub(super) on_reload: Option<ApplyReload>,
}

impl Inbox {
    pub(super) fn push(&mut self, event: ToChannel) {
        self.events.push(event);
    }

    /// Whether nothing waits that changes the world: how full the channels are is told once a second, and only shown.
    pub(crate) fn is_quiet(&self) -> bool {
        self.events.iter().all(|event| matches!(event, ToChannel::Directory { .. }))
    }

    /// Swaps the waiting events with `empty`, so that its allocation is reused.
    pub(super) fn swap(&mut self, empty: &mut Vec<ToChannel>) {
        std::mem::swap(&mut self.events, empty);
    }
}
