//! Who may change a character, and what is written under that right: locks, saves, and what a map server loads.

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
pub use due::{DeadlineStore, Due};
pub use server::{KnownServer, Retired, ServerLockStore};
pub(crate) use sql::lock_of;

use std::collections::BTreeMap;

use async_trait::async_trait;
use realmgate_protocol::ids::{AccountId, CharacterId, MapId, ServerId};
use realmgate_protocol::link::{CharacterLoad, Save};

use crate::lock::{CharacterLock, CookieHash, LockOwner, LockStep, Timers};

/// A character as the way into a world needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedCharacter {
    /// Who.
    pub character: CharacterId,
    /// Whose.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Where it is; `None` for one that was never in a world.
    pub map: Option<MapId>,
    /// x in 1/1,024 tile.
    pub x: i32,
    /// y in 1/1,024 tile.
    pub y: i32,
    /// Its lock.
    pub lock: CharacterLock,
}

/// What became of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveOutcome {
    /// It is durable.
    Written,
    /// A newer save of the same epoch is there already.
    Older,
    /// Somebody else owns the character now.
    Fenced,
}

/// Locks, and writes under them. Every write is one conditional statement: what does not own the lock writes nothing.
#[async_trait]
pub trait LockStore: Send + Sync {
    /// A character that is not deleted, with its lock.
    async fn find(&self, character: CharacterId) -> sqlx::Result<Option<LockedCharacter>>;

    /// Those of these characters that are not deleted, with their locks.
    async fn find_all(&self, characters: &[CharacterId]) -> sqlx::Result<Vec<LockedCharacter>>;

    /// The characters of an account whose lock is not free.
    async fn held_by_account(&self, account: AccountId) -> sqlx::Result<Vec<LockedCharacter>>;

    /// The characters whose lock an owner holds.
    async fn held_by(&self, owner: &LockOwner) -> sqlx::Result<Vec<LockedCharacter>>;

    /// Puts `to` in the place of `from`; false, and nothing changed, where the lock is not `from` any more.
    async fn change(
        &self,
        character: CharacterId,
        from: &CharacterLock,
        to: &CharacterLock,
        now_ms: u64,
    ) -> sqlx::Result<bool>;

    /// Writes soft states in one transaction; an outcome for each. A save shows that its character is in the world, which
    /// takes the deadline from its lock, if it comes from the process that has the server's lock.
    async fn save(&self, server: &ServerId, cookie: &CookieHash, saves: &[Save]) -> sqlx::Result<Vec<SaveOutcome>>;

    /// Writes a last save and takes a step under its lock, both or neither; the lock after it, or `None` where the save
    /// was fenced. An older save is not written, but does not stand against the step.
    async fn save_and_step(
        &self,
        server: &ServerId,
        save: &Save,
        step: &LockStep,
        now_ms: u64,
        timers: &Timers,
    ) -> sqlx::Result<Option<CharacterLock>>;

    /// Fences every lock of an owner; whose they were.
    async fn fence_all(&self, owner: &LockOwner, now_ms: u64) -> sqlx::Result<Vec<(CharacterId, AccountId)>>;

    /// Fences every lock that a gateway holds on somebody's way into a world, but not those it has lent; whose they were.
    async fn fence_passing(&self, gateway: &str, now_ms: u64) -> sqlx::Result<Vec<(CharacterId, AccountId)>>;

    /// Everything a map server needs of a character.
    async fn load(&self, character: CharacterId) -> sqlx::Result<Option<CharacterLoad>>;

    /// How many locks each kind of owner holds.
    async fn count_by_kind(&self) -> sqlx::Result<BTreeMap<&'static str, u64>>;
}
