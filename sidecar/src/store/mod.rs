//! Persistent storage: one trait for each concern, and their one implementation in SQL.
//!
//! Services use only the traits. SQL text keeps to the subset that SQLite and PostgreSQL share (`$1`, RETURNING, ON
//! CONFLICT), times are BIGINT milliseconds, ids are UUIDs as TEXT. What the two do not share is in [`dialect`].
//! Columns are named, never `*`: the next version's migration may add some while this one runs.

pub mod accounts;
mod call;
pub mod characters;
mod columns;
mod connection;
pub(crate) mod dialect;
pub mod ledger;
pub mod locks;
pub mod online;
mod open;
mod pool;
pub(crate) mod retry;
pub(crate) mod rows;
mod schema;
pub mod sessions;
mod sql;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod time;

use std::sync::Arc;

pub use accounts::AccountStore;
pub use characters::CharacterStore;
pub use ledger::LedgerStore;
pub use locks::{AccountLockStore, DeadlineStore, LockStore, ServerLockStore};
pub use online::OnlineStore;
pub use schema::{OpenError, migrate};
pub use sessions::SessionStore;
pub use sql::SqlStore;
pub use time::DatabaseTime;

pub(crate) use connection::SqlConnection;
/// A row of either database.
pub(crate) use sqlx::any::AnyRow as SqlRow;

/// The stores of one database.
#[derive(Clone)]
pub struct Store {
    /// Accounts and their credentials.
    pub accounts: Arc<dyn AccountStore>,
    /// Log-ins and refresh tokens.
    pub sessions: Arc<dyn SessionStore>,
    /// Characters, without what they own.
    pub characters: Arc<dyn CharacterStore>,
    /// Character locks: who may change a character.
    pub locks: Arc<dyn LockStore>,
    /// Account locks: which log-in speaks for an account.
    pub account_locks: Arc<dyn AccountLockStore>,
    /// Server locks: which replicas and map servers there are.
    pub server_locks: Arc<dyn ServerLockStore>,
    /// The deadlines at which locks end by themselves.
    pub deadlines: Arc<dyn DeadlineStore>,
    /// What characters own.
    pub ledger: Arc<dyn LedgerStore>,
    /// Who is logged in.
    pub online: Arc<dyn OnlineStore>,
    health: Arc<dyn StoreHealth>,
}

/// The health of the database connection.
#[async_trait::async_trait]
pub trait StoreHealth: Send + Sync {
    /// Runs a trivial query.
    ///
    /// # Errors
    /// When it does not answer.
    async fn ping(&self) -> sqlx::Result<()>;

    /// The database's time in Unix milliseconds; SQLite has no clock but this process's.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn now_ms(&self) -> sqlx::Result<u64>;

    /// Updates the metrics of the connection pools.
    fn show_connections(&self);

    /// Waits for calls under way, for a limited time, and closes all connections.
    async fn close(&self);
}

impl Store {
    /// All stores over one database.
    pub fn new(sql: SqlStore) -> Self {
        let sql = Arc::new(sql);
        Self {
            accounts: sql.clone(),
            sessions: sql.clone(),
            characters: sql.clone(),
            locks: sql.clone(),
            account_locks: sql.clone(),
            server_locks: sql.clone(),
            deadlines: sql.clone(),
            ledger: sql.clone(),
            online: sql.clone(),
            health: sql,
        }
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ping(&self) -> sqlx::Result<()> {
        self.health.ping().await
    }

    /// The database's time in Unix milliseconds, which several sidecars agree on. SQLite has no clock but this
    /// process's.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn now_ms(&self) -> sqlx::Result<u64> {
        self.health.now_ms().await
    }

    /// Updates the metrics of the connection pools.
    pub fn show_connections(&self) {
        self.health.show_connections();
    }

    /// Waits for calls under way, for a limited time, and closes all connections.
    pub async fn close(&self) {
        self.health.close().await;
    }
}
