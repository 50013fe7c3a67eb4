//! On a SQLite file: one writer and four readers, as the sidecar has them.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::Shared;
use super::echo::Echo;
use crate::tokens::Keys;

#[path = "routes.rs"]
mod routes;

/// The kind of database that [`routes`] are for.
type Db = sqlx::Sqlite;
const BEGIN_READ: &str = "BEGIN";
const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
const LOCKS_ROWS: bool = false;

/// Connections to the file.
#[derive(Clone)]
struct Pools {
    read: SqlitePool,
    write: SqlitePool,
}

/// The routes over this file.
pub async fn router(file: &str, keys: Arc<Keys>, echo: Arc<Echo>) -> Result<Router> {
    let options = SqliteConnectOptions::new().filename(file);
    let pool = |size| SqlitePoolOptions::new().max_connections(size).test_before_acquire(false);
    let writing = options.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let write = pool(1).connect_with(writing).await?;
    let read = pool(4).connect_with(options.read_only(true)).await?;
    Ok(routes::router(Shared { pool: Pools { read, write }, keys, echo }))
}
