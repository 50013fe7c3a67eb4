//! A whole realm of processes, with a breakable hop between any two that speak with each other.

use std::net::SocketAddr;

use sqlx::Connection;
use uuid::Uuid;

use super::books::Books;
use super::fault::Parts;
use crate::api::Api;
use crate::backends::{Missing, Postgres, Redis};
use crate::binaries::binaries;
use crate::home::Home;
use crate::map_server::{MapServer, Settings};
use crate::process::{Process, command};
use crate::proxy::Proxy;
use crate::shared::Tells;
use crate::sidecar::SidecarProcess;
use crate::wait::{PATIENCE, until_within};

/// The realm's database.
const DATABASE: &str = "realm";
/// A disk that has room for a run, and can be filled in a moment.
const DISK_MEGABYTES: u32 = 160;
/// The maps, each with the server that hosts it. The first has two, so that its players have somewhere else to go.
const SERVERS: [(&str, u16); 4] = [("map-server-1", 1), ("map-server-1b", 1), ("map-server-2", 2), ("map-server-3", 3)];
/// How long a body that fights stays after its player has gone, as shipped.
const FIGHTERS_STAY: &str = "linger_combat_ms = 30000\n";
/// The same in a realm. A player who comes back waits for its old body, which mobs keep in combat: how soon everybody is
/// back says something about the programs only where that takes less time than they may.
const FIGHTERS_STAY_BRIEFLY: &str = "linger_combat_ms = 3000\n";

/// The realm.
#[derive(Debug)]
pub struct Realm {
    /// The sidecar's replicas.
    pub replicas: Vec<Replica>,
    /// The map servers.
    pub maps: Vec<Map>,
    /// The players' way to the API, in turn over all replicas.
    pub api: Proxy,
    /// The players' way to the gateway, in turn over all replicas.
    pub gateway: Proxy,
    /// The realm's own PostgreSQL.
    pub postgres: Option<Postgres>,
    /// The realm's own Redis.
    pub redis: Option<Redis>,
    /// The database, past every hop.
    pub books: Books,
    secrets: Secrets,
}

/// A sidecar replica.
#[derive(Debug)]
pub struct Replica {
    /// How others name it.
    pub id: String,
    /// Its folder.
    pub home: Home,
    /// Its way to PostgreSQL.
    pub to_postgres: Option<Proxy>,
    /// Its way to Redis.
    pub to_redis: Option<Proxy>,
    /// The process, while it runs.
    pub process: Option<SidecarProcess>,
}

/// A map server.
#[derive(Debug)]
pub struct Map {
    /// How it is started.
    pub settings: Settings,
    /// Its way to the sidecar, in turn over all replicas.
    pub to_sidecar: Proxy,
    /// The process, while it runs.
    pub process: Option<MapServer>,
}

/// What all processes share.
#[derive(Debug, Clone)]
struct Secrets {
    jwt: String,
    ticket: String,
    service: String,
}

impl Secrets {
    fn draw() -> Self {
        let secret = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Self { jwt: secret(), ticket: secret(), service: secret() }
    }
}

impl Realm {
    /// Starts everything and waits until it is up.
    ///
    /// # Errors
    /// When a program that one of the parts needs is not installed.
    ///
    /// # Panics
    /// When it does not come up; the output of what did not is in the message.
    pub async fn start(parts: Parts) -> Result<Self, Missing> {
        let postgres = match (parts.postgres, parts.small_disk) {
            (false, _) => None,
            (true, false) => Some(Postgres::start().await?),
            (true, true) => Some(Postgres::start_on_small_disk(DISK_MEGABYTES).await?),
        };
        let redis = if parts.redis { Some(Redis::start().await?) } else { None };
        let mut replicas = Vec::new();
        for number in 1..=parts.replicas {
            replicas.push(Replica::new(number, postgres.as_ref(), redis.as_ref()).await);
        }
        let books = make_tables(postgres.as_ref(), &replicas[0].home).await;
        let mut realm = Self {
            replicas,
            maps: Vec::new(),
            api: Proxy::to(&[]).await,
            gateway: Proxy::to(&[]).await,
            postgres,
            redis,
            books,
            secrets: Secrets::draw(),
        };
        for number in 0..realm.replicas.len() {
            realm.start_replica(number).await;
        }
        for (id, map) in SERVERS {
            let map = realm.map(id, map).await;
            realm.maps.push(map);
        }
        for number in 0..realm.maps.len() {
            realm.start_map(number).await;
        }
        Ok(realm)
    }

