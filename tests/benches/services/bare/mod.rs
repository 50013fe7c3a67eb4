//! The yardstick: axum and sqlx's typed pool, the sidecar's SQL in the sidecar's transactions, and nothing else. No
//! limits, no layers, no metrics, no log, no locks in memory, no checks of what comes in. Of the world three routes stand for
//! all: one that reads, one that writes, and the longest; what goes on around it is in [`community`].

mod characters;
mod community;
mod echo;
mod enter;
mod refresh;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use tokio::net::TcpListener;

pub use echo::{ANSWER_BYTES, QUESTION_BYTES};

use crate::tokens::Keys;
use echo::Echo;

/// How the bare server is started.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The database, with the sidecar's tables
    #[arg(long)]
    database: String,
    /// What access tokens are signed with
    #[arg(long)]
    jwt_secret: String,
    /// Who acknowledges a character
    #[arg(long)]
    echo: SocketAddr,
    /// Written once it is up
    #[arg(long)]
    ready_file: PathBuf,
}

/// What handlers share.
#[derive(Clone)]
struct State {
    pool: PgPool,
    keys: Arc<Keys>,
    echo: Arc<Echo>,
}

/// A load that fails is no load: whoever sees the status gives up.
struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}", self.0)).into_response()
    }
}

/// Serves until it is killed.
pub fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(args))
}

async fn serve(args: &Args) -> Result<()> {
    // As many connections as the sidecar has by default.
    let pool = PgPoolOptions::new().max_connections(16).test_before_acquire(false).connect(&args.database).await?;
    let (keys, echo) = (Arc::new(Keys::of(&args.jwt_secret)?), Arc::new(Echo::new(args.echo)));
    let router = Router::new()
        .route("/auth/refresh", post(refresh::refresh))
        .route("/characters", get(characters::list))
        .route("/enter", post(enter::enter))
        .merge(community::routes())
        .with_state(State { pool, keys, echo });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let ready = json!({"api_addr": address, "directory_addr": address, "gateway_addr": address});
    std::fs::write(&args.ready_file, ready.to_string())?;
    let listener = listener.tap_io(|stream| {
        // A stream that is gone already shows when it is read.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

/// Locks a row by the sidecar's statement, as that does before it checks and writes.
async fn lock_row(connection: &mut PgConnection, table: &str, column: &str, key: &str) -> sqlx::Result<()> {
    let query = format!(
        "SELECT 1 FROM {table} WHERE {column} = ANY(ARRAY(SELECT json_array_elements_text(CAST($1 AS json)))) \
         ORDER BY {column} FOR NO KEY UPDATE"
    );
    sqlx::query(AssertSqlSafe(query)).bind(json!([key]).to_string()).execute(connection).await?;
    Ok(())
}
