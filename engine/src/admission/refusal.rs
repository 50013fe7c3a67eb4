//! Why a ticket is refused.

use realmgate_protocol::ticket::TicketError;

/// Why a ticket is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TicketRefusal {
    /// The bytes are not a ticket.
    #[error("malformed ticket")]
    Malformed,
    /// Signed by a key that this server does not have.
    #[error("ticket signed with an unknown key")]
    UnknownKey,
    /// The MAC does not match.
    #[error("forged ticket")]
    Forged,
    /// Minted for another map server.
    #[error("ticket for another server")]
    WrongServer,
    /// The connection's id is not the ticket's: the ticket came from another connect token.
    #[error("ticket for another connection")]
    ForeignSession,
    /// It was announced, but its deadline has passed.
    #[error("expired ticket")]
    Expired,
    /// It has admitted a player already.
    #[error("ticket already used")]
    Reused,
    /// Never announced, cancelled, or replaced by a newer one.
    #[error("ticket was not announced")]
    NotExpected,
    /// Its character, account, epoch, map or channel differs from the announcement.
    #[error("ticket differs from its announcement")]
    IdentityMismatch,
}

impl TicketRefusal {
    /// The stable name in `realmgate_tickets_refused_total{reason}`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::Forged => "forged",
            Self::WrongServer => "wrong_server",
            Self::ForeignSession => "foreign_session",
            Self::Expired => "expired",
            Self::Reused => "reused",
            Self::NotExpected => "not_expected",
            Self::IdentityMismatch => "identity_mismatch",
        }
    }
}

impl From<TicketError> for TicketRefusal {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Malformed => Self::Malformed,
            TicketError::UnknownKey => Self::UnknownKey,
            TicketError::Forged => Self::Forged,
        }
    }
}