    async fn map(&self, id: &str, map: u16) -> Map {
        let to_sidecar = Proxy::to(&self.addresses(|replica| replica.ready.directory_addr)).await;
        let home = Home::new();
        let assets = home.assets_with("world.toml", FIGHTERS_STAY, FIGHTERS_STAY_BRIEFLY);
        let settings = Settings::in_home(&home)
            .map(map)
            .set("SERVER_ID", id)
            .set("WORLD_DIRECTORY_URL", &format!("http://{}", to_sidecar.address()))
            .set("SERVICE_TOKEN", &self.secrets.service)
            .set("TICKET_KEY", &self.secrets.ticket)
            .set("HOST_MAPS", "only")
            .set("ASSETS_DIR", &assets.to_string_lossy())
            .set("REALMGATE_CHAOS_CLOCK", &home.path("clock").to_string_lossy());
        Map { settings, to_sidecar, process: None }
    }

    /// Starts a map server, or starts it again in its old folder, and waits until it says that it is up.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start_map(&mut self, number: usize) {
        let map = &mut self.maps[number];
        map.process = Some(MapServer::start(&map.settings).await);
    }

    /// kill -9.
    pub fn kill_map(&mut self, number: usize) {
        self.maps[number].process = None;
    }

    /// Starts a replica, or starts it again in its old folder, and leads the hops to it.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start_replica(&mut self, number: usize) {
        let replica = &mut self.replicas[number];
        let settings = replica.settings(&self.secrets);
        let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        replica.process = Some(SidecarProcess::start_in(&replica.home, &settings).await);
        self.lead();
    }

    /// kill -9.
    pub fn kill_replica(&mut self, number: usize) {
        self.replicas[number].process = None;
        self.lead();
    }

    fn lead(&self) {
        self.api.lead_to(&self.addresses(|replica| replica.ready.api_addr));
        self.gateway.lead_to(&self.addresses(|replica| replica.ready.gateway_addr));
        let directories = self.addresses(|replica| replica.ready.directory_addr);
        self.maps.iter().for_each(|map| map.to_sidecar.lead_to(&directories));
    }

    fn addresses(&self, of: impl Fn(&SidecarProcess) -> SocketAddr) -> Vec<SocketAddr> {
        self.replicas.iter().filter_map(|replica| replica.process.as_ref()).map(of).collect()
    }

    /// How many players a map server itself counts.
    pub async fn players_on(&self, number: usize) -> u64 {
        let Some(map) = self.maps[number].process.as_ref().filter(|map| map.process.is_running()) else { return 0 };
        map.admin().figure("realmgate_players").await as u64
    }

    /// How many players all map servers count.
    pub async fn players(&self) -> u64 {
        let mut players = 0;
        for number in 0..self.maps.len() {
            players += self.players_on(number).await;
        }
        players
    }

    /// Processes that have ended though nobody ended them, each with its last words.
    pub fn ended(&self) -> Vec<String> {
        let maps = self.maps.iter().filter_map(|map| map.process.as_ref()).map(|map| &map.process);
        let replicas = self.replicas.iter().filter_map(|replica| replica.process.as_ref()).map(|one| &one.process);
        let ended = maps.chain(replicas).filter(|process| !process.is_running());
        ended.map(|process| format!("a process stopped by itself{}", process.told())).collect()
    }

    /// What does not add up in the books, by the sidecar's own audit.
    ///
    /// # Panics
    /// When the audit itself fails.
    pub async fn audit(&self) -> Vec<String> {
        let audit = self.tool("audit").await;
        let report: serde_json::Value = serde_json::from_str(&audit.stdout())
            .unwrap_or_else(|error| panic!("the audit failed: {error}{}", audit.told()));
        let faults = report["faults"].as_array().expect("the report lists faults");
        faults.iter().map(|fault| format!("audit: {fault}")).collect()
    }

    async fn tool(&self, verb: &str) -> Process {
        run_tool(verb, self.postgres.as_ref(), &self.replicas[0].home).await
    }

    /// A client of the API as players reach it.
    pub fn players_api(&self) -> Api {
        Api::new(self.api.address())
    }

    /// Every folder with the output of a process, named after it.
    pub fn homes(&self) -> Vec<(String, Home)> {
        let replicas = self.replicas.iter().map(|replica| (replica.id.clone(), replica.home.clone()));
        let maps = self.maps.iter().zip(SERVERS).map(|(map, (id, _))| (id.to_owned(), map.settings.home.clone()));
        replicas.chain(maps).collect()
    }

    /// The end of every process's output.
    pub fn told(&self) -> String {
        let replicas = self.replicas.iter().filter_map(|replica| replica.process.as_ref()).map(Tells::told);
        let maps = self.maps.iter().filter_map(|map| map.process.as_ref()).map(Tells::told);
        replicas.chain(maps).collect()
    }
}

