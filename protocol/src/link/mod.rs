//! The map link: one WebSocket from a map server to the sidecar (`/map-link`, with the service token). Messages are
//! binary, in the link codec.
//!
//! Order matters: the sidecar handles the messages of one map server strictly in order, so a batch of events sent
//! before a release is committed before it.

mod events;
mod social;
mod state;

pub use events::{Change, EventOutcome, EventRefusal, Fence, GoldAccount, KILL, OwnedEvent, Owner, boss_kill, killed};
pub use social::{PartyMember, SocialCommand, SocialEvent};
pub use state::{CharacterLoad, CooldownLeft, ItemRecord, SoftState};

use crate::ids::{AccountId, BatchId, ChannelId, CharacterId, LockEpoch, MapId, RequestId, SaveSequence, TicketId};
use crate::limits;
use crate::movement::Position;
use crate::schema::Schema;

crate::messages! {
    /// A message from a map server to the sidecar.
    pub enum FromMap {
        /// The first message of a link.
        Hello {
            /// The map server's id, the same as in the directory.
            server: String,
            /// The map server's [`crate::limits::LINK_VERSION`].
            link_version: u16,
            /// The hash of the game protocol that its clients must speak.
            protocol_hash: u64,
            /// The maps it hosts.
            maps: Vec<MapId>,
            /// Number of channels of each map.
            channels: u16,
            /// The cookie from its registration with the directory. It authenticates the server and identifies the
            /// process.
            cookie: String,
            /// Whether this process was never welcomed before. Then it holds nothing, and anything on the ground of the
            /// process before it is gone.
            fresh: bool,
        },
        /// Answers [`ToMap::Prepare`] and [`ToMap::Watch`]: whether the character or the spectator is expected now.
        Prepared {
            /// The id of the request that this answers.
            request: RequestId,
            /// Why it is not expected; `None` when it is.
            refusal: Option<PrepareRefusal>,
            /// Where the character will appear, unless the map changes meanwhile; where the spectator will look first. `None`
            /// with a refusal.
            spawn: Option<Position>,
        },
        /// The player of a prepared character has connected.
        Entered {
            /// The character's id.
            character: CharacterId,
            /// The fencing token: the epoch of the character's lock.
            epoch: LockEpoch,
        },
        /// Soft state of characters in the world, every few seconds.
        Save {
            /// One save for each character.
            saves: Vec<Save>,
        },
        /// Changes to what players own, one batch per tick.
        Events {
            /// The batch's id, repeated in the answer.
            batch: BatchId,
            /// The events, in the order they happened.
            events: Vec<OwnedEvent>,
        },
        /// The character has left this world. Its lock is released once `save` is written.
        Released {
            /// The character's last save. Everything before it has been sent.
            save: Save,
            /// Why the character left.
            reason: LeaveReason,
        },
        /// The character is not (or no longer) in a world of this server, and there is no state to save: its channel
        /// failed, or it was never here. Its lock is released. Everything committed is safe.
        Dropped {
            /// The character's id.
            character: CharacterId,
            /// The fencing token: the epoch of the character's lock.
            epoch: LockEpoch,
            /// Why the character left.
            reason: LeaveReason,
        },
        /// A prepared character never came. Nothing changed.
        Expired {
            /// The character's id.
            character: CharacterId,
            /// The fencing token: the epoch of the character's lock.
            epoch: LockEpoch,
        },
        /// The character wants to travel to another map or channel. It is frozen here until the answer.
        Travel {
            /// The request's id, repeated in the answer.
            request: RequestId,
            /// The last save. `save.soft` holds the map and the position of arrival.
            save: Save,
            /// The requested channel; `None` for the least loaded one.
            channel: Option<ChannelId>,
        },
        /// Number of players in each channel, on change and every few seconds.
        Load {
            /// One entry for each channel.
            channels: Vec<ChannelLoad>,
        },
        /// A player's command that reaches beyond its channel.
        Social {
            /// The character's id.
            character: CharacterId,
            /// The command.
            command: SocialCommand,
        },
        /// Sent after [`ToMap::Welcome`], before anything else: the locks that this server still holds. They include
        /// those of expected characters, and of characters whose departure was not settled. Locks that it does not name
        /// are released. A lock that someone else holds by now is answered by [`ToMap::Fenced`].
        Reclaim {
            /// The locks: characters and their epochs. At most [`crate::limits::MAX_RECLAIM_LOCKS`].
            locks: Vec<Fence>,
            /// Whether this is the last message. A server that holds no locks sends one empty last message.
            last: bool,
        },
        /// The character that [`ToMap::Kick`] asks for is in a fight: its body stays for a while, and `Released`
        /// follows by itself.
        Lingers {
            /// The character's id.
            character: CharacterId,
            /// The fencing token: the epoch of the character's lock.
            epoch: LockEpoch,
            /// Maximum milliseconds until it is released.
            ms: u32,
        },
        /// Answers [`ToMap::Return`]: where the character's body stands, which its player may come back to now.
        BodyFound {
            /// The id of the request that this answers.
            request: RequestId,
            /// Where the body stands; `None` if there is none that the player may come back to.
            body: Option<BodyPlace>,
        },
    }
}

