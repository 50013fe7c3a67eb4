//! The door: one entry in front of services that are not ours, such as a shop in Node or a forum.
//!
//! `services.toml` lists the services ([`dictionary`]). A request for `/shop/…` goes to the service whose path is `/shop`, and a
//! Socket.IO client of the namespace `/shop` gets a socket of its own at that service ([`socketio`]). The door checks the access
//! token once ([`access`]), and passes the user on in headers that no client can set ([`http`]).
//!
//! The door keeps no state of its own: several sidecars serve the same dictionary.

pub mod access;
mod connector;
pub mod dictionary;
pub mod http;
pub mod socketio;
#[cfg(test)]
mod testing;
mod tls;
mod upstream;

#[cfg(test)]
realmgate_services::reaper!();

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use futures_util::future::join_all;
use realmgate_platform::background::Background;
use realmgate_platform::http::HttpState;
use realmgate_platform::sessions::SessionStore;
use tokio::sync::broadcast;
use uuid::Uuid;

use self::access::{Access, RECHECK_EVERY};
use self::dictionary::{Dictionary, Watch};
use self::socketio::Relay;
use self::upstream::{HEALTH_EVERY, Upstreams};

/// The door, behind a cheap handle.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

/// What [`Door`] dereferences to.
pub struct Inner {
    http: HttpState,
    access: Arc<Access>,
    upstreams: Arc<Upstreams>,
    relay: Arc<Relay>,
    watch: Arc<Watch>,
    background: Background,
    is_https: bool,
}

/// What a door needs of its process.
pub struct Parts {
    /// The services, which change with their file.
    pub watch: Arc<Watch>,
    /// Tokens, limits, trusted proxies, allowed origins.
    pub http: HttpState,
    /// The logins.
    pub sessions: SessionStore,
    /// Tasks of this process, and their end.
    pub background: Background,
    /// Whether its listener speaks TLS.
    pub is_https: bool,
    /// Signs the sessions that Socket.IO clients may recover. All replicas have the same key.
    pub recovery_key: [u8; 32],
}

impl Door {
    /// A door that is not served yet.
    pub fn new(parts: Parts) -> Self {
        let Parts { watch, http, sessions, background, is_https, recovery_key } = parts;
        let access = Access::new(http.tokens.clone(), sessions);
        let (dictionary, tls) = (watch.current(), tls::client_config());
        let upstreams = Arc::new(Upstreams::new(dictionary.clone(), tls.clone()));
        let found = upstreams.clone();
        let relay = Relay::new(socketio::Parts {
            access: access.clone(),
            services: Box::new(move |namespace| Some(found.current().of_namespace(namespace)?.service.clone())),
            tls,
            pid_key: recovery_key,
            settings: socketio_settings(&dictionary),
            shutdown: background.shutdown.clone(),
        });
        Self(Arc::new(Inner { http, access, upstreams, relay, watch, background, is_https }))
    }

    /// What the door's listener serves.
    pub fn router(&self) -> Router {
        http::router(self)
    }

    /// Follows the dictionary, runs health checks, and ends sockets as their logins end. `log_in_ends` has each login that ends, here or
    /// at another replica.
    pub fn start(&self, log_in_ends: broadcast::Receiver<Uuid>) {
        let (access, shutdown) = (self.access.clone(), self.background.shutdown.clone());
        self.background.tasks.spawn(async move { access.follow(log_in_ends, shutdown).await });
        let access = self.access.clone();
        self.background.every(RECHECK_EVERY, RECHECK_EVERY, move || {
            let access = access.clone();
            async move { access.recheck().await }
        });
        let door = self.clone();
        self.background.every(HEALTH_EVERY, HEALTH_EVERY, move || {
            let current = door.upstreams.current();
            async move {
                join_all(current.all().iter().map(|upstream| upstream.check_health())).await;
            }
        });
        let door = self.clone();
        self.background.tasks.spawn(async move {
            let mut dictionary = door.watch.current();
            while let Some(changed) = door.watch.changed(&dictionary).await {
                door.upstreams.replace(changed.clone());
                dictionary = changed;
            }
        });
    }
}

/// The relay's settings: no packet is larger than the largest that a service takes at the start.
fn socketio_settings(dictionary: &Dictionary) -> socketio::Settings {
    let defaults = socketio::Settings::default();
    let largest = dictionary.services.iter().map(|service| service.limits.max_packet_bytes).max();
    socketio::Settings { max_packet_bytes: largest.unwrap_or_default().max(defaults.max_packet_bytes), ..defaults }
}

impl Deref for Door {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl FromRef<Door> for HttpState {
    fn from_ref(door: &Door) -> Self {
        door.http.clone()
    }
}
