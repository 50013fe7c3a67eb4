//! The SQLite file: many readers, one writer.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

use super::StoreHealth;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How many may read at once.
const READERS: u32 = 4;
/// How long another process (`sidecar admin`) may hold the file before a write fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// One SQLite file. Writes go through a single connection, so that they queue here in order instead of meeting
/// "database is locked".
#[derive(Debug, Clone)]
pub struct SqliteStore {
    read: SqlitePool,
    write: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, makes it where it is missing, and brings its tables up to date.
    pub async fn open(file: &Path) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        create_private(file)?;
        // A round trip per query buys nothing where the database is a file of this process.
        let pool = |size: u32| SqlitePoolOptions::new().max_connections(size).test_before_acquire(false);
        let write = pool(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&write).await?;
        let read = pool(READERS).connect_with(options.read_only(true).create_if_missing(false)).await?;
        Ok(Self { read, write })
    }

    /// For queries that change nothing.
    pub(crate) fn read(&self) -> &SqlitePool {
        &self.read
    }

    /// For a single statement that writes.
    pub(crate) fn write(&self) -> &SqlitePool {
        &self.write
    }

    /// A transaction that holds the write lock from its start, so that what it reads first is still so when it writes.
    pub(crate) async fn begin_write(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.write.begin_with("BEGIN IMMEDIATE").await
    }
}

/// Makes the file for its owner alone, since it holds password hashes. SQLite gives its companions the same rights.
fn create_private(file: &Path) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(file).map(|_| ())
}

#[async_trait::async_trait]
impl StoreHealth for SqliteStore {
    async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1").execute(&self.read).await.map(|_| ())
    }

    async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}
