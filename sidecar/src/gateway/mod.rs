//! The gateway WebSocket, `/ws`: where a player's client learns which map server to connect to.

mod farewell;
mod messages;
mod registry;
mod socket;
mod upgrade;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use messages::{ClientEvent, ServerEvent};
pub use registry::Sockets;
pub use upgrade::router;

use realmgate_platform::gates::Gates;
use realmgate_platform::limits::Limits;
use realmgate_platform::tokens::Tokens;

use crate::service::socket_closes::SocketCloses;
use crate::service::world::{AccountLocks, Entrance, Exits, SessionEntries, ThisReplica};

/// What serves the players whose sockets are here.
pub struct Gateway {
    pub(crate) this: Arc<ThisReplica>,
    pub(crate) sockets: Arc<Sockets>,
    pub(crate) accounts: Arc<AccountLocks>,
    pub(crate) entries: Arc<SessionEntries>,
    pub(crate) entrance: Arc<Entrance>,
    pub(crate) exits: Arc<Exits>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) limits: Arc<Limits>,
    /// What follows when clients close their sockets.
    pub(crate) closes: Arc<SocketCloses>,
    /// Lets one socket of an account at a time take the account's lock.
    pub(crate) claims: Gates,
    /// Entries and exits of players.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the sockets are to close.
    pub(crate) shutdown: CancellationToken,
}

#[cfg(test)]
mod tests;
