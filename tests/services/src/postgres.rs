//! PostgreSQL databases of a test's own.

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use realmgate_skip::skip;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};

use crate::run::run;

/// Where PostgreSQL is, unless `TEST_POSTGRES_URL` names another. Its user must be allowed to create databases.
const SERVER: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Migrated databases that no test uses at the moment. To empty one takes milliseconds; to create and drop one takes a
/// second, since each waits for the disk.
static IDLE: Mutex<Vec<Migrated>> = Mutex::new(Vec::new());

/// Everything but the rows: columns, constraints, indexes, functions, triggers, settings and migrations.
const SCHEMA: &str = "SELECT md5(string_agg(line, ',' ORDER BY line)) FROM ( \
    SELECT concat_ws(':', relname, attname, atttypid, attnotnull, atthasdef) AS line FROM pg_class \
      JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace AND attnum > 0 \
    UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
    UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal \
    UNION ALL SELECT setconfig::text FROM pg_db_role_setting \
      WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    UNION ALL SELECT concat_ws(':', version, success, checksum::text) FROM _sqlx_migrations) AS lines";

/// Keeps the rows that migrations have inserted, to insert them again.
const KEEP_ROWS: &str = "CREATE SCHEMA kept; DO $$ DECLARE name text; has_rows boolean; BEGIN \
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations' LOOP \
      EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', name) INTO has_rows; \
      IF has_rows THEN EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name); END IF; \
    END LOOP; END $$";

/// Brings every row back to what it was after the migrations. Foreign keys are not looked at meanwhile.
const RESET_ROWS: &str = "DO $$ DECLARE name text; BEGIN \
    PERFORM set_config('session_replication_role', 'replica', true); \
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations' LOOP \
      EXECUTE format('DELETE FROM public.%I', name); END LOOP; \
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP \
      EXECUTE format('INSERT INTO public.%I TABLE kept.%I', name, name); END LOOP; END $$";

/// Ends what the test before may have left open, and waits for it.
const CUT_OTHERS: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// A database of a test's own. The reaper drops it after the run.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    /// What its schema was after the migrations, where it can be emptied and used again.
    schema: Option<String>,
}

#[derive(Debug)]
struct Migrated {
    name: String,
    schema: String,
}

impl TestDatabase {
    /// Creates a database without tables; `None`, with a message, if there is no server, which is a failure on CI.
    pub async fn create() -> Option<Self> {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{number}", prefix(run().id()));
        run().uses(&format!("postgres {server}"));
        execute(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await.map_err(skip_postgres).ok()?;
        // Commits must not wait for a disk that other tests keep busy: nobody needs them after a crash.
        let relaxed = format!("ALTER DATABASE {name} SET synchronous_commit = off");
        execute(&server, relaxed).await.expect("a database of our own can be altered");
        Some(Self { name, schema: None })
    }

    /// A database with the tables that `migrate` makes, given its URL, and no row but those of the migrations. One that
    /// an earlier test has used is emptied and used again, unless that test has changed its schema.
    ///
    /// # Panics
    /// When the migrations fail.
    pub async fn migrated<E: Display>(migrate: impl AsyncFnOnce(&str) -> Result<(), E>) -> Option<Self> {
        while let Some(idle) = take_idle() {
            if idle.reset().await.is_ok_and(|is_as_before| is_as_before) {
                return Some(Self { name: idle.name, schema: Some(idle.schema) });
            }
        }
        let mut database = Self::create().await?;
        if let Err(error) = migrate(&database.url()).await {
            panic!("the database of a test cannot be migrated: {error}");
        }
        database.schema = database.keep_rows().await.ok();
        Some(database)
    }

    /// Whether there is a server; a message says so if not, and on CI it is a failure.
    pub async fn is_possible() -> bool {
        execute(&server(), "SELECT 1".to_owned()).await.map_err(skip_postgres).is_ok()
    }

    /// What goes into `DATABASE_URL`.
    pub fn url(&self) -> String {
        url_of(&self.name)
    }

    /// Runs a statement in it.
    ///
    /// # Panics
    /// When the statement fails.
    pub async fn execute(&self, sql: &str) {
        execute(&self.url(), sql.to_owned()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Makes its tables seem those of an older program, which knew one migration less.
    ///
    /// # Panics
    /// When they were never migrated.
    pub async fn forget_newest_migration(&self) {
        self.execute("DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)").await;
    }

    /// Prepares it for being used again. Fails where the user is no superuser, who alone may skip foreign keys.
    async fn keep_rows(&self) -> sqlx::Result<String> {
        let mut connection = PgConnection::connect(&self.url()).await?;
        connection.execute(KEEP_ROWS).await?;
        connection.execute(RESET_ROWS).await?;
        let schema = sqlx::query_scalar(SCHEMA).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(schema)
    }
}

impl Migrated {
    /// Empties it; whether its schema is as it was after the migrations.
    async fn reset(&self) -> sqlx::Result<bool> {
        let mut connection = PgConnection::connect(&url_of(&self.name)).await?;
        connection.execute(CUT_OTHERS).await?;
        let schema: String = sqlx::query_scalar(SCHEMA).fetch_one(&mut connection).await?;
        if schema != self.schema {
            return Ok(false);
        }
        connection.execute(RESET_ROWS).await?;
        connection.close().await?;
        Ok(true)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(schema) = self.schema.take() {
            let idle = Migrated { name: std::mem::take(&mut self.name), schema };
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        }
    }
}

fn take_idle() -> Option<Migrated> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// Drops every database of a run.
pub(crate) fn drop_all(server: &str, run: &str) -> sqlx::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = PgConnection::connect(server).await?;
        let names = sqlx::query_scalar("SELECT datname FROM pg_database WHERE starts_with(datname, $1)");
        let names: Vec<String> = names.bind(prefix(run)).fetch_all(&mut connection).await?;
        for name in names {
            connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
        }
        connection.close().await
    })
}

fn prefix(run: &str) -> String {
    format!("realmgate_test_{run}_")
}

fn url_of(name: &str) -> String {
    let server = server();
    let (server, _) = server.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /DATABASE");
    format!("{server}/{name}")
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
