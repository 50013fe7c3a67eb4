//! The directory's routes, through the router without sockets.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

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
}

fn server(id: &str, port: u16) -> Value {
    json!({"id": id, "name": "One", "ip": "127.0.0.1", "port": port, "supported_maps": [1], "max_players": 100})
}

const REGISTER: &str = "/map-registry/register";
const HEARTBEAT: &str = "/map-registry/heartbeat";

#[tokio::test]
async fn a_map_server_registers_and_renews() {
    let directory = Directory::start().await;
    let (status, first) = directory.post(REGISTER, server("map-server-1", 4001)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!((&first["heartbeat_interval_ms"], &first["ttl_ms"]), (&json!(15_000), &json!(30_000)));
    let (status, thief) = directory.post(REGISTER, server("map-server-1", 4002)).await;
    assert_eq!((status, &thief["code"]), (StatusCode::CONFLICT, &json!("SERVER_ID_TAKEN")));
    let mut moved = server("map-server-1", 4002);
    moved["cookie"] = first["cookie"].clone();
    let (status, renewed) = directory.post(REGISTER, moved).await;
    assert_eq!((status, &renewed["cookie"]), (StatusCode::OK, &first["cookie"]));
    assert_eq!(directory.post(REGISTER, server("map-server-1", 4002)).await.0, StatusCode::OK, "from the same address");
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
    for (id, port, players) in [("a", 4001, 100), ("b", 4002, 7), ("c", 4003, 3)] {
        directory.post(REGISTER, server(id, port)).await;
        directory.post(HEARTBEAT, json!({"id": id, "current_players": players, "load": 0.5})).await;
    }
    let found = directory.get("/map-registry/map/1").await;
    assert_eq!(found, (StatusCode::OK, json!({"ip": "127.0.0.1", "port": 4003, "id": "c"})));
    for gone in ["b", "c", "never there"] {
        let path = format!("/map-registry/server/{}", gone.replace(' ', "%20"));
        assert_eq!(directory.call(Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    }
    let (status, problem) = directory.get("/map-registry/map/1").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("MAP_NOT_FOUND")), "the last one is full");
    assert_eq!(directory.get("/map-registry/map/x").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn faults_of_a_registration_are_named_by_field() {
    let directory = Directory::start().await;
    for (field, value) in [
        ("id", json!("with space")),
        ("ip", json!("::1")),
        ("ip", json!("0.0.0.0")),
        ("port", json!(0)),
        ("supported_maps", json!([])),
        ("supported_maps", json!([0])),
        ("max_players", json!(0)),
    ] {
        let mut request = server("map-server-1", 4001);
        request[field] = value;
        let (status, problem) = directory.post(REGISTER, request).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(problem["errors"].get(field).is_some(), "{field}: {problem}");
    }
}

#[tokio::test]
async fn users_are_marked_online() {
    let directory = Directory::start().await;
    let online = json!({"userId": "u1", "gatewayId": "gateway-9"});
    assert_eq!(directory.post("/session/online", online).await.0, StatusCode::OK);
    let sessions = &directory.world.state().sessions;
    assert_eq!(sessions.get("u1").await.unwrap().unwrap().gateway_id, "gateway-9");
    assert_eq!(directory.call(Method::DELETE, "/session/u1", Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(sessions.get("u1").await.unwrap(), None);
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
    let entry = &first["sessions"][0];
    let wanted = json!({
        "user_id": ann.account.to_string(),
        "username": "Ann",
        "gateway": "gateway-1",
        "map_server": "map-1",
        "character": {
            "id": ann.character.to_string(), "name": "Ann", "map_id": 1, "x": 1.5, "y": 3.0,
            "since_ms": entry["character"]["since_ms"],
        },
    });
    assert_eq!(entry, &wanted);
    assert!(entry["character"]["since_ms"].as_u64().is_some_and(|since| since > 0));
    let next = first["next"].as_str().unwrap();
    let (_, second) = directory.get(&format!("/sessions?limit=10&after={next}")).await;
    assert_eq!(second["sessions"][0]["user_id"], ben.account.to_string());
    assert_eq!((second["sessions"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    let on = async |map: u16| directory.get(&format!("/sessions?map={map}&limit=1")).await.1;
    assert_eq!(on(1).await["sessions"][0], wanted, "though nobody was saved there yet");
    assert_eq!(on(2).await, json!({"sessions": [], "next": null}));
    for (field, query) in
        [("limit", "0"), ("limit", "1001"), ("limit", "x"), ("after", "x"), ("map", "70000"), ("server", "%20")]
    {
        let (status, problem) = directory.get(&format!("/sessions?{field}={query}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}={query}");
        assert!(problem["errors"].get(field).is_some(), "{problem}");
    }
}

#[tokio::test]
async fn who_is_logged_in_is_not_told_where_the_registry_is_open() {
    let world = TestWorld::start_with(|config| config.gateway.allow_unauthenticated_registry = true).await;
    let directory =
        Directory { router: Router::from(super::router()).with_state(world.state().clone()), world, token: None };
    assert_eq!(directory.get("/map-registry/servers").await.0, StatusCode::OK);
    assert_eq!(directory.get("/sessions").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_route_needs_the_service_token() {
    let mut directory = Directory::start().await;
    for token in [None, Some("wrong".to_owned())] {
        directory.token = token;
        let calls = [
            directory.post(REGISTER, server("map-server-1", 4001)).await,
            directory.post(HEARTBEAT, json!({"id": "a", "current_players": 0, "load": 0})).await,
            directory.get("/map-registry/map/1").await,
            directory.get("/map-registry/servers").await,
            directory.call(Method::DELETE, "/map-registry/server/a", Value::Null).await,
            directory.post("/session/online", json!({"userId": "u", "gatewayId": "g"})).await,
            directory.call(Method::DELETE, "/session/u", Value::Null).await,
            directory.get("/sessions").await,
        ];
        for (status, problem) in calls {
            assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("SERVICE_TOKEN_REQUIRED")));
        }
    }
}
