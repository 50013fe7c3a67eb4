//! The yardstick: axum and sqlx's typed pools, the sidecar's SQL in the sidecar's transactions, and nothing else. No
//! limits, no layers, no metrics, no log, no locks in memory, no checks of what comes in.

mod echo;
mod postgres;
mod sqlite;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use axum::serve::ListenerExt;
use serde_json::json;
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
struct Shared<P> {
    pool: P,
    keys: Arc<Keys>,
    echo: Arc<Echo>,
}

/// Serves until it is killed.
pub fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(args))
}

async fn serve(args: &Args) -> Result<()> {
    let keys = Arc::new(Keys::of(&args.jwt_secret)?);
    let echo = Arc::new(Echo::new(args.echo));
    let router = match args.database.strip_prefix("sqlite:") {
        Some(file) => sqlite::router(file, keys, echo).await?,
        None => postgres::router(&args.database, keys, echo).await?,
    };
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
