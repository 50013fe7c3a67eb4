//! The messages between sidecars. New variants go to the end of their enum: a variant's position is its number.

use realmgate_protocol::ids::{AccountId, CharacterId, ServerId};
use realmgate_protocol::link::{BodyPlace, PrepareRefusal, ToMap};
use realmgate_protocol::movement::Position;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::link::{Question, ReturnQuestion, WatchQuestion};

/// A request of one sidecar to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Send a message to a map server: [`Answer::Sent`] or [`Answer::NoLink`].
    ToMapServer {
        /// The map server's id.
        server: ServerId,
        /// The message to send.
        message: ToMap,
    },
    /// Have a map server expect a character: [`Answer::Prepared`], [`Answer::Refused`], [`Answer::NoLink`] or
    /// [`Answer::Unreachable`].
    Prepare {
        /// The map server's id.
        server: ServerId,
        /// The request to expect the character.
        question: Question,
    },
    /// Close the sockets of an account: [`Answer::Closed`].
    CloseSockets {
        /// The account's id.
        account: AccountId,
        /// The session of the log-in whose socket stays open; `None` closes all.
        keep_session: Option<Uuid>,
        /// The close code.
        code: u16,
        /// The reason in the close frame.
        reason: String,
    },
    /// Check whether a map server's link is there and answers: [`Answer::LinkAlive`]. A link that does not answer is
    /// closed.
    PingLink {
        /// The map server's id.
        server: ServerId,
    },
    /// Have a map server expect a spectator; answered as [`Ask::Prepare`].
    Watch {
        /// The map server's id.
        server: ServerId,
        /// The request to expect the spectator.
        question: WatchQuestion,
    },
    /// Have a map server let a player come back to its body: [`Answer::Body`] or [`Answer::NoLink`].
    Return {
        /// The map server's id.
        server: ServerId,
        /// The request to let the player come back.
        question: ReturnQuestion,
    },
    /// Check whether that sidecar has a socket of a log-in: [`Answer::LogInHere`].
    FindLogIn {
        /// The log-in's session.
        session: Uuid,
    },
}

/// The answer of the other sidecar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The message is on its way to the map server.
    Sent,
    /// The map server's link is not at that sidecar; nothing was sent.
    NoLink,
    /// The map server expects the character: where it will appear, if the map server says so.
    Prepared(Option<Position>),
    /// The map server refuses the character, and says why.
    Refused(PrepareRefusal),
    /// The map server was asked and did not answer.
    Unreachable,
    /// Sockets are being closed.
    Closed {
        /// The number of sockets.
        count: u32,
    },
    /// Whether the link is there and answers.
    LinkAlive(bool),
    /// Where the body stands, if its player may come back to it.
    Body(Option<BodyPlace>),
    /// Whether there is a socket of the log-in, a gateway's or a realtime one.
    LogInHere(bool),
}

/// News of one sidecar to all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// A character's lock is free.
    Departed {
        /// The character's id.
        character: CharacterId,
    },
    /// A log-in has ended.
    SessionEnded {
        /// The log-in's session.
        session: Uuid,
    },
    /// A character that was asked to leave fights, and its body stays for a while.
    Lingers {
        /// The character's id.
        character: CharacterId,
        /// How long at most, in milliseconds.
        longest_ms: u32,
    },
}

impl Ask {
    /// The ask's name, for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ToMapServer { .. } => "to_map_server",
            Self::Prepare { .. } => "prepare",
            Self::CloseSockets { .. } => "close_sockets",
            Self::PingLink { .. } => "ping_link",
            Self::Watch { .. } => "watch",
            Self::Return { .. } => "return",
            Self::FindLogIn { .. } => "find_log_in",
        }
    }
}
