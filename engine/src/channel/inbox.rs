//! Everything that reaches a world from outside, and nothing else does: what is recorded and replayed.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{ChannelId, CharacterId, LockEpoch};
use realmgate_protocol::link::{CharacterLoad, EventOutcome, LeaveReason, SocialEvent, TravelGrant};
use realmgate_protocol::wire::InputCommands;
use realmgate_protocol::wire::datagram::SnapshotAck;
use serde::{Deserialize, Serialize};

use crate::overload::OverloadLevel;
use crate::transport::SessionId;

/// Something from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToChannel {
    /// A player was admitted.
    Join {
        /// Its connection.
        session: SessionId,
        /// The epoch of all that is written for it.
        epoch: LockEpoch,
        /// Its character.
        load: CharacterLoad,
    },
    /// A client's frame: what it has applied, and its newest commands.
    Frame {
        /// Whose.
        session: SessionId,
        /// The acknowledgement.
        ack: SnapshotAck,
        /// The commands, oldest first.
        commands: InputCommands,
    },
    /// A client's reliable message, not decoded.
    Message {
        /// Whose.
        session: SessionId,
        /// At most 1,000 bytes.
        bytes: Vec<u8>,
    },
    /// A connection is gone.
    Lost {
        /// Whose.
        session: SessionId,
    },
    /// What became of owned events.
    Committed {
        /// One each.
        outcomes: Vec<EventOutcome>,
    },
    /// Save the character and let it go.
    Kick {
        /// Who.
        character: CharacterId,
        /// Why.
        reason: LeaveReason,
    },
    /// The character is somebody else's now, or nobody's: let it go unsaved.
    Drop {
        /// Who.
        character: CharacterId,
        /// What its player is told.
        reason: LeaveReason,
    },
    /// The character may travel.
    TravelGranted {
        /// Who.
        character: CharacterId,
        /// Where to.
        grant: TravelGrant,
    },
    /// The character stays.
    TravelRefused {
        /// Who.
        character: CharacterId,
        /// Its epoch from now on.
        epoch: LockEpoch,
        /// Why, as a stable code.
        code: String,
    },
    /// How full the channels of this map are.
    Directory {
        /// Each channel of the map.
        channels: Vec<ChannelState>,
    },
    /// A player hears something from beyond its channel.
    Social {
        /// Who.
        character: CharacterId,
        /// What.
        event: SocialEvent,
    },
    /// The store is out of reach: events wait from now on, at most so many.
    StoreAway {
        /// How many may wait in this channel.
        room: u32,
    },
    /// The store is there again.
    StoreBack,
    /// So much is left out from now on.
    Overload {
        /// How much.
        level: OverloadLevel,
    },
}

/// How full a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelState {
    /// Which.
    pub channel: ChannelId,
    /// Players in it.
    pub players: u16,
    /// Players it holds.
    pub capacity: u16,
}

/// The channels of this map, as of the last second: what a player who wants to switch is shown.
#[derive(Resource, Debug, Default)]
pub struct ChannelDirectory {
    /// Each, by number.
    pub channels: Vec<ChannelState>,
}

/// What waits for the next tick.
#[derive(Resource, Debug, Default)]
pub struct Inbox {
    events: Vec<ToChannel>,
}

impl Inbox {
    pub(super) fn push(&mut self, event: ToChannel) {
        self.events.push(event);
    }

    /// Takes all, and leaves `empty` in its place so that its allocation is used again.
    pub(super) fn swap(&mut self, empty: &mut Vec<ToChannel>) {
        std::mem::swap(&mut self.events, empty);
    }
}
