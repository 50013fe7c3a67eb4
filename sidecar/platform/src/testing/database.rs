//! A database for one test, SQLite or PostgreSQL.

use realmgate_skip::skip;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use uuid::Uuid;

use super::PATIENCE;
use crate::clock::Clock;
use crate::config::{DatabaseConfig, DatabaseSettings};
use crate::database::SqlStore;

/// Where PostgreSQL is, unless `TEST_POSTGRES_URL` says otherwise. Its user must be allowed to create databases.
const POSTGRES: &str = "postgres://postgres@127.0.0.1:5432/postgres";

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
        let folder = tempfile::tempdir().unwrap();
        let config = DatabaseSettings::default().resolve(folder.path()).unwrap();
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
        let asking = async {
            let mut db = self.sql.read("test").await.unwrap();
            loop {
                let waiting: i64 = sqlx::query_scalar(query).fetch_one(&mut *db).await.unwrap();
                if waiting >= count {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("transactions that wait for each other");
    }
}

/// A PostgreSQL database that is dropped with this value.
pub struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// Creates an empty database; `None`, with a message, if there is no server, which is a failure under `CI=true`.
    #[expect(clippy::disallowed_methods, reason = "where a test's services are is no setting of the sidecar")]
    pub async fn create() -> Option<Self> {
        let server = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| POSTGRES.to_owned());
        let name = format!("realmgate_test_{}", Uuid::new_v4().simple());
        let database = Self { server, name };
        let created = database.on_server(&format!("CREATE DATABASE {} TEMPLATE template0", database.name)).await;
        if let Err(error) = created {
            skip(format_args!("no PostgreSQL (TEST_POSTGRES_URL): {error}"));
            // There is nothing to drop.
            std::mem::forget(database);
            return None;
        }
        // This test's commits must not wait for a disk that other tests keep busy: nobody needs them after a crash.
        let relaxed = format!("ALTER DATABASE {} SET synchronous_commit = off", database.name);
        database.on_server(&relaxed).await.unwrap();
        Some(database)
    }

    /// The configuration for a sidecar to open it. Few connections, since all tests share the server's.
    pub fn config(&self) -> DatabaseConfig {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        let url = format!("{server}/{}", self.name);
        let settings =
            DatabaseSettings { database_url: Some(url.into()), database_pool: 4, ..DatabaseSettings::default() };
        let mut config = settings.resolve("".as_ref()).unwrap();
        // A machine that is busy with other tests is not a silent database.
        (config.acquire, config.statement) = (PATIENCE, PATIENCE);
        config
    }

    async fn on_server(&self, sql: &str) -> sqlx::Result<()> {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.server).await?;
        connection.execute(AssertSqlSafe(sql.to_owned())).await?;
        connection.close().await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A runtime of its own: the test's runtime may be ending.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
                if let Err(error) = runtime.block_on(self.on_server(&drop)) {
                    eprintln!("the database {} is left behind: {error}", self.name);
                }
            });
        });
    }
}
