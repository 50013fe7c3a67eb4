//! What every handler and background task shares.

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
use crate::link::Hub;
use crate::redis_client::RedisClient;
use crate::replicas::Replicas;
use crate::service::classes::Classes;
use crate::service::limits::Limits;
use crate::service::passwords::Passwords;
use crate::service::tokens::TokenKeys;
use crate::social::Social;
use crate::store::{DatabaseTime, Store};

/// The shared parts, behind one cheap handle.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// The addresses that were really bound; of a role that this process does not have, the one that is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addrs {
    /// Public API and web page.
    pub api: SocketAddr,
    /// Directory and internal routes.
    pub directory: SocketAddr,
    /// Gateway WebSocket.
    pub gateway: SocketAddr,
    /// The listener that sends plain HTTP to TLS, if there is one.
    pub redirect: Option<SocketAddr>,
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
    /// The database's time, in which deadlines are kept.
    pub db_time: DatabaseTime,
    /// Signs and checks access tokens.
    pub token_keys: TokenKeys,
    /// Hashes passwords, one at a time.
    pub passwords: Passwords,
    /// Who asked how often.
    pub limits: Limits,
    /// The classes a character may have.
    pub classes: Classes,
    /// Where what may be lost is shared with other sidecars.
    pub redis: Option<RedisClient>,
    /// The other sidecars.
    pub replicas: Replicas,
    /// Which map servers are alive.
    pub registry: Registry,
    /// Which users are online.
    pub sessions: Sessions,
    /// Who is in which party.
    pub social: Social,
    /// The map servers' links.
    pub link: Hub,
    /// The map servers that this process manages.
    pub fleet: Fleet,
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
