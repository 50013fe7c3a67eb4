//! A store for one test, on either database. [`on_both`] makes two tests of each function.

use std::ops::Deref;
use std::time::Duration;

use realmgate_skip::skip;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use uuid::Uuid;

use super::Store;
use crate::clock::Clock;
use crate::config::{DatabaseConfig, DatabaseSettings};

/// Where PostgreSQL is, unless `TEST_POSTGRES_URL` says otherwise. Its user must be allowed to create databases.
const POSTGRES: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A store that is empty at first, and gone when it is dropped.
pub(crate) struct TestStore {
    store: Store,
    config: DatabaseConfig,
    _home: Home,
}

enum Home {
    Folder { _folder: tempfile::TempDir },
    Database { _database: TestDatabase },
}

impl TestStore {
    /// A store in a SQLite file.
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = DatabaseSettings::default().resolve(folder.path()).unwrap();
        let store = Store::open(&config, Clock::system()).await.unwrap();
        Self { store, config, _home: Home::Folder { _folder: folder } }
    }

    /// A store on a PostgreSQL server; `None` if there is no server.
    pub(crate) async fn postgres() -> Option<Self> {
        let database = TestDatabase::create().await?;
        let config = database.config();
        let store = Store::open(&config, Clock::system()).await.unwrap();
        Some(Self { store, config, _home: Home::Database { _database: database } })
    }

    /// Another sidecar's store over the same database.
    pub(crate) async fn beside(&self) -> Store {
        Store::open(&self.config, Clock::system()).await.unwrap()
    }

    /// Deletes everything.
    pub(crate) async fn empty(&self) {
        for delete in [
            "DELETE FROM owned_events",
            "DELETE FROM gold_ledger",
            "DELETE FROM gold_balances",
            "DELETE FROM item_ledger",
            "DELETE FROM items",
            "DELETE FROM characters",
            "DELETE FROM refresh_tokens",
            "DELETE FROM sessions",
            "DELETE FROM credentials",
            "DELETE FROM accounts",
        ] {
            self.execute(delete).await;
        }
    }

    /// Waits until `count` transactions wait for row locks of another one. PostgreSQL only.
    pub(crate) async fn until_waiting(&self, count: i64) {
        let query = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND wait_event_type = 'Lock'";
        let asking = async {
            let mut db = self.store.sql.read("test").await.unwrap();
            loop {
                let waiting: i64 = sqlx::query_scalar(query).fetch_one(&mut *db).await.unwrap();
                if waiting >= count {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("transactions that wait for each other");
    }

    /// Runs a statement that no method of the store runs.
    pub(crate) async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&mut *self.store.sql.write("test").await.unwrap()).await.unwrap();
    }
}

impl Deref for TestStore {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

/// A PostgreSQL database that is dropped with this value.
pub(crate) struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// Creates an empty database; `None`, with a message, if there is no server, which is a failure under `CI=true`.
    #[expect(clippy::disallowed_methods, reason = "where a test's services are is no setting of the sidecar")]
    pub(crate) async fn create() -> Option<Self> {
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
    pub(crate) fn config(&self) -> DatabaseConfig {
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

/// A test on PostgreSQL of each named function, which takes a [`TestStore`].
macro_rules! on_postgres {
    ($($test:ident),+ $(,)?) => {
        $crate::testing::on_backend! {
            on_postgres_alone: $crate::store::testing::TestStore::postgres() => [$($test),+]
        }
    };
}
pub(crate) use on_postgres;

/// Two tests of each named function, which takes a [`TestStore`]: one on SQLite, one on PostgreSQL.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        $crate::testing::on_backends! {
            on_sqlite: async { Some($crate::store::testing::TestStore::sqlite().await) },
            on_postgres: $crate::store::testing::TestStore::postgres() => [$($test),+]
        }
    };
}
pub(crate) use on_both;
