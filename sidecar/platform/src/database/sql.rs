//! The database that all stores share: SQLite or PostgreSQL.
//!
//! A store's method borrows a connection under its own name, under which its time is recorded:
//!
//! * [`SqlStore::read`] and [`SqlStore::write`] for a single statement;
//! * [`SqlStore::begin_read`] for queries that must see the same snapshot;
//! * [`SqlStore::begin_write`] for a transaction that writes; what it checks before it writes, it locks with
//!   [`lock_rows`](super::dialect::lock_rows).

use std::time::Duration;

use super::call::{Lent, Transaction};
use super::dialect::{Dialect, database_time};
use super::pool::Pool;
use super::schema::{self, OpenError};
use super::write_probe::WriteProbe;
use super::{SqlConnection, open};
use crate::clock::Clock;
use crate::config::{DatabaseAt, DatabaseConfig};
use crate::hook_subscriptions::HookSubscriptions;

/// One database, from which the stores borrow their connections.
#[derive(Clone)]
pub struct SqlStore {
    read: Pool,
    write: Pool,
    dialect: Dialect,
    clock: Clock,
    hook_subscriptions: HookSubscriptions,
    write_probe: WriteProbe,
}

impl SqlStore {
    /// Opens the database. A SQLite file is created if it is missing, and its tables are brought up to date. Those of
    /// PostgreSQL are only if the configuration says so; otherwise they have to be new enough.
    ///
    /// # Errors
    /// [`OpenError::Sql`] when the database cannot be reached, [`OpenError::Migrate`] when a migration fails,
    /// [`OpenError::TooOld`] when the tables are older than this program needs.
    pub async fn open(config: &DatabaseConfig, clock: Clock) -> Result<Self, OpenError> {
        let dialect = match config.at {
            DatabaseAt::Sqlite(_) => Dialect::Sqlite,
            DatabaseAt::Postgres(_) => Dialect::Postgres,
        };
        schema::prepare(&config.at, dialect == Dialect::Sqlite || config.migrate).await?;
        let (read, write) = open::pools(config, &clock).await?;
        let (hook_subscriptions, write_probe) = (HookSubscriptions::default(), WriteProbe::default());
        Ok(Self { read, write, dialect, clock, hook_subscriptions, write_probe })
    }

    /// Lends a connection for a query that changes nothing.
    ///
    /// # Errors
    /// When no connection is free in time, or none can be made.
    pub async fn read(&self, call: &'static str) -> sqlx::Result<Lent> {
        Lent::begin(call, &self.clock, self.read.lend()).await
    }

    /// Lends a connection for a single statement that writes.
    ///
    /// # Errors
    /// When no connection is free in time, or none can be made.
    pub async fn write(&self, call: &'static str) -> sqlx::Result<Lent> {
        Lent::begin(call, &self.clock, self.write.lend()).await
    }

    /// Begins a transaction for queries that must all see the same snapshot.
    ///
    /// # Errors
    /// When no connection is free in time, none can be made, or the transaction cannot begin.
    pub async fn begin_read(&self, call: &'static str) -> sqlx::Result<Transaction> {
        self.read(call).await?.transaction(self.dialect.begin_read()).await
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// When no connection is free in time, none can be made, or the transaction cannot begin.
    pub async fn begin_write(&self, call: &'static str) -> sqlx::Result<Transaction> {
        self.write(call).await?.transaction(self.dialect.begin_write()).await
    }

    /// Which plugins want to hear of what: by it stores note what scripts are to hear of.
    pub fn hook_subscriptions(&self) -> &HookSubscriptions {
        &self.hook_subscriptions
    }

    /// The database's time in Unix milliseconds, which sidecars agree on. Within a transaction, it is read on its
    /// connection.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn time(&self, connection: &mut SqlConnection) -> sqlx::Result<u64> {
        database_time(connection, &self.clock).await
    }

    /// Checks that the database answers and takes writes. A PostgreSQL server that takes none, after a failover, gets no further calls on
    /// the connections to it. Whether there is room for writes, a write in the background has found when this was last called.
    ///
    /// # Errors
    /// When it does not answer, or takes no writes.
    pub async fn ping(&self) -> sqlx::Result<()> {
        match self.dialect {
            Dialect::Sqlite => {
                let mut db = self.read("ping").await?;
                sqlx::query("SELECT 1").execute(&mut *db).await?;
            }
            Dialect::Postgres => {
                let mut db = self.read("ping").await?;
                let query = "SELECT current_setting('transaction_read_only')";
                let read_only: String = sqlx::query_scalar(query).fetch_one(&mut *db).await?;
                if read_only == "on" {
                    db.condemn();
                    return Err(no_writes());
                }
            }
        }
        if self.write_probe.is_refused(self) { Err(no_writes()) } else { Ok(()) }
    }

    pub(super) fn uptime(&self) -> Duration {
        self.clock.uptime()
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// How many connections there are, and how many of them are idle.
    pub fn count_connections(&self) -> (usize, usize) {
        let both = [&self.read, &self.write];
        // On PostgreSQL both are the same pool.
        let pools = if self.dialect == Dialect::Sqlite { &both[..] } else { &both[..1] };
        pools.iter().fold((0, 0), |(all, idle), pool| {
            let (all_here, idle_here) = pool.count();
            (all + all_here, idle + idle_here)
        })
    }

    /// Waits for calls under way, for a limited time, and closes all connections.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

fn no_writes() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other("the database refuses writes"))
}
