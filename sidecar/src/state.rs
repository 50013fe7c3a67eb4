//! What every handler and background task shares.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::SidecarConfig;
use crate::directory::Registry;
use crate::link::Hub;
use crate::service::classes::Classes;
use crate::service::limits::Limits;
use crate::service::passwords::Passwords;
use crate::service::tokens::TokenKeys;
use crate::store::Store;

/// The shared parts, behind one cheap handle.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// The addresses that were really bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addrs {
    /// Public API and web page.
    pub api: SocketAddr,
    /// Directory and internal routes.
    pub directory: SocketAddr,
    /// Gateway WebSocket.
    pub gateway: SocketAddr,
}

/// What [`AppState`] leads to.
pub struct Parts {
    /// Where we listen.
    pub addrs: Addrs,
    /// Every setting, checked, with the secrets (`config.secrets.ticket` signs tickets).
    pub config: SidecarConfig,
    /// The time.
    pub clock: Clock,
    /// What lasts.
    pub store: Store,
    /// Signs and checks access tokens.
    pub token_keys: TokenKeys,
    /// Hashes passwords, one at a time.
    pub passwords: Passwords,
    /// Who asked how often.
    pub limits: Limits,
    /// The classes a character may have.
    pub classes: Classes,
    /// Which map servers are alive.
    pub registry: Registry,
    /// The map servers' links.
    pub link: Hub,
    /// What `/metrics` renders; `None` where the embedding process installed no Prometheus recorder.
    pub metrics: Option<PrometheusHandle>,
    /// Cancelled when the sidecar shuts down.
    pub shutdown: CancellationToken,
    /// Background tasks and sockets; the shutdown waits for them.
    pub tasks: TaskTracker,
}

impl AppState {
    /// Shares the parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
