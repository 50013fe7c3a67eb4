//! The one store, over SQLite or PostgreSQL.
//!
//! A method borrows a connection under its own name, under which its time is recorded:
//!
//! * [`SqlStore::read`] and [`SqlStore::write`] for a single statement;
//! * [`SqlStore::begin_read`] for queries that must see the same snapshot;
//! * [`SqlStore::begin_write`] for a transaction that writes; what it checks before it writes, it locks with
//!   [`lock_rows`](super::dialect::lock_rows).

use super::call::{Lent, Transaction};
use super::dialect::{Dialect, database_time};
use super::pool::Pool;
use super::schema::{self, OpenError};
use super::{SqlConnection, StoreHealth, open};
use crate::clock::Clock;
use crate::config::{DatabaseAt, DatabaseConfig};

/// All stores over one database.
#[derive(Clone)]
pub struct SqlStore {
    read: Pool,
    write: Pool,
    dialect: Dialect,
    clock: Clock,
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
        Ok(Self { read, write, dialect, clock })
    }

    /// Lends a connection for a query that changes nothing.
    pub(crate) async fn read(&self, call: &'static str) -> sqlx::Result<Lent> {
        Lent::begin(call, &self.clock, self.read.lend()).await
    }

    /// Lends a connection for a single statement that writes.
    pub(crate) async fn write(&self, call: &'static str) -> sqlx::Result<Lent> {
        Lent::begin(call, &self.clock, self.write.lend()).await
    }

    /// Begins a transaction for queries that must all see the same snapshot.
    pub(crate) async fn begin_read(&self, call: &'static str) -> sqlx::Result<Transaction> {
        self.read(call).await?.transaction(self.dialect.begin_read()).await
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin_write(&self, call: &'static str) -> sqlx::Result<Transaction> {
        self.write(call).await?.transaction(self.dialect.begin_write()).await
    }

    /// The database's time in Unix milliseconds, which sidecars agree on. Within a transaction, it is read on its
    /// connection.
    pub(crate) async fn time(&self, connection: &mut SqlConnection) -> sqlx::Result<u64> {
        database_time(connection, &self.clock).await
    }
}

#[async_trait::async_trait]
impl StoreHealth for SqlStore {
    async fn ping(&self) -> sqlx::Result<()> {
        let mut db = self.read("ping").await?;
        sqlx::query("SELECT 1").execute(&mut *db).await.map(|_| ())
    }

    async fn now_ms(&self) -> sqlx::Result<u64> {
        let mut db = self.read("time").await?;
        self.time(&mut db).await
    }

    fn show_connections(&self) {
        let both = [&self.read, &self.write];
        // On PostgreSQL both are the same pool.
        let pools = if self.dialect == Dialect::Sqlite { &both[..] } else { &both[..1] };
        let (all, idle) = pools.iter().fold((0, 0), |(all, idle), pool| {
            let (all_here, idle_here) = pool.count();
            (all + all_here, idle + idle_here)
        });
        metrics::gauge!("realmgate_database_connections", "state" => "idle").set(idle as f64);
        metrics::gauge!("realmgate_database_connections", "state" => "in_use").set((all - idle) as f64);
    }

    async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Clock;
    use crate::store::StoreHealth;
    use crate::store::testing::{TestStore, on_both};

    on_both!(the_time_of_the_database_is_about_ours);

    async fn the_time_of_the_database_is_about_ours(store: TestStore) {
        let apart = store.now_ms().await.unwrap().abs_diff(Clock::system().now_ms());
        assert!(apart < 60_000, "{apart} ms apart");
    }
}
