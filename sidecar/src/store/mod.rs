//! Persistent storage: a store for each concern, all of them over one database.
//!
//! Services hold the stores that they need, and only stores have SQL. Its rules are in [`realmgate_platform::database`].

pub mod accounts;
pub mod characters;
pub mod ledger;
pub mod locks;
pub mod online;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use accounts::AccountStore;
pub use characters::CharacterStore;
pub use ledger::LedgerStore;
pub use locks::{AccountLockStore, DeadlineStore, LockStore, ServerLockStore};
pub use online::OnlineStore;

use realmgate_platform::clock::Clock;
use realmgate_platform::config::DatabaseConfig;
use realmgate_platform::database::{OpenError, SqlStore};
use realmgate_platform::sessions::SessionStore;

/// The stores of one database. Each is a cheap handle of its own.
#[derive(Clone)]
pub struct Store {
    /// Accounts and their credentials.
    pub accounts: AccountStore,
    /// Log-ins and refresh tokens.
    pub sessions: SessionStore,
    /// Characters, without what they own.
    pub characters: CharacterStore,
    /// Character locks: who may change a character.
    pub locks: LockStore,
    /// Account locks: which log-in speaks for an account.
    pub account_locks: AccountLockStore,
    /// Server locks: which replicas and map servers there are.
    pub server_locks: ServerLockStore,
    /// The deadlines at which locks end by themselves.
    pub deadlines: DeadlineStore,
    /// What characters own.
    pub ledger: LedgerStore,
    /// Who is logged in.
    pub online: OnlineStore,
    sql: SqlStore,
}

impl Store {
    /// Opens the database.
    ///
    /// # Errors
    /// As [`SqlStore::open`].
    pub async fn open(config: &DatabaseConfig, clock: Clock) -> Result<Self, OpenError> {
        SqlStore::open(config, clock).await.map(Self::over)
    }

    /// The stores of a database that is open.
    pub fn over(sql: SqlStore) -> Self {
        Self {
            accounts: AccountStore(sql.clone()),
            sessions: SessionStore::new(sql.clone()),
            characters: CharacterStore(sql.clone()),
            locks: LockStore(sql.clone()),
            account_locks: AccountLockStore(sql.clone()),
            server_locks: ServerLockStore(sql.clone()),
            deadlines: DeadlineStore(sql.clone()),
            ledger: LedgerStore::new(sql.clone()),
            online: OnlineStore(sql.clone()),
            sql,
        }
    }

    /// Checks that the database answers, by a trivial query.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ping(&self) -> sqlx::Result<()> {
        self.sql.ping().await
    }

    /// The database's time in Unix milliseconds, which several sidecars agree on. SQLite has no clock but this
    /// process's.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn now_ms(&self) -> sqlx::Result<u64> {
        let mut db = self.sql.read("time").await?;
        self.sql.time(&mut db).await
    }

    /// Updates the metrics of the connection pools.
    pub fn show_connections(&self) {
        let (all, idle) = self.sql.count_connections();
        metrics::gauge!("realmgate_database_connections", "state" => "idle").set(idle as f64);
        metrics::gauge!("realmgate_database_connections", "state" => "in_use").set((all - idle) as f64);
    }

    /// The database itself, for services with stores of their own.
    pub fn sql(&self) -> &SqlStore {
        &self.sql
    }

    /// Waits for calls under way, for a limited time, and closes all connections.
    pub async fn close(&self) {
        self.sql.close().await;
    }
}
