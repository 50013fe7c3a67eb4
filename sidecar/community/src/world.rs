//! What the worlds must hear of accounts.

use async_trait::async_trait;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

/// The worlds, as far as accounts concern them. The sidecar implements it.
#[async_trait]
pub trait World: Send + Sync {
    /// A log-in has begun: its player may come in.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn logged_in(&self, account: AccountId, session: Uuid) -> Result<(), Error>;

    /// A log-in has been refreshed: its player may come in again for a while.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn refreshed(&self, account: AccountId, session: Uuid) -> Result<(), Error>;

    /// These log-ins have ended: their sockets close, and the player that one of them brought in is saved and leaves.
    /// Returns when that is done, or later at the end of a fight.
    ///
    /// # Errors
    /// When the database cannot be asked, or the player could not be taken out.
    async fn log_out(&self, account: AccountId, sessions: Vec<Uuid>) -> Result<(), Error>;

    /// The account's player is saved and leaves the world; its log-ins stay, so that it may come back. Returns whether it was there,
    /// when that is done, or later at the end of a fight.
    ///
    /// # Errors
    /// When the database cannot be asked, or the player could not be taken out.
    async fn kick(&self, account: AccountId) -> Result<bool, Error>;

    /// Until when the account may not chat has changed: the map server of its player is told soon.
    fn muted(&self, account: AccountId);

    /// The map where a character of the account is in the world; `None` if none is, or that cannot be told now.
    async fn map_of(&self, account: AccountId) -> Option<u16>;

    /// An account is gone: its characters are deleted, one that is still in a world as soon as it has left.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn delete_characters(&self, account: AccountId) -> Result<(), Error>;
}
