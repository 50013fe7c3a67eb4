//! The directory's routes, through the router without sockets.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::directory::SessionEntry;
use crate::service::world::testing::TestWorld;

struct Directory {
    world: TestWorld,
    router: Router,
    token: Option<String>,
}

impl Directory {
    async fn start() -> Self {
        let world = TestWorld::start().await;
        let token = Some(world.state().config.secrets.service_token.expose().to_owned());
        Self { router: Router::from(super::router()).with_state(world.state().clone()), world, token }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, body).await
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, Value::Null).await
    }

    /// All map servers that are listed.
    async fn servers(&self) -> Value {
        let (status, servers) = self.get("/map-registry/servers").await;
        assert_eq!(status, StatusCode::OK);
        servers
    }
}

/// Every route, with `a` for each parameter.
fn routes() -> Vec<(Method, String)> {
    let document = serde_json::to_value(super::router().into_openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let routes = paths.flat_map(|(path, operations)| {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "a" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let methods = operations.as_object().unwrap().keys();
        methods.map(move |method| (method.to_uppercase().parse().unwrap(), path.clone()))
    });
    routes.collect()
}

/// The fields that a problem document complains about.
fn complaints(problem: &Value) -> Vec<&str> {
    problem["errors"].as_object().into_iter().flatten().map(|(field, _)| field.as_str()).collect()
}

fn server(id: &str, port: u16) -> Value {
    json!({"id": id, "name": "One", "ip": "127.0.0.1", "port": port, "supported_maps": [1], "max_players": 100})
}

const REGISTER: &str = "/map-registry/register";
const HEARTBEAT: &str = "/map-registry/heartbeat";

#[tokio::test]
async fn a_map_server_registers_and_renews() {
    let directory = Directory::start().await;
    let expires_at_ms = directory.world.clock.now_ms() + 30_000;
    let listed_at = |port: u16| {
        json!([{
            "id": "map-server-1", "name": "One", "ip": "127.0.0.1", "port": port, "supported_maps": [1],
            "max_players": 100, "current_players": 0, "load": 0.0, "linked": false, "expires_at_ms": expires_at_ms,
        }])
    };
    let (status, first) = directory.post(REGISTER, server("map-server-1", 4001)).await;
    assert_eq!((status, directory.servers().await), (StatusCode::CREATED, listed_at(4001)));
    assert_eq!((&first["heartbeat_interval_ms"], &first["ttl_ms"]), (&json!(15_000), &json!(30_000)));
    for (elsewhere, place) in [("port", json!(4002)), ("ip", json!("127.0.0.2"))] {
        let mut thief = server("map-server-1", 4001);
        thief[elsewhere] = place;
        let (status, thief) = directory.post(REGISTER, thief).await;
        assert_eq!((status, &thief["code"]), (StatusCode::CONFLICT, &json!("SERVER_ID_TAKEN")), "{elsewhere}");
        assert_eq!(directory.servers().await, listed_at(4001), "{elsewhere}");
    }
    let mut moved = server("map-server-1", 4002);
    moved["cookie"] = first["cookie"].clone();
    let (status, renewed) = directory.post(REGISTER, moved).await;
    assert_eq!((status, &renewed["cookie"]), (StatusCode::OK, &first["cookie"]));
    assert_eq!(directory.servers().await, listed_at(4002));
    let (status, restarted) = directory.post(REGISTER, server("map-server-1", 4002)).await;
    assert_eq!((status, directory.servers().await), (StatusCode::OK, listed_at(4002)), "from the same address");
    assert_ne!(restarted["cookie"], first["cookie"], "as a new process");
}

#[tokio::test]
async fn heartbeats_keep_it_listed() {
    let directory = Directory::start().await;
    let beat = json!({"id": "map-server-1", "current_players": 5, "load": 5});
    assert_eq!(directory.post(HEARTBEAT, beat.clone()).await.0, StatusCode::NOT_FOUND);
    directory.post(REGISTER, server("map-server-1", 4001)).await;
    directory.world.clock.advance(Duration::from_secs(29));
    assert_eq!(directory.post(HEARTBEAT, beat).await.0, StatusCode::OK);
    directory.world.clock.advance(Duration::from_secs(29));
    let (_, servers) = directory.get("/map-registry/servers").await;
    assert_eq!((&servers[0]["id"], &servers[0]["current_players"]), (&json!("map-server-1"), &json!(5)));
    assert_eq!(servers[0].get("cookie"), None, "a cookie is shown to nobody");
    directory.world.clock.advance(Duration::from_secs(1));
    assert_eq!(directory.get("/map-registry/servers").await.1, json!([]));
}

#[tokio::test]
async fn the_least_loaded_server_with_room_is_found() {
    let directory = Directory::start().await;
    let servers = [("a", 1, 100, 100), ("b", 1, 7, 100), ("c", 1, 3, 100), ("d", 1, 1, 10), ("e", 2, 0, 100)];
    for (port, (id, map, players, most)) in (4001..).zip(servers) {
        let mut server = server(id, port);
        (server["supported_maps"], server["max_players"]) = (json!([map]), json!(most));
        assert_eq!(directory.post(REGISTER, server).await.0, StatusCode::CREATED);
        directory.post(HEARTBEAT, json!({"id": id, "current_players": players, "load": 0.5})).await;
    }
    for (id, port) in [("c", 4003), ("b", 4002), ("d", 4004)] {
        let found = directory.get("/map-registry/map/1").await;
        assert_eq!(found, (StatusCode::OK, json!({"ip": "127.0.0.1", "port": port, "id": id})));
        for gone in [id, "never%20there"] {
            let path = format!("/map-registry/server/{gone}");
            assert_eq!(directory.call(Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
        }
    }
    let (status, problem) = directory.get("/map-registry/map/1").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("MAP_NOT_FOUND")), "the last one is full");
    assert_eq!(directory.get("/map-registry/map/x").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn faults_of_a_registration_are_named_by_field() {
    let directory = Directory::start().await;
    let register = async |field: &str, value: &Value| {
        let mut request = server("map-server-1", 4001);
        request[field] = value.clone();
        directory.post(REGISTER, request).await
    };
    let maps = |last: u16| (1..=last).collect::<Vec<_>>();
    for (field, value) in [
        ("id", json!("")),
        ("id", json!("with space")),
        ("id", json!("x".repeat(49))),
        ("name", json!("x".repeat(129))),
        ("ip", json!("::1")),
        ("ip", json!("localhost")),
        ("ip", json!("0.0.0.0")),
        ("ip", json!("255.255.255.255")),
        ("ip", json!("224.0.0.1")),
        ("port", json!(0)),
        ("port", json!(65_536)),
        ("supported_maps", json!([])),
        ("supported_maps", json!([1, 0])),
        ("supported_maps", json!(maps(1_025))),
        ("map_names", json!({"one": "One"})),
        ("map_names", json!({"1": "x".repeat(65)})),
        ("ws_url", json!("http://127.0.0.1:4001/play")),
        ("ws_url", json!("ws://")),
        ("ws_url", json!("ws://a b")),
        ("ws_url", json!(format!("ws://{}", "x".repeat(252)))),
        ("wt_url", json!("http://127.0.0.1:5001/play")),
        ("wt_url", json!("https://")),
        ("wt_url", json!(format!("https://{}", "x".repeat(249)))),
        ("wt_cert_sha256", json!("")),
        ("wt_cert_sha256", json!("5a".repeat(33))),
        ("wt_cert_sha256", json!("5A".repeat(32))),
        ("max_players", json!(0)),
        ("max_players", json!(1_000_001)),
        ("cookie", json!("x".repeat(65))),
    ] {
        let (status, problem) = register(field, &value).await;
        let found = (status, &problem["code"], complaints(&problem));
        assert_eq!(found, (StatusCode::UNPROCESSABLE_ENTITY, &json!("VALIDATION_FAILED"), vec![field]), "{value}");
    }
    assert_eq!(directory.servers().await, json!([]));
    for (field, largest) in [
        ("id", json!("x".repeat(48))),
        ("name", json!("x".repeat(128))),
        ("port", json!(65_535)),
        ("supported_maps", json!(maps(1_024))),
        ("map_names", json!({"65535": "x".repeat(64)})),
        ("ws_url", json!(format!("wss://{}", "x".repeat(250)))),
        ("wt_url", json!(format!("https://{}", "x".repeat(248)))),
        ("wt_cert_sha256", json!("5a".repeat(32))),
        ("max_players", json!(1_000_000)),
        ("cookie", json!("x".repeat(64))),
    ] {
        assert_eq!(register(field, &largest).await.0, StatusCode::CREATED, "{field}");
        directory.call(Method::DELETE, "/map-registry/server/map-server-1", Value::Null).await;
    }
}

#[tokio::test]
async fn users_are_marked_online() {
    let directory = Directory::start().await;
    let sessions = &directory.world.state().sessions;
    for (user, gateway) in [("u1", "gateway-9"), ("u2", "gateway-8")] {
        let online = json!({"userId": user, "gatewayId": gateway});
        assert_eq!(directory.post("/session/online", online.clone()).await, (StatusCode::OK, online.clone()));
        assert_eq!(sessions.get(user).await.unwrap(), Some(SessionEntry::connected(gateway)));
        assert_eq!(directory.get(&format!("/session/{user}")).await, (StatusCode::OK, online));
    }
    assert_eq!(directory.call(Method::DELETE, "/session/u1", Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(sessions.get("u1").await.unwrap(), None);
    let (status, problem) = directory.get("/session/u1").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("NOT_FOUND")));
    assert_eq!(sessions.get("u2").await.unwrap(), Some(SessionEntry::connected("gateway-8")));
}

#[tokio::test]
async fn who_is_logged_in_is_told_page_by_page() {
    let directory = Directory::start().await;
    let empty = directory.get("/sessions").await;
    assert_eq!(empty, (StatusCode::OK, json!({"sessions": [], "next": null})));
    let mut map = directory.world.map_server("map-1", &[1]).await;
    let (ann, _ann_client) = directory.world.in_world("Ann", &mut map).await;
    let (ben, _ben_client) = directory.world.in_world("Ben", &mut map).await;
    let (_, first) = directory.get("/sessions?limit=1&server=map-1").await;
    let since_ms = directory.world.clock.now_ms();
    let wanted = json!({
        "user_id": ann.account.to_string(),
        "username": "Ann",
        "gateway": "gateway-1",
        "map_server": "map-1",
        "character": {
            "id": ann.character.to_string(), "name": "Ann", "map_id": 1, "x": 1.5, "y": 3.0, "since_ms": since_ms,
        },
    });
    assert_eq!(first["sessions"], json!([wanted]));
    let next = first["next"].as_str().unwrap();
    let (_, second) = directory.get(&format!("/sessions?limit=10&after={next}")).await;
    assert_eq!(second["sessions"][0]["user_id"], ben.account.to_string());
    assert_eq!((second["sessions"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    let on = async |map: u16| directory.get(&format!("/sessions?map={map}&limit=1")).await.1;
    assert_eq!(on(1).await["sessions"][0], wanted, "though nobody was saved there yet");
    assert_eq!(on(2).await, json!({"sessions": [], "next": null}));
    let elsewhere = directory.get("/sessions?server=map-2").await;
    assert_eq!(elsewhere.1, json!({"sessions": [], "next": null}));
    for (field, query) in
        [("limit", "0"), ("limit", "1001"), ("limit", "x"), ("after", "x"), ("map", "70000"), ("server", "%20")]
    {
        let (status, problem) = directory.get(&format!("/sessions?{field}={query}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={query}");
        assert_eq!(complaints(&problem), [field], "{problem}");
    }
}

#[tokio::test]
async fn who_is_logged_in_is_not_told_where_the_registry_is_open() {
    let world = TestWorld::start_with(|config| config.gateway.allow_unauthenticated_registry = true).await;
    let directory =
        Directory { router: Router::from(super::router()).with_state(world.state().clone()), world, token: None };
    assert_eq!(directory.servers().await, json!([]));
    let online = json!({"userId": "u1", "gatewayId": "gateway-9"});
    assert_eq!(directory.post("/session/online", online).await.0, StatusCode::OK);
    for told in ["/sessions", "/session/u1"] {
        let (status, problem) = directory.get(told).await;
        let refused = (StatusCode::UNAUTHORIZED, &json!("SERVICE_TOKEN_REQUIRED"));
        assert_eq!((status, &problem["code"]), refused, "{told}");
    }
}

#[tokio::test]
async fn every_route_but_the_proof_needs_the_service_token() {
    let mut directory = Directory::start().await;
    let right = directory.token.take();
    let routes = routes();
    assert!(routes.contains(&(Method::POST, REGISTER.to_owned())), "{routes:?}");
    let refused = (StatusCode::UNAUTHORIZED, json!("SERVICE_TOKEN_REQUIRED"));
    for token in [None, Some("wrong".to_owned())] {
        directory.token = token;
        for (method, path) in &routes {
            let (status, problem) = directory.call(method.clone(), path, Value::Null).await;
            let is_proof = path == "/map-registry/proof";
            let wanted = if is_proof { (StatusCode::BAD_REQUEST, json!("BAD_REQUEST")) } else { refused.clone() };
            assert_eq!((status, problem["code"].clone()), wanted, "{method} {path}");
        }
        for (path, body) in [
            (REGISTER, server("map-server-1", 4001)),
            (HEARTBEAT, json!({"id": "a", "current_players": 0, "load": 0})),
            ("/session/online", json!({"userId": "u", "gatewayId": "g"})),
        ] {
            let (status, problem) = directory.post(path, body).await;
            assert_eq!((status, problem["code"].clone()), refused, "{path}");
        }
    }
    directory.token = right;
    assert_eq!(directory.servers().await, json!([]), "nothing was done");
    assert_eq!(directory.world.state().sessions.get("u").await.unwrap(), None);
}
