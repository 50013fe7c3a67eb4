//! What a user of the realtime socket asks of whispers, parties and the chat of maps. The sidecar carries it out, since all of it
//! reaches players in worlds too.

use realmgate_protocol::ids::CharacterId;

/// Something that a user of the realtime socket asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocialAsk {
    /// The character in whose name the user asks. `None` for the one in a world, in a party, or used last, in this order.
    pub character: Option<CharacterId>,
    /// What it asks.
    pub push: SocialPush,
}

/// What a user asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocialPush {
    /// Sends a private message.
    Whisper {
        /// A character's name, `@` and a user name, a display name or a user's id.
        to: String,
        /// The text.
        text: String,
    },
    /// Sends a text to the chat of a map.
    MapChat {
        /// The map's id.
        map: u16,
        /// The text.
        text: String,
    },
    /// Invites a user to the party, which is founded if needed.
    PartyInvite {
        /// As of a whisper.
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
}

/// Why something that a user asks is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocialRefusal {
    /// There is no such user, or it is neither in a world nor at a realtime socket.
    NotFound,
    /// Several users have the display name.
    Ambiguous,
    /// One of both blocks the other.
    Ignored,
    /// An administrator has muted the user.
    Muted,
    /// The user has sent too many texts.
    RateLimited,
    /// The text has too many bytes.
    TooLong,
    /// The text shows nothing.
    Empty,
    /// The text has characters that no line may have.
    BadText,
    /// The user has no such character, or none at all.
    NoCharacter,
    /// The party has no place left.
    PartyFull,
    /// The user or the guest is in a party already.
    AlreadyInParty,
    /// There is no such invitation.
    NoInvitation,
    /// The user is in no party.
    NotInParty,
    /// The guest was invited a moment ago.
    AlreadyAsked,
}

impl SocialRefusal {
    /// The stable code that the client gets.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Ambiguous => "ambiguous",
            Self::Ignored => "ignored",
            Self::Muted => "muted",
            Self::RateLimited => "rate_limited",
            Self::TooLong => "too_long",
            Self::Empty => "empty",
            Self::BadText => "bad_text",
            Self::NoCharacter => "no_character",
            Self::PartyFull => "party_full",
            Self::AlreadyInParty => "already_in_party",
            Self::NoInvitation => "no_invitation",
            Self::NotInParty => "not_in_party",
            Self::AlreadyAsked => "already_asked",
        }
    }
}
