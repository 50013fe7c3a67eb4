//! PostgreSQL databases of a test's own.

#![expect(clippy::print_stderr, reason = "whoever reads a test's output must see what was not tested, or left behind")]

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
    #[expect(clippy::disallowed_methods, reason = "where a test's services are is no setting of the game")]
    pub async fn create() -> Option<Self> {
        let server = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| SERVER.to_owned());
        let name = format!("realmgate_test_{}", Uuid::new_v4().simple());
        match execute(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await {
            Ok(()) => Some(Self { server, name }),
            Err(error) => {
                let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
                assert!(!is_ci, "no PostgreSQL (TEST_POSTGRES_URL): {error}");
                eprintln!("skipped: no PostgreSQL (TEST_POSTGRES_URL): {error}");
                None
            }
        }
    }

    /// What goes into `DATABASE_URL`.
    ///
    /// # Panics
    /// When `TEST_POSTGRES_URL` names no database.
    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /DATABASE");
        format!("{server}/{}", self.name)
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

async fn execute(server: &str, sql: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await
}
