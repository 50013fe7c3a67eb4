//! A map server with its sidecar: inside it on SQLite, beside it on the other backends.

use std::net::SocketAddr;

use realmgate_tests::shared::Tells;
use realmgate_tests::{Api, Database, Home, MapServer, Settings};

use crate::backend::Backend;
use crate::sidecars::Sidecars;

/// A world of one map server; [`World::second_server`] brings another one into it.
#[derive(Debug)]
pub struct World {
    /// The map server.
    pub server: MapServer,
    /// `None` where it is inside the map server.
    sidecars: Option<Sidecars>,
}

impl World {
    /// Starts it, each process with these settings, and waits until the map link is up.
    pub async fn start(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let sidecars = match backend {
            Backend::Sqlite => None,
            Backend::Postgres | Backend::Replicas => Some(Sidecars::start(backend, settings).await),
        };
        let joining = sidecars.as_ref().map_or_else(Settings::new, |sidecars| sidecars.joining(&Home::new()));
        let joining = settings.iter().fold(joining, |joining, (key, value)| joining.set(key, value));
        Self { server: MapServer::start_linked(&joining).await, sidecars }
    }

    /// Starts a second map server, which hosts this map.
    pub async fn second_server(&self, map: u16) -> MapServer {
        let joining = match &self.sidecars {
            Some(sidecars) => sidecars.joining(&Home::new()),
            None => Settings::beside(&self.server),
        };
        MapServer::start_linked(&joining.map(map)).await
    }

    /// A client of the public API.
    pub fn api(&self) -> Api {
        self.sidecars.as_ref().map_or_else(|| self.server.api(), Sidecars::api)
    }

    /// Where the gateway listens.
    pub fn gateway(&self) -> SocketAddr {
        self.sidecars.as_ref().map_or_else(|| self.server.gateway(), Sidecars::gateway)
    }

    /// The database.
    pub async fn database(&self) -> Database {
        match &self.sidecars {
            Some(sidecars) => sidecars.database().await,
            None => Database::open_for_writing(&self.server.settings.home).await,
        }
    }
}

impl Tells for World {
    fn told(&self) -> String {
        let sidecars = self.sidecars.as_ref().map(Tells::told).unwrap_or_default();
        sidecars + &self.server.told()
    }
}
