//! The processes that are watched.

use std::net::SocketAddr;

use realmgate_services::{TestDatabase, TestRedis};

use crate::api::Api;
use crate::database::migrated_database;
use crate::home::Home;
use crate::map_server::{MapServer, Settings};
use crate::shared::Tells;
use crate::sidecar::SidecarProcess;

/// Where things are stored, and by which processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    /// One map server with the sidecar in it, on SQLite.
    Embedded,
    /// A sidecar on PostgreSQL and Redis, and a map server.
    Postgres,
}

impl Backend {
    /// As the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Postgres => "postgres",
        }
    }
}

/// One that is watched.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its program.
    pub name: &'static str,
    /// Its process.
    pub pid: u32,
    /// Where its metrics are.
    pub metrics: Api,
}

/// A world of its own; what it stored is gone with it.
#[derive(Debug)]
pub struct Realm {
    map_server: MapServer,
    sidecar: Option<SidecarProcess>,
    _database: Option<TestDatabase>,
    _redis: Option<TestRedis>,
}

impl Realm {
    /// Starts it, with room for so many players; `None`, said by name, where a service is missing.
    ///
    /// # Panics
    /// When a process does not come up; its output is in the message.
    pub async fn start(backend: Backend, players: u32) -> Option<Self> {
        // A group comes before the one it replaces has quite gone.
        let room = (2 * players).to_string();
        match backend {
            Backend::Embedded => {
                let map_server = MapServer::start_linked(&Settings::new().set("MAX_PLAYERS", &room)).await;
                Some(Self { map_server, sidecar: None, _database: None, _redis: None })
            }
            Backend::Postgres => Self::on_postgres(&room).await,
        }
    }

    async fn on_postgres(room: &str) -> Option<Self> {
        let (database, redis, home) = (migrated_database().await?, TestRedis::connect()?, Home::new());
        let url = database.url();
        let shared = [("DATABASE_URL", url.as_str()), ("REDIS_URL", &redis.url), ("REDIS_PREFIX", &redis.prefix)];
        let sidecar = SidecarProcess::start_in(&home, &shared).await;
        let settings = Settings::new()
            .set("WORLD_DIRECTORY_URL", &format!("http://{}", sidecar.ready.directory_addr))
            .set("SERVICE_TOKEN", &home.secret("service_token"))
            .set("TICKET_KEY", &home.secret("ticket_key"))
            .set("HOST_MAPS", "all")
            .set("MAX_PLAYERS", room);
        let map_server = MapServer::start_linked(&settings).await;
        Some(Self { map_server, sidecar: Some(sidecar), _database: Some(database), _redis: Some(redis) })
    }

    /// Who is watched. The sidecar's own port has the figures that cost it a query.
    pub fn parts(&self) -> Vec<Part> {
        let server = &self.map_server;
        let map = Part { name: "start_server", pid: server.process.pid(), metrics: server.admin() };
        match &self.sidecar {
            None => vec![Part { metrics: server.api(), ..map }],
            Some(sidecar) => {
                vec![map, Part { name: "sidecar", pid: sidecar.process.pid(), metrics: sidecar.api() }]
            }
        }
    }

    /// The API and the gateway.
    pub fn entrance(&self) -> (SocketAddr, SocketAddr) {
        match &self.sidecar {
            None => (self.map_server.api_addr(), self.map_server.gateway()),
            Some(sidecar) => (sidecar.ready.api_addr, sidecar.ready.gateway_addr),
        }
    }

    /// The map server's own port, whose figures cost nobody a query.
    pub fn admin(&self) -> SocketAddr {
        self.map_server.ready.admin
    }

    /// Processes that have ended though nobody ended them, each with its last words.
    pub fn ended(&self) -> Vec<String> {
        let processes = [Some(&self.map_server.process), self.sidecar.as_ref().map(|sidecar| &sidecar.process)];
        let ended = processes.into_iter().flatten().filter(|process| !process.is_running());
        ended.map(|process| format!("a process stopped by itself{}", process.told())).collect()
    }

    /// Ends it as an operator does.
    ///
    /// # Panics
    /// When a process does not end well.
    pub async fn stop(self) {
        self.map_server.stop().await;
        if let Some(sidecar) = self.sidecar {
            sidecar.stop().await;
        }
    }
}

impl Tells for Realm {
    fn told(&self) -> String {
        self.map_server.told() + &self.sidecar.as_ref().map(Tells::told).unwrap_or_default()
    }
}
