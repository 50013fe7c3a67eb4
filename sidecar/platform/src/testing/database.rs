//! A database for one test, SQLite or PostgreSQL.

use std::path::{Path, PathBuf};

use realmgate_services::run;
use tokio::sync::OnceCell;

use super::PATIENCE;
use crate::clock::Clock;
use crate::config::{DatabaseAt, DatabaseConfig, DatabaseSettings};
use crate::database::{SqlStore, migrate};

/// A database with empty tables, gone when it is dropped.
pub struct TestSql {
    /// What stores borrow their connections from.
    pub sql: SqlStore,
    /// Where the database is.
    pub config: DatabaseConfig,
    _home: Home,
}

enum Home {
    Folder { _folder: tempfile::TempDir },
    Database { _database: TestDatabase },
}

impl TestSql {
    /// In a SQLite file.
    pub async fn sqlite() -> Self {
        let folder = super::folder();
        let config = DatabaseSettings::default().resolve(folder.path()).unwrap();
        let DatabaseAt::Sqlite(file) = &config.at else { panic!("a database without an address is a file") };
        create_sqlite(file).await;
        Self::open(config, Home::Folder { _folder: folder }).await
    }

    /// On a PostgreSQL server; `None` if there is no server.
    pub async fn postgres() -> Option<Self> {
        let database = TestDatabase::create().await?;
        Some(Self::open(database.config(), Home::Database { _database: database }).await)
    }

    async fn open(config: DatabaseConfig, home: Home) -> Self {
        let sql = SqlStore::open(&config, Clock::system()).await.unwrap();
        Self { sql, config, _home: home }
    }

    /// Runs a statement that no method of a store runs.
    pub async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&mut *self.sql.write("test").await.unwrap()).await.unwrap();
    }

    /// Waits until `count` transactions wait for row locks of another one. PostgreSQL only.
    pub async fn until_waiting(&self, count: i64) {
        let query = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND wait_event_type = 'Lock'";
        let waiting = async {
            let mut db = self.sql.read("test").await.unwrap();
            while sqlx::query_scalar::<_, i64>(query).fetch_one(&mut *db).await.unwrap() < count {
                super::a_moment().await;
            }
        };
        super::soon("transactions that wait for each other", waiting).await;
    }
}

/// Creates a SQLite file with empty tables, and its folder: a copy of one that was migrated once for all tests of a program.
pub async fn create_sqlite(file: &Path) {
    static MIGRATED: OnceCell<PathBuf> = OnceCell::const_new();
    let migrated = MIGRATED.get_or_init(|| async {
        let file = run().folder().join("migrated.db");
        migrate(&DatabaseAt::Sqlite(file.clone())).await.unwrap();
        file
    });
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::copy(migrated.await, file).unwrap();
}

/// A PostgreSQL database with empty tables.
pub struct TestDatabase(realmgate_services::TestDatabase);

impl TestDatabase {
    /// Finds one that no other test uses; `None`, with a message, if there is no server, which is a failure under
    /// `CI=true`.
    pub async fn create() -> Option<Self> {
        let migrate = async |url: &str| migrate(&DatabaseAt::Postgres(url.into())).await;
        realmgate_services::TestDatabase::migrated(migrate).await.map(Self)
    }

    /// The configuration for a sidecar to open it. Few connections, since all tests share the server's.
    pub fn config(&self) -> DatabaseConfig {
        let url = Some(self.0.url().into());
        let settings = DatabaseSettings { database_url: url, database_pool: 4, ..DatabaseSettings::default() };
        let mut config = settings.resolve("".as_ref()).unwrap();
        // A machine that is busy with other tests is not a silent database.
        (config.acquire, config.statement) = (PATIENCE, PATIENCE);
        config
    }
}