crate::messages! {
    /// A message from the sidecar to a map server.
    pub enum ToMap {
        /// Answers [`FromMap::Hello`].
        Welcome {
            /// The gateway id of this sidecar.
            gateway: String,
            /// Whether the cookie was known and this server still holds its own lock: then it may reclaim what it held.
            /// Otherwise all its locks belong to someone else, or to nobody.
            resumed: bool,
            /// Milliseconds that it has to reclaim its locks.
            reclaim_within_ms: u32,
        },
        /// The link is refused and closed.
        Refused {
            /// A stable code in capitals.
            code: String,
            /// What is wrong, for the log.
            message: String,
        },
        /// Expect a player: its ticket, and its character's complete state.
        Prepare {
            /// The request's id, repeated in the answer.
            request: RequestId,
            /// The only ticket that admits it.
            ticket: TicketId,
            /// Milliseconds that the ticket is valid from now. The deadline is kept on the map server's own clock.
            expires_in_ms: u32,
            /// The map it enters.
            map: MapId,
            /// The channel it enters.
            channel: ChannelId,
            /// The fencing token for everything that the map server writes for it.
            epoch: LockEpoch,
            /// The character's state.
            load: CharacterLoad,
            /// Id of the request that led here, for the logs; at most [`crate::limits::MAX_TRACE_BYTES`] bytes, empty
            /// for none.
            trace: String,
        },
        /// The character is no longer expected.
        Cancel {
            /// The character's id.
            character: CharacterId,
            /// The fencing token: the epoch of the character's lock.
            epoch: LockEpoch,
        },
        /// Save the character, drop its player, and answer with [`FromMap::Released`]. In a fight that may come later:
        /// [`FromMap::Lingers`] announces it.
        Kick {
            /// The character's id.
            character: CharacterId,
            /// The fencing token: the epoch of the character's lock.
            epoch: LockEpoch,
            /// The reason that the player is given.
            reason: LeaveReason,
        },
        /// A save or an event came with a stale epoch: someone else owns the character now. Drop it and write nothing.
        Fenced {
            /// The character's id.
            character: CharacterId,
            /// The stale epoch.
            epoch: LockEpoch,
        },
        /// The outcome of each event of a batch, in the batch's order.
        Committed {
            /// The batch's id.
            batch: BatchId,
            /// One outcome for each event.
            outcomes: Vec<EventOutcome>,
        },
        /// The character may travel: tell its player, then forget it here. This server no longer holds its lock.
        TravelGranted {
            /// The id of the request that this answers.
            request: RequestId,
            /// The character's id.
            character: CharacterId,
            /// Where to connect, and the ticket: an [`EntryGrant`](crate::entry::EntryGrant) as JSON, for its player.
            grant: String,
        },
        /// The character stays, under a new lock epoch.
        TravelRefused {
            /// The id of the request that this answers.
            request: RequestId,
            /// The character's id.
            character: CharacterId,
            /// The fencing token from now on.
            epoch: LockEpoch,
            /// A stable code in capitals, such as `MAP_NOT_FOUND`.
            code: String,
        },
        /// A social event for a player on this server.
        Social {
            /// The character's id.
            character: CharacterId,
            /// The event.
            event: SocialEvent,
        },
        /// Accept no new players, and save and release all that are here.
        Drain,
        /// Answers [`FromMap::Released`]: the last save is written or no longer needed, and the lock is released.
        Settled {
            /// The character's id.
            character: CharacterId,
            /// The epoch under which it was released.
            epoch: LockEpoch,
        },
        /// Expect a spectator, who has no character. Answered by [`FromMap::Prepared`].
        Watch {
            /// The request's id, repeated in the answer.
            request: RequestId,
            /// The only ticket that admits it: a spectator's.
            ticket: TicketId,
            /// Milliseconds that the ticket is valid from now. The deadline is kept on the map server's own clock.
            expires_in_ms: u32,
            /// The map it watches.
            map: MapId,
            /// The channel it watches.
            channel: ChannelId,
        },
        /// The player of a character that is in a world of this server comes back over another connection: expect it. Its
        /// lock stays as it is. Answered by [`FromMap::BodyFound`]. Not sent to servers of a link version below
        /// [`crate::limits::RETURN_LINK_VERSION`].
        Return {
            /// The request's id, repeated in the answer.
            request: RequestId,
            /// The only ticket that admits the player.
            ticket: TicketId,
            /// Milliseconds that the ticket is valid from now. The deadline is kept on the map server's own clock.
            expires_in_ms: u32,
            /// The character's id.
            character: CharacterId,
            /// The account that owns the character.
            account: AccountId,
            /// The fencing token: the epoch of the character's lock.
            epoch: LockEpoch,
            /// The channel that the player wants; `None` for the one in which the body stands.
            channel: Option<ChannelId>,
            /// Id of the request that led here, for the logs; at most [`crate::limits::MAX_TRACE_BYTES`] bytes, empty
            /// for none.
            trace: String,
        },
        /// Show every player of this server a text of an administrator. Not sent to servers of a link version below
        /// [`crate::limits::ANNOUNCE_LINK_VERSION`].
        Announce {
            /// The text, at most [`crate::limits::MAX_CHAT_BYTES`].
            text: String,
        },
        /// Show every player on a map of this server a text of a user who is not on it. Not sent to servers of a link version
        /// below [`crate::limits::MAP_CHAT_LINK_VERSION`].
        MapChat {
            /// The map.
            map: MapId,
            /// The sender's name.
            from: String,
            /// The text, at most [`crate::limits::MAX_CHAT_BYTES`].
            text: String,
        },
    }
}

