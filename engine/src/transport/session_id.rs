//! What connections are called: by their transport, and by everybody else.

use serde::{Deserialize, Serialize};

/// A connection as its transport knows it: netcode's client id, which is the random id of the ticket that the client
/// connected with. Of one transport, no two are connected at once under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// Which of a host's transports: its index in [`Transports`](super::Transports).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TransportIndex(pub(super) usize);

/// One connection of one client, over whichever transport.
///
/// The transport is part of the id: so what is sent finds its way without a look-up, and a client that shows another's
/// client id over a second transport is never taken for it.
///
/// In a recording it is the client id alone. That is enough within a channel: only admitted sessions get there, with
/// the id of their ticket for a client id, and a ticket admits once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub struct SessionId {
    /// The connection, as its transport knows it.
    pub client: ClientId,
    /// The transport.
    pub transport: TransportIndex,
}

/// The session of a client of the first transport.
impl From<u64> for SessionId {
    fn from(client: u64) -> Self {
        Self { client: ClientId(client), transport: TransportIndex::default() }
    }
}

impl From<SessionId> for u64 {
    fn from(session: SessionId) -> Self {
        session.client.0
    }
}
