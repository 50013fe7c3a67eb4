//! On PostgreSQL: sixteen connections, as the sidecar has them by default.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use sqlx::postgres::{PgPool, PgPoolOptions};

use super::Shared;
use super::echo::Echo;
use crate::tokens::Keys;

#[path = "routes.rs"]
#[expect(clippy::duplicate_mod, reason = "the same handlers for another type of pool")]
mod routes;

/// The kind of database that [`routes`] are for.
type Db = sqlx::Postgres;
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const BEGIN_WRITE: &str = "BEGIN";
const LOCKS_ROWS: bool = true;

/// Connections to the server.
#[derive(Clone)]
struct Pools {
    read: PgPool,
    write: PgPool,
}

/// The routes over this database.
pub async fn router(url: &str, keys: Arc<Keys>, echo: Arc<Echo>) -> Result<Router> {
    let write = PgPoolOptions::new().max_connections(16).test_before_acquire(false).connect(url).await?;
    Ok(routes::router(Shared { pool: Pools { read: write.clone(), write }, keys, echo }))
}
