//! What sidecars say to each other. New variants go to the end of their list: their places are their numbers.

use realmgate_protocol::ids::{AccountId, CharacterId, ServerId};
use realmgate_protocol::link::{PrepareRefusal, ToMap};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::link::Question;

/// What one sidecar asks of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Say something to a map server: [`Answer::Sent`] or [`Answer::NoLink`].
    ToMapServer {
        /// Which.
        server: ServerId,
        /// What.
        message: ToMap,
    },
    /// Have a map server expect a character: [`Answer::Prepared`], [`Answer::Refused`], [`Answer::NoLink`] or
    /// [`Answer::Unreachable`].
    Prepare {
        /// Which.
        server: ServerId,
        /// What is asked of it.
        question: Question,
    },
    /// Close the sockets of an account: [`Answer::Closed`].
    CloseSockets {
        /// Whose.
        account: AccountId,
        /// Except those of this log-in.
        keep_session: Option<Uuid>,
        /// The close frame's code.
        code: u16,
        /// The close frame's reason.
        reason: String,
    },
    /// Whether a map server's link is there and answers: [`Answer::LinkAlive`]. One that does not is closed.
    PingLink {
        /// Which.
        server: ServerId,
    },
}

/// What the other one answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is on its way to the map server.
    Sent,
    /// The map server's link is not here; it has heard nothing.
    NoLink,
    /// The map server expects the character.
    Prepared,
    /// The map server does not, and says why.
    Refused(PrepareRefusal),
    /// The map server was asked and did not answer.
    Unreachable,
    /// Sockets are being closed.
    Closed {
        /// How many.
        count: u32,
    },
    /// Whether the link is there and answers.
    LinkAlive(bool),
}

/// What one sidecar tells all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// A character's lock is free.
    Departed {
        /// Whose.
        character: CharacterId,
    },
    /// A log-in has ended.
    SessionEnded {
        /// Which.
        session: Uuid,
    },
}

impl Ask {
    /// The name, for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ToMapServer { .. } => "to_map_server",
            Self::Prepare { .. } => "prepare",
            Self::CloseSockets { .. } => "close_sockets",
            Self::PingLink { .. } => "ping_link",
        }
    }
}
