//! The sidecar under test, on any backend: one process, or two behind one address.

use std::net::SocketAddr;

use futures_util::future::join_all;
use realmgate_tests::database::migrated_database;
use realmgate_tests::shared::Tells;
use realmgate_tests::{Api, Database, Home, Settings, SidecarProcess, TestDatabase, TestRedis};
use uuid::Uuid;

use crate::backend::Backend;
use crate::balancer::{Balancer, Listeners};

/// What each process may open of PostgreSQL, whose connections all tests share.
const CONNECTIONS: &str = "4";
/// How many seconds a call waits for PostgreSQL, which has many tests to serve at once; those about its silence say less.
const DATABASE_PATIENCE: &str = "30";

/// A sidecar with every port free.
#[derive(Debug)]
pub struct Sidecars {
    // In the order in which they go: nobody writes any more to what is dropped.
    processes: Vec<SidecarProcess>,
    balancer: Option<Balancer>,
    store: Store,
    homes: Vec<Home>,
    settings: Vec<(String, String)>,
}

#[derive(Debug)]
enum Store {
    /// A file in the home, as the secrets that were generated are.
    File,
    /// Services that several sidecars share, as they do the secrets.
    Shared { database: TestDatabase, redis: Box<TestRedis>, service_token: String, ticket_key: String },
}

impl Sidecars {
    /// Starts it with these settings and waits until it is up.
    pub async fn start(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let replicas = if backend == Backend::Replicas { 2 } else { 1 };
        let homes: Vec<Home> = (0..replicas).map(|_| Home::new()).collect();
        let store = if backend == Backend::Sqlite { Store::File } else { Store::shared().await };
        let given = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let settings = store.settings().into_iter().chain(given).collect();
        let mut sidecars = Self { processes: Vec::new(), balancer: None, store, homes, settings };
        sidecars.start_again().await;
        if backend == Backend::Replicas {
            sidecars.balancer = Some(Balancer::to(&sidecars.ready()).await);
        }
        sidecars
    }

    /// Ends every process as an operator does.
    pub async fn stop(&mut self) {
        for process in self.processes.drain(..) {
            process.stop().await;
        }
    }

    /// Starts it again in its old folders. Without a balancer its addresses are others than before.
    pub async fn start_again(&mut self) {
        let starting = self.homes.iter().enumerate().map(async |(number, home)| {
            let gateway_id = format!("gateway-{}", number + 1);
            let settings = self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let settings: Vec<_> = settings.chain([("GATEWAY_ID", gateway_id.as_str())]).collect();
            SidecarProcess::start_in(home, &settings).await
        });
        self.processes = join_all(starting).await;
        if let Some(balancer) = &self.balancer {
            balancer.lead_to(&self.ready());
        }
    }

    fn ready(&self) -> Vec<Listeners> {
        self.processes.iter().map(|process| Listeners::from(&process.ready)).collect()
    }

    fn listeners(&self) -> Listeners {
        self.balancer.as_ref().map_or_else(|| self.ready()[0], Balancer::listeners)
    }

    fn client(&self, address: SocketAddr) -> Api {
        let api = Api::new(address);
        if self.balancer.is_some() { api.unpooled() } else { api }
    }

    /// A client of the public API.
    pub fn api(&self) -> Api {
        self.client(self.listeners().api)
    }

    /// A client of the directory that shows the service token.
    pub fn directory(&self) -> Api {
        self.directory_without_token().with_token(&self.service_token())
    }

    /// A client of the directory that shows nothing.
    pub fn directory_without_token(&self) -> Api {
        self.client(self.listeners().directory)
    }

    /// Where the directory listens.
    pub fn directory_addr(&self) -> SocketAddr {
        self.listeners().directory
    }

    /// Where the gateway listens.
    pub fn gateway(&self) -> SocketAddr {
        self.listeners().gateway
    }

    /// What opens the internal routes.
    pub fn service_token(&self) -> String {
        match &self.store {
            Store::File => self.homes[0].secret("service_token"),
            Store::Shared { service_token, .. } => service_token.clone(),
        }
    }

    /// Its database.
    pub async fn database(&self) -> Database {
        match &self.store {
            Store::File => Database::open_for_writing(&self.homes[0]).await,
            Store::Shared { database, .. } => Database::at(&database.url()).await,
        }
    }

    /// Settings of a map server in this home, that joins this sidecar's directory.
    pub fn joining(&self, home: &Home) -> Settings {
        let ticket_key = match &self.store {
            Store::File => self.homes[0].secret("ticket_key"),
            Store::Shared { ticket_key, .. } => ticket_key.clone(),
        };
        Settings::in_home(home)
            .set("WORLD_DIRECTORY_URL", &format!("http://{}", self.directory_addr()))
            .set("SERVICE_TOKEN", &self.service_token())
            .set("TICKET_KEY", &ticket_key)
    }

    /// Whether one of the processes has logged this.
    pub fn has_logged(&self, text: &str) -> bool {
        self.processes.iter().any(|process| process.process.stderr().contains(text))
    }

    /// Each process by itself.
    pub fn replicas(&self) -> &[SidecarProcess] {
        &self.processes
    }
}

impl Tells for Sidecars {
    fn told(&self) -> String {
        self.processes.iter().map(Tells::told).collect()
    }
}

impl Store {
    async fn shared() -> Self {
        let database = migrated_database().await.expect("PostgreSQL was there a moment ago");
        let redis = Box::new(TestRedis::connect().expect("Redis was there a moment ago"));
        let secret = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Self::Shared { database, redis, service_token: secret(), ticket_key: secret() }
    }

    fn settings(&self) -> Vec<(String, String)> {
        let Self::Shared { database, redis, service_token, ticket_key } = self else { return Vec::new() };
        let (url, jwt_secret) = (database.url(), format!("{service_token}{ticket_key}"));
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("DATABASE_POOL", CONNECTIONS),
            ("DATABASE_ACQUIRE_SECONDS", DATABASE_PATIENCE),
            ("DATABASE_STATEMENT_SECONDS", DATABASE_PATIENCE),
            ("REDIS_URL", &redis.url),
            ("REDIS_PREFIX", &redis.prefix),
            ("JWT_SECRET", &jwt_secret),
            ("SERVICE_TOKEN", service_token),
            ("TICKET_KEY", ticket_key),
        ];
        settings.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec()
    }
}
