//! The map link: one WebSocket from a map server to the sidecar (`/map-link`, with the service token), binary messages
//! in the link codec.
//!
//! Order matters: the sidecar handles what one map server sends strictly in order, so a batch of events sent before a
//! release is committed before it.

mod events;
mod social;
mod state;

pub use events::{Change, EventOutcome, EventRefusal, Fence, GoldAccount, OwnedEvent, Owner};
pub use social::{PartyMember, SocialCommand, SocialEvent};
pub use state::{CharacterLoad, CooldownLeft, ItemRecord, SoftState};

use crate::ids::{BatchId, ChannelId, CharacterId, LockEpoch, MapId, RequestId, SaveSequence, TicketId};
use crate::schema::Schema;

crate::messages! {
    /// What a map server says.
    pub enum FromMap {
        /// The first message of a link.
        Hello {
            /// Who this is; the same id as in the directory.
            server: String,
            /// [`crate::limits::LINK_VERSION`].
            link_version: u16,
            /// The hash of the game protocol its clients must speak.
            protocol_hash: u64,
            /// The maps it hosts.
            maps: Vec<MapId>,
            /// Channels of each map.
            channels: u16,
            /// What the directory gave it when it registered: proof that it is who it says, and which process it is.
            cookie: String,
            /// Whether this process was never welcomed before: it holds nothing, and what lay on the ground of the process
            /// before it is gone.
            fresh: bool,
        },
        /// Answers [`ToMap::Prepare`]: the character is expected, or why not.
        Prepared {
            /// The question.
            request: RequestId,
            /// `None` when the character is expected now.
            refusal: Option<PrepareRefusal>,
        },
        /// The player of a prepared character has connected.
        Entered {
            /// Who.
            character: CharacterId,
            /// Under which epoch.
            epoch: LockEpoch,
        },
        /// Soft state of characters in the world, every few seconds.
        Save {
            /// Who, and their state.
            saves: Vec<Save>,
        },
        /// Changes of what players own, one batch per tick.
        Events {
            /// Named in the answer.
            batch: BatchId,
            /// In the order they happened.
            events: Vec<OwnedEvent>,
        },
        /// The character has left this world; its lock is let go once `save` is written.
        Released {
            /// Who, with the last save; everything before it has been sent.
            save: Save,
            /// Why.
            reason: LeaveReason,
        },
        /// The character is not in a world of this server (any more) and there is no state to save: its channel failed, or
        /// it was never here. Its lock is let go; what was committed is safe.
        Dropped {
            /// Who.
            character: CharacterId,
            /// Under which epoch.
            epoch: LockEpoch,
            /// Why.
            reason: LeaveReason,
        },
        /// A prepared character never came; nothing changed.
        Expired {
            /// Who.
            character: CharacterId,
            /// Under which epoch.
            epoch: LockEpoch,
        },
        /// The character wants to another map or channel. It is frozen here until the answer.
        Travel {
            /// Named in the answer.
            request: RequestId,
            /// The last save; `save.soft` says the map and the position where it shall arrive.
            save: Save,
            /// A wished channel; `None` for the least loaded.
            channel: Option<ChannelId>,
        },
        /// Players by channel, on change and every few seconds.
        Load {
            /// Players in each channel.
            channels: Vec<ChannelLoad>,
        },
        /// What a player says or does beyond its channel.
        Social {
            /// Who.
            character: CharacterId,
            /// What.
            command: SocialCommand,
        },
        /// After [`ToMap::Welcome`], before anything else: the locks that this server still holds, those of characters it
        /// expects and of those whose departure was not settled among them. What it does not name is let go. A lock that
        /// is somebody else's by now is answered by [`ToMap::Fenced`].
        Reclaim {
            /// Who, and under which epoch; at most [`crate::limits::MAX_RECLAIM_LOCKS`].
            locks: Vec<Fence>,
            /// Whether this was all; a server that holds none says so with an empty last one.
            last: bool,
        },
    }
}

