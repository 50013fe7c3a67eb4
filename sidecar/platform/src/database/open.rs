//! Opens the database: connection pools, and the statements that each new connection runs first.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, Connection};

use super::pool::{Pool, PoolOptions};
use crate::clock::Clock;
use crate::config::{DatabaseAt, DatabaseConfig};

/// Number of connections that may read a SQLite file at once.
const SQLITE_READERS: u32 = 4;
/// A connection to a server that was idle for longer than this may be dead, and is pinged first.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// How much longer we wait for an answer than PostgreSQL's own statement timeout: PostgreSQL should give up first.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

/// The connection pools for reading and for writing; on PostgreSQL they are the same pool.
pub(super) async fn pools(config: &DatabaseConfig, clock: &Clock) -> sqlx::Result<(Pool, Pool)> {
    match &config.at {
        DatabaseAt::Sqlite(file) => sqlite(file, config, clock).await,
        DatabaseAt::Postgres(url) => {
            let pool = postgres(url.expose_secret(), config, clock).await?;
            Ok((pool.clone(), pool))
        }
    }
}

/// A connection outside of any pool and without time limits, for migrations.
pub(super) async fn connection(at: &DatabaseAt) -> sqlx::Result<AnyConnection> {
    let options = match at {
        DatabaseAt::Sqlite(file) => {
            create_private(file)?;
            options(&sqlite_url(file, "rwc"))?
        }
        DatabaseAt::Postgres(url) => options(url.expose_secret())?,
    };
    AnyConnection::connect_with(&options).await
}

/// One writer, so that writes queue here in order instead of meeting "database is locked".
async fn sqlite(file: &Path, config: &DatabaseConfig, clock: &Clock) -> sqlx::Result<(Pool, Pool)> {
    create_private(file)?;
    let pool = |mode: &str, most: u32, greeting: &str| {
        let connect = options(&sqlite_url(file, mode))?;
        // A file on this machine neither falls silent nor dies.
        let (statement, trusted_idle) = (None, Duration::MAX);
        Ok::<_, sqlx::Error>(PoolOptions {
            connect,
            greeting: greeting.to_owned(),
            most,
            acquire: config.acquire,
            statement,
            trusted_idle,
        })
    };
    let write = Pool::open(pool("rwc", 1, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?, clock).await?;
    // The system caches the file anyway. With the default cache of 2 MiB each, a process grows for hours as the file
    // does.
    let read = Pool::open(pool("ro", SQLITE_READERS, "PRAGMA cache_size = -512")?, clock).await?;
    Ok((read, write))
}

async fn postgres(url: &str, config: &DatabaseConfig, clock: &Clock) -> sqlx::Result<Pool> {
    let statement_ms = config.statement.as_millis();
    // Settings that the store relies on, and that a database or a role may have set otherwise.
    let greeting = format!(
        "SET statement_timeout = {statement_ms}; SET idle_in_transaction_session_timeout = {statement_ms}; \
         SET default_transaction_isolation = 'read committed'; SET application_name = 'realmgate'"
    );
    let options = PoolOptions {
        connect: options(url)?,
        greeting,
        most: config.pool,
        acquire: config.acquire,
        statement: Some(config.statement + ANSWER_MARGIN),
        trusted_idle: TRUSTED_IDLE,
    };
    Pool::open(options, clock).await
}

fn options(url: &str) -> sqlx::Result<AnyConnectOptions> {
    install_default_drivers();
    AnyConnectOptions::from_str(url)
}

/// A file's URL, with every byte escaped that has a meaning in URLs.
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

/// Creates the file for its owner alone, since it holds password hashes. SQLite gives its companion files the same
/// permissions.
fn create_private(file: &Path) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(file).map(|_| ())
}