impl ToMap {
    /// The lowest link version of map servers that can read the message.
    pub fn link_version(&self) -> u16 {
        match self {
            Self::Return { .. } => limits::RETURN_LINK_VERSION,
            Self::Announce { .. }
            | Self::Social { event: SocialEvent::Announced { .. } | SocialEvent::Muted { .. }, .. } => {
                limits::ANNOUNCE_LINK_VERSION
            }
            Self::MapChat { .. } | Self::Social { event: SocialEvent::MapChat { .. }, .. } => {
                limits::MAP_CHAT_LINK_VERSION
            }
            _ => limits::OLDEST_LINK_VERSION,
        }
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
        /// The character's data cannot be used here; the log says why.
        BadCharacter,
        /// The character is still in this world under another epoch.
        StillHere,
    }
}

crate::messages! {
    /// Why a character leaves a world.
    #[derive(Eq, Copy)]
    pub enum LeaveReason {
        /// Its player logged out.
        Logout,
        /// Its player lost the connection and did not come back in time.
        ConnectionLost,
        /// The same account entered the world from elsewhere.
        Replaced,
        /// An operator or the sidecar removed it.
        Kicked,
        /// The server is shutting down.
        ServerClosing,
        /// Its channel failed. Everything confirmed is safe.
        ChannelFailed,
        /// It broke the rules of the protocol.
        Abuse,
        /// The store was out of reach for too long. Anything unconfirmed may be lost.
        StoreAway,
        /// The world has moved on: while the store was out of reach, the character was given to someone else. Anything
        /// unconfirmed is lost.
        MovedOn,
    }
}

