//! Whispers and parties. They live in the sidecar, since they span channels, maps and servers.

use crate::ids::{CharacterId, MapId};

crate::messages! {
    /// A player's command that may reach players on other channels, maps and servers.
    pub enum SocialCommand {
        /// Sends a private message.
        Whisper {
            /// The other character's name.
            to: String,
            /// The text.
            text: String,
        },
        /// Invites a player to the party, which is created if needed.
        PartyInvite {
            /// The other character's name.
            to: String,
        },
        /// Answers an invitation.
        PartyAnswer {
            /// The party's id in the invitation.
            party: u64,
            /// Whether to join.
            accept: bool,
        },
        /// Leaves the party.
        PartyLeave,
        /// Sends a text to the party.
        PartyChat {
            /// The text.
            text: String,
        },
        /// A text that the player has sent to its channel's chat, for users who follow the map's chat without being on it.
        /// The channel's players have received it already.
        MapChat {
            /// The map of the channel.
            map: MapId,
            /// The text.
            text: String,
        },
    }
}

crate::messages! {
    /// An event for a player from beyond its channel.
    pub enum SocialEvent {
        /// A private message came.
        Whisper {
            /// The sender's name.
            from: String,
            /// The text.
            text: String,
        },
        /// The player's own whisper was delivered.
        WhisperSent {
            /// The receiver's name.
            to: String,
            /// The text.
            text: String,
        },
        /// An invitation came.
        PartyInvited {
            /// The party's id, for the answer.
            party: u64,
            /// The inviting player's name.
            from: String,
        },
        /// The party as it is now. Without members: the player is no longer in a party.
        PartyState {
            /// The party's id.
            party: u64,
            /// Its members, the leader first.
            members: Vec<PartyMember>,
        },
        /// A text to the party.
        PartyChat {
            /// The speaker's name.
            from: String,
            /// The text.
            text: String,
        },
        /// A command failed.
        Failed {
            /// A stable code in capitals: `NOT_ONLINE`, `PARTY_FULL`, `ALREADY_IN_PARTY`, `NO_INVITATION`,
            /// `NOT_IN_PARTY`, `ALREADY_ASKED`.
            code: String,
        },
        /// A text of an administrator for every player. Sent as [`ToMap::Announce`](super::ToMap::Announce), and given to
        /// each player by its map server.
        Announced {
            /// The text.
            text: String,
        },
        /// The player may not chat for a while.
        Muted {
            /// Seconds from now; 0 for a player who may chat again.
            for_s: u32,
        },
        /// A text in the chat of the player's map, from a user who is not on it. Sent as
        /// [`ToMap::MapChat`](super::ToMap::MapChat), and given to each player by its map server.
        MapChat {
            /// The sender's name.
            from: String,
            /// The text.
            text: String,
        },
    }
}

crate::wire_struct! {
    /// A member of a party.
    pub struct PartyMember {
        /// The character's id.
        pub character: CharacterId,
        /// The character's name.
        pub name: String,
        /// Whether it can be reached now: it is in the world, or its player has a social socket.
        pub online: bool,
    }
}
