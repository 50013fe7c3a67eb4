//! The whole way of a player, in a real browser: landing page, OpenID log-in, characters, `/game`, a map server that is started
//! for the player, and log-out by each door. `clients/page/test/landing-flow.mjs` is the player; after each step this looks at
//! `GET /sessions`, the entry in Redis, the locks and the map servers.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use realmgate_skip::skip;
use realmgate_tests::binaries::binaries;
use realmgate_tests::wait::PATIENCE;
use realmgate_tests::{Database, Home, Settings, SidecarProcess, TestRedis, until};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::stage::{Script, Step, What};
use crate::browsers;
use crate::one_account::settings_with;
use crate::openid::OpenIdProvider;

/// A quiet machine needs less than a minute; one that builds beside it may take longer.
const WITHIN: Duration = Duration::from_secs(300);
/// The map server that the manager starts.
const MAP_SERVER: &str = "map-server-1-gateway-1-1";

/// A delivery network in front of the sidecar: passes requests on, and notes them.
#[derive(Debug, Clone, Default)]
struct Network {
    origin: Arc<OnceLock<String>>,
    passed: Arc<Mutex<Vec<String>>>,
}

impl Network {
    /// Starts it. Returns its URL.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let routes = Router::new().route("/assets/{*address}", get(pass_on)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }

    fn passed(&self) -> Vec<String> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn pass_on(State(network): State<Network>, OriginalUri(uri): OriginalUri) -> Response {
    network.passed.lock().unwrap_or_else(PoisonError::into_inner).push(uri.path().to_owned());
    let origin = network.origin.get().expect("the sidecar is up before a page is");
    let answer = reqwest::get(format!("{origin}{uri}")).await.expect("the sidecar answers");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let kept = [CONTENT_TYPE, ACCESS_CONTROL_ALLOW_ORIGIN].map(|name| {
        let value = headers.get(&name).cloned().expect("an asset has a type, and is for all origins");
        (name, value)
    });
    (status, kept, answer.bytes().await.expect("the whole asset")).into_response()
}

/// What the server knows of one user.
struct Server {
    sidecar: SidecarProcess,
    redis: Option<TestRedis>,
    database: Database,
}

impl Server {
    /// A sidecar that starts its map servers itself, with a provider of log-ins and a delivery network.
    async fn start(provider: &OpenIdProvider, network: &Network, redis: Option<TestRedis>) -> Self {
        let network_url = network.start().await;
        let manager = binaries().start_server.to_str().expect("a path of text").to_owned();
        let home = Home::new();
        let with_provider = settings_with(provider, "here", Settings::in_home(&home));
        let providers = with_provider.home.path("providers.toml");
        let mut settings = vec![
            ("SERVER_MANAGER", "local"),
            ("SERVER_MANAGER_BINARY", manager.as_str()),
            // Test machines are busy: a start may take longer than players would wait.
            ("SERVER_MANAGER_WAIT_S", "18"),
            // The script holds the page's WebSocket back, so there is no other way to the map server.
            ("SERVER_MANAGER_SET", "GAME_ADDR=127.0.0.1;WEBTRANSPORT=false;TICK_HZ=15"),
            ("PROVIDERS_FILE", providers.to_str().expect("a path of text")),
            ("ASSETS_BASE_URL", network_url.as_str()),
        ];
        if let Some(redis) = &redis {
            settings.extend([("REDIS_URL", redis.url.as_str()), ("REDIS_PREFIX", redis.prefix.as_str())]);
        }
        let sidecar = SidecarProcess::start_in(&home, &settings).await;
        network.origin.set(format!("http://{}", sidecar.ready.api_addr)).expect("it is started once");
        let database = Database::open(&sidecar.home).await;
        Self { sidecar, redis, database }
    }

    /// The user's line of `GET /sessions`.
    async fn listed(&self, user: &str) -> Option<Value> {
        let page = self.sidecar.directory().get("/sessions").await.json(200);
        page["sessions"].as_array().expect("a list").iter().find(|entry| entry["user_id"] == user).cloned()
    }

    /// The user's entry in Redis; `None` where there is none.
    fn stored(redis: &TestRedis, user: &str) -> Option<Value> {
        let key = format!("{}session:{user}", redis.prefix);
        let text: Option<String> = redis::cmd("GET").arg(key).query(&mut redis.plain()).expect("Redis answers");
        text.map(|text| serde_json::from_str(&text).expect("JSON"))
    }

    /// The ids of the map servers that run.
    async fn map_servers(&self) -> Vec<Value> {
        let servers = self.sidecar.directory().get("/map-registry/servers").await.json(200);
        servers.as_array().expect("a list").iter().map(|server| server["id"].clone()).collect()
    }

