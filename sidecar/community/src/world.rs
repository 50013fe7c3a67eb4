//! What the worlds must hear of accounts.

use std::collections::BTreeSet;

use async_trait::async_trait;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::AccountId;
use serde_json::Value;
use uuid::Uuid;

use crate::social::{SocialAsk, SocialRefusal};

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

    /// Carries out what a user of the realtime socket asks. Returns what the reply says, or why it is refused.
    ///
    /// # Errors
    /// When the database or the parties cannot be asked.
    async fn social(&self, account: AccountId, ask: SocialAsk) -> Result<Result<Value, SocialRefusal>, Error>;

    /// The party that a character of the account is in, as `party_updated` shows it; `None` if it is in none.
    ///
    /// # Errors
    /// When the database or the parties cannot be asked.
    async fn party_of(&self, account: AccountId) -> Result<Option<Value>, Error>;

    /// The names that the account's characters ignore, in small letters.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn ignored_names(&self, account: AccountId) -> Result<BTreeSet<String>, Error>;

    /// The account's first realtime socket at this sidecar has joined its topic, or its last one has left it: its parties learn of it.
    fn reach_changed(&self, account: AccountId);

    /// A client has closed a socket of a login, where that may count as its log-out.
    fn socket_closed(&self, account: AccountId, session: Uuid);

    /// An account is gone: its characters are deleted, one that is still in a world as soon as it has left.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn delete_characters(&self, account: AccountId) -> Result<(), Error>;
}
