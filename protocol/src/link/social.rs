//! What players say and do beyond their channel: whispers and parties live in the sidecar, since they span servers.

use crate::ids::CharacterId;

crate::messages! {
    /// What a player does that may reach players of other channels, maps and servers.
    pub enum SocialCommand {
        /// A private message.
        Whisper {
            /// The character's name.
            to: String,
            /// What.
            text: String,
        },
        /// Asks somebody into one's party, which is made if need be.
        PartyInvite {
            /// The character's name.
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
        /// Speaks to the party.
        PartyChat {
            /// What.
            text: String,
        },
    }
}

crate::messages! {
    /// What a player hears from beyond its channel.
    pub enum SocialEvent {
        /// A private message came.
        Whisper {
            /// The sender's name.
            from: String,
            /// What.
            text: String,
        },
        /// One's own whisper was delivered.
        WhisperSent {
            /// The receiver's name.
            to: String,
            /// What.
            text: String,
        },
        /// An invitation came.
        PartyInvited {
            /// The party's id, for the answer.
            party: u64,
            /// Who asks.
            from: String,
        },
        /// The party as it is now; no members: not in a party any more.
        PartyState {
            /// The party's id.
            party: u64,
            /// Its members, the leader first.
            members: Vec<PartyMember>,
        },
        /// Somebody spoke to the party.
        PartyChat {
            /// Who.
            from: String,
            /// What.
            text: String,
        },
        /// A command could not be done.
        Failed {
            /// A stable code in capitals: `NOT_ONLINE`, `PARTY_FULL`, `ALREADY_IN_PARTY`, `NO_INVITATION`, `NOT_IN_PARTY`.
            code: String,
        },
    }
}

crate::wire_struct! {
    /// A member of a party.
    pub struct PartyMember {
        /// Who.
        pub character: CharacterId,
        /// Its name.
        pub name: String,
        /// Whether it is in a world now.
        pub online: bool,
    }
}
