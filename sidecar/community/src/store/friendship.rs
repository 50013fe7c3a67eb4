//! What there is between two accounts: its state, the word for each state in the database, and what may become of it.

use std::str::FromStr;

use realmgate_platform::database::SqlRow;
use realmgate_platform::database::columns::parsed;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

/// How a friendship stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The target is asked.
    Pending,
    /// Both are friends.
    Accepted,
    /// The target has declined.
    Rejected,
    /// The target blocks the requester.
    Blocked,
}

/// Both sides of it, and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Friendship {
    /// Its id.
    pub id: Uuid,
    /// Who asked.
    pub requester: AccountId,
    /// Who was asked.
    pub target: AccountId,
    /// How it stands.
    pub status: Status,
}

/// What an account has too many of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Friends.
    Friends,
    /// Requests that wait.
    Requests,
    /// Blocked accounts.
    Blocks,
}

/// What has come of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; how the friendship stands now, or stood before it was deleted.
    Done(Friendship),
    /// It was so already.
    Already,
    /// One of both blocks the other.
    Blocked,
    /// There would be too many.
    TooMany(Limit),
    /// There is no such friendship or account.
    NotFound,
    /// It is not the caller's to do, or not now.
    NotAllowed,
}

/// What the sides of a friendship may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The target becomes a friend.
    Accept,
    /// The target declines.
    Reject,
    /// The target blocks the requester.
    Block,
    /// The target blocks them no more.
    Unblock,
    /// The requester withdraws, or either ends it.
    Remove,
}

impl Status {
    /// As it is stored and told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Blocked => "blocked",
        }
    }
}

/// A status that nobody writes.
#[derive(Debug, thiserror::Error)]
#[error("unknown status of a friendship")]
pub struct NoStatus;

impl FromStr for Status {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, NoStatus> {
        let all = [Self::Pending, Self::Accepted, Self::Rejected, Self::Blocked];
        all.into_iter().find(|status| status.as_str() == text).ok_or(NoStatus)
    }
}

impl Friendship {
    /// Whether it waits for an answer.
    pub fn is_request(&self) -> bool {
        self.status == Status::Pending
    }

    pub(super) fn of(row: &SqlRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: parsed(row, "friendship_id")?,
            requester: parsed(row, "requester_id")?,
            target: parsed(row, "target_id")?,
            status: parsed(row, "status")?,
        })
    }
}