impl Replica {
    async fn new(number: usize, postgres: Option<&Postgres>, redis: Option<&Redis>) -> Self {
        let hop = async |port| Proxy::to(&[SocketAddr::from(([127, 0, 0, 1], port))]).await;
        Self {
            id: format!("gateway-{number}"),
            home: Home::new(),
            to_postgres: match postgres {
                Some(postgres) => Some(hop(postgres.port()).await),
                None => None,
            },
            to_redis: match redis {
                Some(redis) => Some(hop(redis.port()).await),
                None => None,
            },
            process: None,
        }
    }

    fn settings(&self, secrets: &Secrets) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("GATEWAY_ID", self.id.clone()),
            ("JWT_SECRET", secrets.jwt.clone()),
            ("TICKET_KEY", secrets.ticket.clone()),
            ("SERVICE_TOKEN", secrets.service.clone()),
            ("REALMGATE_CHAOS_CLOCK", self.home.path("clock").to_string_lossy().into_owned()),
        ];
        if let Some(hop) = &self.to_postgres {
            settings.push(("DATABASE_URL", format!("postgres://postgres@{}/{DATABASE}", hop.address())));
        }
        if let Some(hop) = &self.to_redis {
            settings.push(("REDIS_URL", format!("redis://{}", hop.address())));
        }
        settings
    }
}

/// Makes the tables, and has every write observed from the first on.
async fn make_tables(postgres: Option<&Postgres>, home: &Home) -> Books {
    if let Some(postgres) = postgres {
        postgres.create_database(DATABASE).await;
    }
    let migrated = run_tool("migrate", postgres, home).await;
    let books = match postgres {
        Some(postgres) => Books::postgres(&postgres.url(DATABASE)).await,
        None => Books::sqlite(home).await,
    };
    let books = books.unwrap_or_else(|error| panic!("there is no database: {error}{}", migrated.told()));
    books.observe().await.unwrap_or_else(|error| panic!("it cannot be observed: {error}{}", migrated.told()));
    books
}

/// Runs a verb of the sidecar on the database itself, past every hop.
async fn run_tool(verb: &str, postgres: Option<&Postgres>, home: &Home) -> Process {
    let mut tool = command(&binaries().sidecar);
    tool.arg(verb).env("DATA_DIR", home.data_dir());
    if let Some(postgres) = postgres {
        tool.env("DATABASE_URL", postgres.url(DATABASE));
    }
    let tool = Process::start(home, tool);
    tool.finished_within(2 * PATIENCE).await;
    tool
}

/// Waits until PostgreSQL answers again by itself, if it does.
pub async fn postgres_is_back(postgres: &Postgres) -> bool {
    until_within("PostgreSQL is back or gone", 2 * PATIENCE, async || {
        let answers = sqlx::PgConnection::connect(&postgres.url(DATABASE)).await.is_ok();
        (answers || !postgres.is_running()).then_some(answers)
    })
    .await
}
