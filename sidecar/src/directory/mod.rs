//! Who is there: which map servers are alive, and which users are online.

mod in_process;
mod server;
mod sessions;

use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use realmgate_protocol::ids::{MapId, ServerId};

pub use in_process::InProcessRegistry;
pub use server::{Cookie, MapServer, Registration};
pub use sessions::{SessionEntry, Sessions};

use crate::clock::Clock;
use crate::config::SidecarConfig;
use crate::error::Error;

/// How long a map server is listed after it was last heard of.
pub const TTL_MS: u64 = 30_000;
/// How often map servers are to be heard of.
pub const HEARTBEAT_INTERVAL_MS: u64 = 15_000;

/// What a registration came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// What the server shows to renew.
    pub cookie: Cookie,
    /// Whether it was listed already.
    pub renewed: bool,
}

/// Where map servers are listed. An entry that is not renewed within [`TTL_MS`] is gone.
#[async_trait]
pub trait ServerRegistry: Send + Sync {
    /// Lists a map server, or renews it. `SERVER_ID_TAKEN` where the id is alive elsewhere.
    async fn register(&self, registration: Registration) -> Result<Registered, Error>;

    /// Renews a map server; false where it is not listed and has to register again.
    async fn heartbeat(&self, id: &ServerId, current_players: u32, load: f64) -> Result<bool, Error>;

    /// Every live map server, by id.
    async fn servers(&self) -> Result<Vec<MapServer>, Error>;

    /// One map server.
    async fn find(&self, id: &ServerId) -> Result<Option<MapServer>, Error>;

    /// Takes a map server off the list.
    async fn remove(&self, id: &ServerId) -> Result<(), Error>;

    /// The live map servers of a map, the least loaded first.
    async fn hosting(&self, map: MapId) -> Result<Vec<MapServer>, Error> {
        let mut servers = self.servers().await?;
        servers.retain(|server| server.supported_maps.contains(&map));
        servers.sort_by(|a, b| a.fullness().total_cmp(&b.fullness()).then_with(|| a.id.cmp(&b.id)));
        Ok(servers)
    }
}

/// A shared handle on the registry.
#[derive(Clone)]
pub struct Registry(Arc<dyn ServerRegistry>);

impl Registry {
    /// An empty registry in this process.
    pub fn new(_config: &SidecarConfig, clock: Clock) -> Self {
        Self(Arc::new(InProcessRegistry::new(clock)))
    }
}

impl Deref for Registry {
    type Target = dyn ServerRegistry;
    fn deref(&self) -> &(dyn ServerRegistry + 'static) {
        &*self.0
    }
}
