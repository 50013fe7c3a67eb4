//! PostgreSQL databases of a test's own.

#![expect(clippy::print_stderr, reason = "whoever reads a test's output must see what was left behind")]

use realmgate_skip::skip;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use uuid::Uuid;

/// Where PostgreSQL is, if `TEST_POSTGRES_URL` does not say otherwise. Whoever it names may make databases.
const SERVER: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// An empty database, dropped with this value, also when the test fails.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// Makes a database; `None`, said by name, where no server is.
    ///
    /// # Panics
    /// Where no server is, under `CI=true`.
    pub async fn create() -> Option<Self> {
        let (server, name) = (server(), format!("realmgate_test_{}", Uuid::new_v4().simple()));
        let created = execute(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let database = created.map_err(skip_postgres).ok().map(|()| Self { server, name })?;
        // What other tests make the disk do must not keep this one's commits waiting: nobody needs them after a crash.
        let relaxed = format!("ALTER DATABASE {} SET synchronous_commit = off", database.name);
        execute(&database.server, relaxed).await.expect("a database of our own can be altered");
        Some(database)
    }

    /// Whether there is a server; said by name where there is none.
    ///
    /// # Panics
    /// Where no server is, under `CI=true`.
    pub async fn is_possible() -> bool {
        execute(&server(), "SELECT 1".to_owned()).await.map_err(skip_postgres).is_ok()
    }

    /// What goes into `DATABASE_URL`.
    ///
    /// # Panics
    /// When `TEST_POSTGRES_URL` names no database.
    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /DATABASE");
        format!("{server}/{}", self.name)
    }

    /// Makes its tables seem those of an older program, which knew one migration less.
    ///
    /// # Panics
    /// When they were never migrated.
    pub async fn forget_newest_migration(&self) {
        let newest = "DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)";
        execute(&self.url(), newest.to_owned()).await.expect("the tables were migrated");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A runtime of its own: the test's may be the one that ends.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
                match runtime.map(|runtime| runtime.block_on(execute(&self.server, drop))) {
                    Ok(Ok(())) => {}
                    failed => eprintln!("the database {} is left behind: {failed:?}", self.name),
                }
            });
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "where a test's services are is no setting of the game")]
fn server() -> String {
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| SERVER.to_owned())
}

fn skip_postgres(error: sqlx::Error) {
    skip(format_args!("no PostgreSQL (TEST_POSTGRES_URL): {error}"));
}

async fn execute(server: &str, sql: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await
}
