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
pub(crate) use sql::lock_of;

use std::collections::BTreeMap;

use async_trait::async_trait;
use realmgate_protocol::ids::{AccountId, CharacterId, MapId, ServerId};
use realmgate_protocol::link::{CharacterLoad, Save};

use crate::lock::{CharacterLock, CookieHash, LockOwner, LockStep, Timers};

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

/// Character locks, and writes under them. Every write is one conditional statement, so a server that does not own the
/// lock writes nothing.
#[async_trait]
pub trait LockStore: Send + Sync {
    /// Finds a character that is not deleted, with its lock.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    async fn find(&self, character: CharacterId) -> sqlx::Result<Option<LockedCharacter>>;

    /// Finds those of these characters that are not deleted, with their locks.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    async fn find_all(&self, characters: &[CharacterId]) -> sqlx::Result<Vec<LockedCharacter>>;

    /// The characters of an account whose lock is not free.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    async fn held_by_account(&self, account: AccountId) -> sqlx::Result<Vec<LockedCharacter>>;

    /// The characters whose locks an owner holds.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    async fn held_by(&self, owner: &LockOwner) -> sqlx::Result<Vec<LockedCharacter>>;

    /// Replaces `from` by `to` (compare-and-swap by owner and epoch). Returns false, and changes nothing, if the lock
    /// is not `from` any more.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn change(
        &self,
        character: CharacterId,
        from: &CharacterLock,
        to: &CharacterLock,
        now_ms: u64,
    ) -> sqlx::Result<bool>;

    /// Writes soft states in one transaction; returns an outcome for each. A save shows that its character is in the
    /// world, so it clears the deadline of its lock, if it comes from the process that has the server's lock.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, a soft state cannot be encoded, or the transaction
    /// still loses to others after five retries.
    async fn save(&self, server: &ServerId, cookie: &CookieHash, saves: &[Save]) -> sqlx::Result<Vec<SaveOutcome>>;

    /// Writes a last save and takes a step of its lock, both or neither. Returns the lock after the step, or `None` if
    /// the save was fenced or the step does not fit. An older save is not written, but does not prevent the step.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, the soft state cannot be encoded, or the transaction
    /// still loses to others after five retries.
    async fn save_and_step(
        &self,
        server: &ServerId,
        save: &Save,
        step: &LockStep,
        now_ms: u64,
        timers: &Timers,
    ) -> sqlx::Result<Option<CharacterLock>>;

    /// Fences every lock of an owner: frees it under a higher epoch. Returns the characters and their accounts.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    async fn fence_all(&self, owner: &LockOwner, now_ms: u64) -> sqlx::Result<Vec<(CharacterId, AccountId)>>;

    /// Fences every lock that a gateway holds for a character on its way into a world, but not those it has lent.
    /// Returns the characters and their accounts.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    async fn fence_passing(&self, gateway: &str, now_ms: u64) -> sqlx::Result<Vec<(CharacterId, AccountId)>>;

    /// Everything a map server needs of a character; `None` if it is deleted or marked for deletion.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    async fn load(&self, character: CharacterId) -> sqlx::Result<Option<CharacterLoad>>;

    /// How many character locks each kind of owner holds.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    async fn count_by_kind(&self) -> sqlx::Result<BTreeMap<&'static str, u64>>;
}
