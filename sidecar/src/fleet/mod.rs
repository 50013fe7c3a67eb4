//! The server manager: starts a map server when a player wants to enter a map that no server hosts, or whose servers
//! are full, and stops it when it is empty.
//!
//! A [`ServerAdapter`] decides how a server is started; [`local`] starts `start_server` as a child. When one is
//! started, and for how long it is kept, is decided here: [`board`] says whether another may start, a task of
//! [`keeper`] watches each one from its start to its end, and [`Wait`] is the one call that the search for a place
//! makes ([`crate::service::world`]).

mod board;
mod demand;
mod keeper;
pub mod local;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use realmgate_protocol::ids::{MapId, ServerId};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use demand::Wait;

use board::Board;
use local::LocalAdapter;
use realmgate_platform::clock::Clock;

use crate::config::SidecarConfig;
use crate::directory::Registry;
use crate::state::Addrs;
use crate::store::LockStore;

/// How long all servers may take to be gone. Longer than an adapter lets one drain before it kills it.
const CLOSE_WITHIN: Duration = Duration::from_secs(30);

/// Why a server could not be started, or is gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Ended {
    /// Whether it ended as requested, by us or by somebody else. A server that did not is not started again at once.
    pub well: bool,
    /// What is known about the end, for the log.
    pub why: String,
}

/// The health of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Its ticks advance.
    Well,
    /// It is there but does not answer, or its ticks do not advance.
    Failing,
}

/// A source of map servers. A server has its id from the moment it is requested, and registers with the directory under
/// that id, like any other.
///
/// The trait has the shape of a cluster's scheduler. For Agones: `allocate` makes a `GameServer` whose `SERVER_ID` is
/// its name; `ready` and `ended` watch its state; `health` reads it; `shutdown` deletes it, with a grace period as long
/// as a drain.
#[async_trait]
pub trait ServerAdapter: Send + Sync {
    /// The maps that it can start a server for.
    ///
    /// # Errors
    /// When the maps cannot be listed.
    async fn maps(&self) -> Result<BTreeSet<MapId>, Ended>;

    /// Requests a server for a map. It need not be ready yet.
    ///
    /// # Errors
    /// When the server cannot be started.
    async fn allocate(&self, map: MapId) -> Result<ServerId, Ended>;

    /// Waits until the server is registered, linked and ticking.
    ///
    /// # Errors
    /// When the server ended before it was ready, or there is no such server.
    async fn ready(&self, server: &ServerId) -> Result<(), Ended>;

    /// Waits until the server is gone, for whatever reason.
    async fn ended(&self, server: &ServerId) -> Ended;

    /// The current health of a server that was ready.
    async fn health(&self, server: &ServerId) -> Health;

    /// Lets the server drain, ends it if it does not, and waits until it is gone.
    async fn shutdown(&self, server: &ServerId);
}

/// The servers that this process manages.
pub struct Fleet {
    adapter: Option<Arc<dyn ServerAdapter>>,
    board: Mutex<Board>,
    changed: watch::Sender<()>,
    closing: CancellationToken,
    idle: Duration,
    /// How long a player waits for a server to start.
    wait: Duration,
    registry: Registry,
    locks: LockStore,
    clock: Clock,
    tasks: TaskTracker,
}

impl Fleet {
    /// The manager for these settings; its servers register at `addrs.directory`. The registry tells which servers
    /// there are, the locks who is on them; each server that is started is a task.
    pub fn new(
        config: &SidecarConfig,
        addrs: Addrs,
        registry: Registry,
        locks: LockStore,
        clock: Clock,
        tasks: TaskTracker,
    ) -> Self {
        let local = config.fleet.as_ref();
        let (most, starts_per_min) = local.map_or((0, 0), |local| (local.most, local.starts_per_min));
        Self {
            adapter: local.map(|local| Arc::new(LocalAdapter::new(local, config, addrs)) as Arc<dyn ServerAdapter>),
            board: Mutex::new(Board::new(most, starts_per_min)),
            changed: watch::Sender::new(()),
            closing: CancellationToken::new(),
            idle: local.map_or(Duration::MAX, |local| local.idle),
            wait: local.map_or(Duration::ZERO, |local| local.wait),
            registry,
            locks,
            clock,
            tasks,
        }
    }

    /// Starts no more servers, lets every server drain, and waits until all are gone. They save through our map link,
    /// so this comes before anything else ends.
    pub async fn close(&self) {
        self.board(Board::close);
        self.closing.cancel();
        let mut changed = self.changed.subscribe();
        let all_gone = async {
            while !self.board(|board| board.is_empty()) {
                // The sender is ours, so it does not end.
                let _ = changed.changed().await;
            }
        };
        if timeout(CLOSE_WITHIN, all_gone).await.is_err() {
            tracing::error!("shutting down before all map servers ended");
        }
    }

    /// Number of changes of the board so far.
    fn changes(&self) -> u64 {
        self.board(|board| board.changes())
    }

    /// Reads the board or changes it. After a change, waiting searches look again.
    fn board<T>(&self, act: impl FnOnce(&mut Board) -> T) -> T {
        let mut board: MutexGuard<'_, Board> = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = board.changes();
        let result = act(&mut board);
        if board.changes() != seen {
            board.show();
            drop(board);
            self.changed.send_replace(());
        }
        result
    }
}