    /// Checks what a step of the script has changed.
    async fn look(&self, step: &Step) {
        let user = step.user.as_deref().unwrap_or_default();
        match step.name.as_str() {
            "landed" => assert_eq!(self.map_servers().await, [] as [Value; 0]),
            "signed_in" | "chooses" => {
                assert_eq!(self.map_servers().await, [] as [Value; 0], "none is started before a player enters");
                self.is_offline(user).await;
            }
            "told" => {
                assert_eq!((step.server(), self.map_servers().await), (MAP_SERVER, vec![json!(MAP_SERVER)]));
                // The map server gets the lock by its answer to `Prepare`, and the page is held back from it.
                assert_eq!(self.owner(step).await, format!("map:{MAP_SERVER}"), "it was prepared before");
                self.is_in_the_world(user, step).await;
            }
            "in_the_world" => {
                assert_eq!(self.owner(step).await, format!("map:{MAP_SERVER}"));
                self.is_in_the_world(user, step).await;
            }
            // The page closes its gateway socket when it has left. Its log-in goes on, unless it has logged out.
            "left" | "logged_out" => {
                until("no map server has the character", async || (self.owner(step).await == "none").then_some(()))
                    .await;
                self.is_offline(user).await;
                let owner = async || self.database.account_lock_owner(user).await;
                let is_free = step.name == "logged_out";
                until("the account is released with its log-in", async || {
                    (!is_free || owner().await == "none").then_some(())
                })
                .await;
            }
            other => panic!("{other} is no step of this"),
        }
    }

    async fn owner(&self, step: &Step) -> String {
        self.database.character(step.character()).await.lock_owner
    }

    async fn is_offline(&self, user: &str) {
        until("the user is not listed", async || self.listed(user).await.is_none().then_some(())).await;
        if let Some(redis) = &self.redis {
            until("Redis has no entry", async || Self::stored(redis, user).is_none().then_some(())).await;
        }
    }

    async fn is_in_the_world(&self, user: &str, step: &Step) {
        until("the user is listed with its character", async || {
            let listed = self.listed(user).await?;
            (listed["gateway"] == "gateway-1"
                && listed["map_server"] == MAP_SERVER
                && listed["character"]["id"] == step.character())
            .then_some(())
        })
        .await;
        if let Some(redis) = &self.redis {
            until("Redis has the user with its character", async || {
                let stored = Self::stored(redis, user)?;
                let character = &stored["character"];
                (stored["gatewayId"] == "gateway-1"
                    && character["id"] == step.character()
                    && character["mapServer"] == MAP_SERVER
                    && character["mapId"] == 1)
                    .then_some(())
            })
            .await;
        }
    }
}

/// Plays the script. Returns the names of its steps; `None`, with a message, if something that it needs is missing.
async fn plays(redis: Option<TestRedis>) -> Option<Vec<String>> {
    let _turn = browsers::turn().await;
    let provider = OpenIdProvider::start(None).await?;
    let network = Network::default();
    let server = Server::start(&provider, &network, redis).await;
    let at = (&server.sidecar.home, server.sidecar.ready.api_addr);
    let Some(mut script) = Script::start_at("landing-flow.mjs", at, &json!({})) else {
        skip("node (Node.js) is not installed: nobody went from the landing page into the world");
        return None;
    };
    let mut steps = Vec::new();
    let played = timeout(WITHIN, async {
        while let Some(wish) = script.next().await {
            let What::Step(step) = &wish.what else { panic!("{wish:?} is no part of this") };
            server.look(step).await;
            steps.push(step.name.clone());
            script.done(&wish).await;
        }
    });
    played.await.expect("it ends in time");
    if !script.has_played().await {
        skip("Chromium or playwright-core is not installed: nobody went from the landing page into the world");
        return None;
    }
    assert!(network.passed().iter().any(|path| path.starts_with("/assets/")), "the network delivers");
    assert!(timeout(PATIENCE, server.sidecar.stop()).await.is_ok(), "it ends with its map server");
    Some(steps)
}

const STEPS: [&str; 11] = [
    "landed",
    "signed_in",
    "chooses",
    "told",
    "in_the_world",
    "left",
    "told",
    "in_the_world",
    "left",
    "told",
    "in_the_world",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_player_lands_signs_in_enters_and_leaves_by_each_door() {
    let Some(steps) = plays(None).await else { return };
    assert_eq!(steps, [&STEPS[..], &["logged_out"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_in_redis_follows_each_step_of_a_player() {
    let Some(redis) = TestRedis::connect() else { return };
    let Some(steps) = plays(Some(redis)).await else { return };
    assert_eq!(steps, [&STEPS[..], &["logged_out"]].concat());
}
