//! One realm of two replicas, on one PostgreSQL and one Redis: `clients/page/test/social-replicas.mjs` has players at both.

use std::ffi::OsStr;
use std::time::Duration;

use realmgate_skip::skip;
use realmgate_tests::browser::{Played, pictures, play_by};
use realmgate_tests::database::migrated_database;
use realmgate_tests::{Home, MapServer, Settings, SidecarProcess, TestDatabase, TestRedis};
use tokio::process::Command;

use crate::browsers;

/// A quiet machine needs less than a minute; one that builds beside it may take longer.
const WITHIN: Duration = Duration::from_secs(240);

/// Two sidecars and a map server. They are dropped in this order: nothing uses the services any more when they are.
struct Replicas {
    map_server: MapServer,
    sidecars: [SidecarProcess; 2],
    _redis: TestRedis,
    _database: TestDatabase,
}

impl Replicas {
    /// Starts them; `None`, with a message, where a service is missing.
    async fn start() -> Option<Self> {
        let (database, redis) = (migrated_database().await?, TestRedis::connect()?);
        let [service_token, ticket_key, jwt_secret] = ["service", "ticket", "jwt"].map(|of| format!("{of:->40}"));
        let url = database.url();
        let shared = [
            ("DATABASE_URL", url.as_str()),
            ("REDIS_URL", &redis.url),
            ("REDIS_PREFIX", &redis.prefix),
            ("SERVICE_TOKEN", &service_token),
            ("TICKET_KEY", &ticket_key),
            ("JWT_SECRET", &jwt_secret),
        ];
        let start = async |id| SidecarProcess::start(&[&shared[..], &[("GATEWAY_ID", id)]].concat()).await;
        let sidecars = [start("gateway-1").await, start("gateway-2").await];
        let settings = Settings::in_home(&Home::new())
            .set("WORLD_DIRECTORY_URL", &format!("http://{}", sidecars[0].ready.directory_addr))
            .set("SERVICE_TOKEN", &service_token)
            .set("TICKET_KEY", &ticket_key);
        let map_server = MapServer::start_linked(&settings).await;
        Some(Self { map_server, sidecars, _redis: redis, _database: database })
    }

    async fn stop(self) {
        self.map_server.stop().await;
        for sidecar in self.sidecars {
            sidecar.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whispers_and_a_party_pass_between_the_world_and_the_pages_of_two_replicas() {
    let _turn = browsers::turn().await;
    let Some(replicas) = Replicas::start().await else { return };
    let [first, second] = replicas.sidecars.each_ref().map(|sidecar| sidecar.ready.api_addr);
    let second = format!("http://{second}");
    let (pictures, script) = (pictures(), "social-replicas.mjs");
    let arguments = [pictures.as_os_str(), OsStr::new(&second)];
    match play_by(Command::new("node"), first, script, &arguments, WITHIN).await {
        Played::Well(_) => {}
        Played::Missing(what) => skip(format!("{what}: nobody played the page of two replicas")),
        Played::Badly(said) => panic!("{script}: {said}"),
    }
    replicas.stop().await;
}