crate::messages! {
    /// What the sidecar says.
    pub enum ToMap {
        /// Answers [`FromMap::Hello`].
        Welcome {
            /// The sidecar that speaks.
            gateway: String,
            /// Whether the cookie was known and this server's lock still its own: what it held, it may reclaim. Otherwise
            /// all of it is somebody else's, or nobody's.
            resumed: bool,
            /// How long it has to reclaim.
            reclaim_within_ms: u32,
        },
        /// The link is refused and closed.
        Refused {
            /// A stable code in capitals.
            code: String,
            /// For the log.
            message: String,
        },
        /// Expect a player: its ticket, and its character's whole state.
        Prepare {
            /// Named in the answer.
            request: RequestId,
            /// The only ticket to admit it by.
            ticket: TicketId,
            /// How long the ticket is good for from now: the deadline is kept on the map server's own clock.
            expires_in_ms: u32,
            /// Which map.
            map: MapId,
            /// Which channel.
            channel: ChannelId,
            /// The epoch of everything the map server writes for it.
            epoch: LockEpoch,
            /// The character.
            load: CharacterLoad,
            /// The request that led here, for the logs; at most [`crate::limits::MAX_TRACE_BYTES`], empty for none.
            trace: String,
        },
        /// The character is no longer expected.
        Cancel {
            /// Who.
            character: CharacterId,
            /// Under which epoch.
            epoch: LockEpoch,
        },
        /// Save the character, drop its player, and answer with [`FromMap::Released`].
        Kick {
            /// Who.
            character: CharacterId,
            /// Under which epoch.
            epoch: LockEpoch,
            /// What the player is told.
            reason: LeaveReason,
        },
        /// A save or an event came with a stale epoch: somebody else owns the character now. Drop it, write nothing.
        Fenced {
            /// Who.
            character: CharacterId,
            /// The stale epoch.
            epoch: LockEpoch,
        },
        /// What became of each event of a batch, in its order.
        Committed {
            /// The batch.
            batch: BatchId,
            /// One for each event.
            outcomes: Vec<EventOutcome>,
        },
        /// The character may go: tell its player, then forget it here. Its lock is no longer this server's.
        TravelGranted {
            /// The question.
            request: RequestId,
            /// Who.
            character: CharacterId,
            /// Where to, and the ticket.
            grant: TravelGrant,
        },
        /// The character stays, under a new epoch.
        TravelRefused {
            /// The question.
            request: RequestId,
            /// Who.
            character: CharacterId,
            /// The epoch from now on.
            epoch: LockEpoch,
            /// A stable code in capitals, `MAP_NOT_FOUND` for instance.
            code: String,
        },
        /// Something that a player here is to hear.
        Social {
            /// Who.
            character: CharacterId,
            /// What.
            event: SocialEvent,
        },
        /// Take no new players, and save and release all that are here.
        Drain,
        /// Answers [`FromMap::Released`]: the last save is written, or is wanted no more, and the lock is let go.
        Settled {
            /// Who.
            character: CharacterId,
            /// The epoch of the release.
            epoch: LockEpoch,
        },
    }
}

crate::messages! {
    /// Why a map server does not expect a character.
    #[derive(Eq, Copy)]
    pub enum PrepareRefusal {
        /// It has no room.
        Full,
        /// It does not host the map or channel.
        NotHosted,
        /// It is shutting down.
        Draining,
        /// The character's data can not be used here; the log says why.
        BadCharacter,
        /// The character is still in this world under another epoch.
        StillHere,
    }
}

crate::messages! {
    /// Why a character leaves a world.
    #[derive(Eq, Copy)]
    pub enum LeaveReason {
        /// Its player asked to log out.
        Logout,
        /// Its player's connection was lost and did not come back in time.
        ConnectionLost,
        /// The same account entered the world from elsewhere.
        Replaced,
        /// An operator or the sidecar wants it out.
        Kicked,
        /// The server shuts down.
        ServerClosing,
        /// Its channel failed; what was confirmed is safe.
        ChannelFailed,
        /// It broke the rules of the protocol.
        Abuse,
        /// The store was out of reach for too long; what was not confirmed may be lost.
        StoreAway,
        /// The world has moved on: while the store was out of reach, the character was given to somebody else. What was
        /// not confirmed is lost.
        MovedOn,
    }
}

crate::wire_struct! {
    /// One write of a character's soft state.
    pub struct Save {
        /// Who.
        pub character: CharacterId,
        /// The epoch it is written under; a stale one is refused.
        pub epoch: LockEpoch,
        /// Grows with every save of this epoch; an older one is refused.
        pub sequence: SaveSequence,
        /// The state.
        pub soft: SoftState,
    }
}

crate::wire_struct! {
    /// How full a channel is.
    pub struct ChannelLoad {
        /// Which map.
        pub map: MapId,
        /// Which channel.
        pub channel: ChannelId,
        /// Players in it.
        pub players: u16,
        /// Whether it takes nobody more, however much room there is: its server can not keep up.
        pub is_full: bool,
    }
}

crate::wire_struct! {
    /// Where a player connects next: the fields of the gateway's `enter_world_success`.
    pub struct TravelGrant {
        /// Address of the map server.
        pub map_ip: String,
        /// Its UDP port.
        pub map_port: u16,
        /// The ticket in base64url.
        pub ticket: String,
        /// x where the character arrives, in 1/1,024 tile.
        pub spawn_x: i32,
        /// y where the character arrives.
        pub spawn_y: i32,
        /// The map.
        pub map: MapId,
        /// The channel.
        pub channel: ChannelId,
        /// The map server.
        pub server: String,
        /// The netcode connect token in base64url.
        pub connect_token: String,
        /// Where the map server answers WebSocket, if it does.
        pub map_ws_url: Option<String>,
        /// What the map server's protocol hash is.
        pub protocol_hash: u64,
        /// Seconds the ticket is good for.
        pub expires_in_s: u32,
    }
}

/// The schema of the link, for its own description and hash.
pub fn schema() -> Schema {
    let mut schema = Schema::default();
    schema.add::<FromMap>();
    schema.add::<ToMap>();
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode_link, encode_link};

    #[test]
    fn link_messages_come_back() {
        let message = FromMap::Hello {
            server: "map-server-1".to_owned(),
            link_version: 2,
            protocol_hash: 7,
            maps: vec![MapId(1), MapId(2)],
            channels: 2,
            cookie: "a cookie".to_owned(),
            fresh: true,
        };
        let bytes = encode_link(&message).unwrap();
        assert_eq!(decode_link::<FromMap>(&bytes).unwrap(), message);
        assert_eq!(message.name(), "Hello");
    }

    #[test]
    fn the_schema_names_every_nested_type() {
        let schema = schema();
        for name in ["FromMap", "ToMap", "OwnedEvent", "Change", "CharacterLoad", "Save", "TravelGrant", "SocialEvent"]
        {
            assert!(schema.types.contains_key(name), "{name} is missing");
        }
    }
}