crate::wire_struct! {
    /// One write of a character's soft state.
    pub struct Save {
        /// The character's id.
        pub character: CharacterId,
        /// The fencing token it is written under. A stale one is refused.
        pub epoch: LockEpoch,
        /// Sequence number, which grows with every save of this epoch. A save that is not newer than the stored one is
        /// not written.
        pub sequence: SaveSequence,
        /// The soft state to write.
        pub soft: SoftState,
    }
}

crate::wire_struct! {
    /// Where the body of a character stands.
    #[derive(Eq, Copy)]
    pub struct BodyPlace {
        /// The map.
        pub map: MapId,
        /// The channel of the map.
        pub channel: ChannelId,
        /// The place on the map.
        pub position: Position,
    }
}

crate::wire_struct! {
    /// The load of a channel.
    pub struct ChannelLoad {
        /// The channel's map.
        pub map: MapId,
        /// The channel's number.
        pub channel: ChannelId,
        /// Number of players in it.
        pub players: u16,
        /// Whether it accepts no more players, even if there is room, because its server cannot keep up.
        pub is_full: bool,
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
    fn a_message_from_either_end_comes_back_and_knows_its_name() {
        let hello = FromMap::Hello {
            server: "map-server-1".to_owned(),
            link_version: 2,
            protocol_hash: 7,
            maps: vec![MapId(1), MapId(2)],
            channels: 2,
            cookie: "a cookie".to_owned(),
            fresh: true,
        };
        assert_eq!(decode_link(&encode_link(&hello).unwrap()), Ok(hello.clone()));
        let settled = ToMap::Settled { character: CharacterId([7; 16]), epoch: LockEpoch(300) };
        assert_eq!(decode_link(&encode_link(&settled).unwrap()), Ok(settled.clone()));
        assert_eq!((hello.name(), settled.name(), ToMap::Drain.name()), ("Hello", "Settled", "Drain"));
        assert_eq!(FromMap::VARIANTS.first(), Some(&"Hello"));
        assert_eq!(ToMap::VARIANTS.last(), Some(&"MapChat"));
    }

    #[test]
    fn a_message_names_the_oldest_map_servers_that_read_it() {
        let to = |event| ToMap::Social { character: CharacterId([7; 16]), event };
        let failed = to(SocialEvent::Failed { code: "NOT_ONLINE".to_owned() });
        let (muted, text) = (to(SocialEvent::Muted { for_s: 1 }), "noon".to_owned());
        let versions = [ToMap::Drain, failed, muted, ToMap::Announce { text }].map(|message| message.link_version());
        assert_eq!(versions, [6, 6, 8, 8]);
    }

    #[test]
    fn the_schema_names_every_nested_type() {
        let names = "BodyPlace Change ChannelLoad CharacterLoad CooldownLeft EventOutcome EventRefusal Fence FromMap \
                     GoldAccount ItemRecord LeaveReason OwnedEvent Owner PartyMember Position PrepareRefusal Save \
                     SocialCommand SocialEvent SoftState ToMap";
        assert_eq!(schema().types.into_keys().collect::<Vec<_>>().join(" "), names);
    }
}
