//! Opens the database: connections, and what each of them is told first.

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

/// How many may read a SQLite file at once.
const SQLITE_READERS: u32 = 4;
/// A connection to a server that was idle for longer may be dead, and is asked first.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// How much longer than PostgreSQL may work on a statement we wait for its answer: it is to be the one that gives up.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

/// The pools for reading and for writing; on PostgreSQL they are one.
pub(super) async fn pools(config: &DatabaseConfig, clock: &Clock) -> sqlx::Result<(Pool, Pool)> {
    match &config.at {
        DatabaseAt::Sqlite(file) => sqlite(file, config, clock).await,
        DatabaseAt::Postgres(url) => {
            let pool = postgres(url.expose_secret(), config, clock).await?;
            Ok((pool.clone(), pool))
        }
    }
}

/// A connection outside of any pool, without limits in time: for migrations.
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
        // A file of this machine is neither silent nor dead.
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
    let read = Pool::open(pool("ro", SQLITE_READERS, "")?, clock).await?;
    Ok((read, write))
}

async fn postgres(url: &str, config: &DatabaseConfig, clock: &Clock) -> sqlx::Result<Pool> {
    let statement_ms = config.statement.as_millis();
    // What a database or a role may have set otherwise, and the store relies on.
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
