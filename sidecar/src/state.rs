//! State that all handlers and background tasks share.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::SidecarConfig;
use crate::directory::{Registry, Sessions};
use crate::fleet::Fleet;
use crate::http::extract::UnnamedProxy;
use crate::link::Hub;
use crate::redis_client::RedisClient;
use crate::replicas::Replicas;
use crate::service::classes::Classes;
use crate::service::limits::Limits;
use crate::service::passwords::Passwords;
use crate::service::tokens::TokenKeys;
use crate::social::Social;
use crate::store::{DatabaseTime, Store};

/// The shared parts, behind a cheap handle.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// The addresses that were really bound; for a role that this process does not have, the configured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addrs {
    /// Public API and web page.
    pub api: SocketAddr,
    /// Directory and internal routes.
    pub directory: SocketAddr,
    /// Gateway WebSocket.
    pub gateway: SocketAddr,
    /// The listener that redirects plain HTTP to HTTPS, if there is one.
    pub redirect: Option<SocketAddr>,
}

/// The parts of [`AppState`].
pub struct Parts {
    /// The addresses of the listeners.
    pub addrs: Addrs,
    /// The checked configuration, with the secrets (`config.secrets.ticket` signs tickets).
    pub config: SidecarConfig,
    /// The clock of this process.
    pub clock: Clock,
    /// The database.
    pub store: Store,
    /// The database's time, by which deadlines are kept.
    pub db_time: DatabaseTime,
    /// Signs and verifies access tokens.
    pub token_keys: TokenKeys,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// The rate limits.
    pub limits: Limits,
    /// Detects a proxy that `TRUSTED_PROXIES` does not name.
    pub unnamed_proxy: UnnamedProxy,
    /// The classes a character may have.
    pub classes: Classes,
    /// Redis, which shares state that may be lost with other sidecars; `None` without it.
    pub redis: Option<RedisClient>,
    /// The other sidecars (replicas).
    pub replicas: Replicas,
    /// The registry of live map servers.
    pub registry: Registry,
    /// The sessions of users who are online.
    pub sessions: Sessions,
    /// Parties and whispers.
    pub social: Social,
    /// The map servers' links.
    pub link: Hub,
    /// The map servers that this process manages.
    pub fleet: Fleet,
    /// Renders `/metrics`; `None` where the embedding process installed no Prometheus recorder.
    pub metrics: Option<PrometheusHandle>,
    /// Cancelled when the sidecar shuts down.
    pub shutdown: CancellationToken,
    /// Background tasks and sockets. A graceful shutdown waits for them.
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
