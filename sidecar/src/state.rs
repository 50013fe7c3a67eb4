//! State that all handlers and background tasks share.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use metrics_exporter_prometheus::PrometheusHandle;
use realmgate_community::{Community, Events};
use realmgate_door::Door;
use realmgate_platform::background::Background;
use realmgate_platform::clock::Clock;
use realmgate_platform::http::HttpState;
use realmgate_platform::limits::Limits;
use realmgate_platform::passwords::Passwords;
use realmgate_platform::redis_client::RedisClient;
use realmgate_platform::tokens::Tokens;

use crate::config::SidecarConfig;
use crate::directory::{Registry, Sessions};
use crate::fleet::Fleet;
use crate::gateway::{Gateway, Sockets};
use crate::http::{Documents, Pictures};
use crate::link::{Departures, Links, MapLinks};
use crate::replicas::Replicas;
use crate::service::accounts::Accounts;
use crate::service::characters::Characters;
use crate::service::classes::Classes;
use crate::service::figures::Figures;
use crate::service::online::Online;
use crate::service::world::{LockClock, MapServers, World};
use crate::social::PartyService;
use crate::store::Store;

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
    /// The door; `None` without the role or without services.
    pub door: Option<SocketAddr>,
    /// The listener that redirects plain HTTP to HTTPS, if there is one.
    pub redirect: Option<SocketAddr>,
}

impl Addrs {
    /// The URL of the public API, for whoever is on this machine.
    pub fn api_url(&self, tls: bool) -> String {
        let mut api = self.api;
        if api.ip().is_unspecified() {
            api.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("{}://{api}", if tls { "https" } else { "http" })
    }
}

/// The parts of [`AppState`]. Handlers take the one that they need, and pass it on.
pub struct Parts {
    /// The addresses of the listeners.
    pub addrs: Addrs,
    /// The checked configuration, with the secrets.
    pub config: SidecarConfig,
    /// The clock of this process.
    pub clock: Clock,
    /// The clock of the locks: the database's time.
    pub time: LockClock,
    /// The database.
    pub store: Store,
    /// Redis, which shares state that may be lost with other sidecars; `None` without it.
    pub redis: Option<RedisClient>,
    /// The other sidecars (replicas).
    pub replicas: Replicas,
    /// The registry of live map servers.
    pub registry: Registry,
    /// The sessions of users who are online.
    pub sessions: Sessions,
    /// The rate limits.
    pub limits: Arc<Limits>,
    /// Hashes passwords, a few at a time.
    pub passwords: Arc<Passwords>,
    /// Mints and checks tokens.
    pub tokens: Arc<Tokens>,
    /// Accounts and their log-ins.
    pub accounts: Accounts,
    /// The classes a character may have.
    pub classes: Arc<Classes>,
    /// The documents of the page.
    pub documents: Documents,
    /// The maps and pictures that the page shows.
    pub pictures: Pictures,
    /// The characters of accounts.
    pub characters: Arc<Characters>,
    /// Who is logged in.
    pub online: Online,
    /// How the realm has done in the last hours.
    pub figures: Figures,
    /// The services of the worlds.
    pub world: World,
    /// Accounts and what players have around the worlds.
    pub community: Community,
    /// Publishes to users at realtime sockets.
    pub events: Events,
    /// Parties and whispers.
    pub parties: Arc<PartyService>,
    /// The map servers, wherever their links are.
    pub map_servers: Arc<MapServers>,
    /// The map servers' links here.
    pub links: Arc<Links>,
    /// What serves the map servers that are linked here.
    pub map_links: Arc<MapLinks>,
    /// The players' sockets.
    pub sockets: Arc<Sockets>,
    /// What serves the players whose sockets are here.
    pub gateway: Arc<Gateway>,
    /// Who waits here for characters to leave.
    pub departures: Arc<Departures>,
    /// The map servers that this process manages.
    pub fleet: Arc<Fleet>,
    /// The door in front of other services; `None` without the role or without services.
    pub door: Option<Door>,
    /// What extractors and layers need.
    pub http: HttpState,
    /// Renders `/metrics`; `None` where the embedding process installed no Prometheus recorder.
    pub metrics: Option<PrometheusHandle>,
    /// Background tasks and sockets, and their end.
    pub background: Background,
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

impl FromRef<AppState> for HttpState {
    fn from_ref(state: &AppState) -> Self {
        state.http.clone()
    }
}
