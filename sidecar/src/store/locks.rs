//! The locks of characters, accounts and servers, and what is written under them: saves, and what a map server loads.

mod account;
mod due;
mod load;
mod saves;
mod server;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use account::admits_session;
pub use account::{AccountLockStore, Entering};
pub use due::{CharacterTimer, DeadlineStore, Due};
pub use server::{KnownServer, Retired, ServerLockStore};
pub use sql::LockStore;
pub(crate) use sql::lock_of;

use realmgate_protocol::ids::{AccountId, CharacterId, MapId};

use crate::lock::CharacterLock;

/// A character with its lock, as it is needed on the way into a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedCharacter {
    /// The character's id.
    pub character: CharacterId,
    /// The account that owns it.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// The map it is on; `None` if it was never in a world.
    pub map: Option<MapId>,
    /// The x coordinate in 1/1,024 tile.
    pub x: i32,
    /// The y coordinate in 1/1,024 tile.
    pub y: i32,
    /// When it is due for deletion, in Unix milliseconds; `None` if it is not.
    pub deletes_at_ms: Option<u64>,
    /// Its lock.
    pub lock: CharacterLock,
}

/// The outcome of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveOutcome {
    /// It is written.
    Written,
    /// A save with the same or a higher sequence number was already written under this epoch.
    Older,
    /// The server does not hold the character's lock under this epoch any more.
    Fenced,
}
