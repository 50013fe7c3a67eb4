//! Opens the database: connections, and what each of them is told first.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, AssertSqlSafe, Connection, Executor};

use super::SqlConnection;
use crate::config::{DatabaseAt, DatabaseConfig};

/// How many may read a SQLite file at once.
const SQLITE_READERS: u32 = 4;
/// A connection to a server that was idle for longer may be dead, and is asked first.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// The pools for reading and for writing; on PostgreSQL they are one.
pub(super) async fn pools(config: &DatabaseConfig) -> sqlx::Result<(AnyPool, AnyPool)> {
    match &config.at {
        DatabaseAt::Sqlite(file) => sqlite(file, config).await,
        DatabaseAt::Postgres(url) => {
            let pool = postgres(url.expose_secret(), config).await?;
            Ok((pool.clone(), pool))
        }
    }
}

/// A connection outside of any pool, without limits in time: for migrations.
pub(super) async fn connection(at: &DatabaseAt) -> sqlx::Result<SqlConnection> {
    let options = match at {
        DatabaseAt::Sqlite(file) => {
            create_private(file)?;
            options(&sqlite_url(file, "rwc"))?
        }
        DatabaseAt::Postgres(url) => options(url.expose_secret())?,
    };
    SqlConnection::connect_with(&options).await
}

/// One writer, so that writes queue here in order instead of meeting "database is locked".
async fn sqlite(file: &Path, config: &DatabaseConfig) -> sqlx::Result<(AnyPool, AnyPool)> {
    create_private(file)?;
    // A round trip per query buys nothing where the database is a file of this process.
    let pool = |size: u32| {
        AnyPoolOptions::new().max_connections(size).acquire_timeout(config.acquire).test_before_acquire(false)
    };
    let writer = pool(1).after_connect(|connection, _| {
        Box::pin(
            async move { connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await.map(|_| ()) },
        )
    });
    let write = writer.connect_with(options(&sqlite_url(file, "rwc"))?).await?;
    let read = pool(SQLITE_READERS).connect_with(options(&sqlite_url(file, "ro"))?).await?;
    Ok((read, write))
}

async fn postgres(url: &str, config: &DatabaseConfig) -> sqlx::Result<AnyPool> {
    let statement_ms = config.statement.as_millis();
    // What a database or a role may have set otherwise, and the store relies on.
    let greeting = format!(
        "SET statement_timeout = {statement_ms}; SET idle_in_transaction_session_timeout = {statement_ms}; \
         SET default_transaction_isolation = 'read committed'; SET application_name = 'realmgate'"
    );
    let pool = AnyPoolOptions::new()
        .max_connections(config.pool)
        .acquire_timeout(config.acquire)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let greeting = AssertSqlSafe(greeting.clone());
            Box::pin(async move { connection.execute(greeting).await.map(|_| ()) })
        });
    pool.connect_with(options(url)?).await
}

fn options(url: &str) -> sqlx::Result<AnyConnectOptions> {
    install_default_drivers();
    AnyConnectOptions::from_str(url)
}

/// A file's address, with everything escaped that means something in an address.
fn sqlite_url(file: &Path, mode: &str) -> String {
    let mut url = "sqlite:".to_owned();
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => url.push(char::from(*byte)),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    format!("{url}?mode={mode}")
}

/// Makes the file for its owner alone, since it holds password hashes. SQLite gives its companions the same rights.
fn create_private(file: &Path) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(file).map(|_| ())
}
