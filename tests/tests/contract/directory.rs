//! The directory of map servers and of users who are online.

use realmgate_tests::account::fresh_name;
use realmgate_tests::{Account, Api, Gateway, until};
use reqwest::Method;
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::servers::sidecar;
use crate::sidecars::Sidecars;

on_every_backend!(
    a_server_registers_renews_and_goes,
    a_server_may_move_with_its_cookie,
    players_are_sent_to_the_emptiest_server_with_room,
    maps_that_nobody_hosts_are_not_found,
    bad_registrations_are_complained_about_by_field,
    users_come_online_and_go,
    an_open_registry_opens_the_way_of_a_foreign_gateway,
    every_route_wants_the_service_token,
    who_is_logged_in_is_told_in_pages,
    an_open_registry_wants_none,
);

/// A server that only speaks HTTP.
fn registration(id: &str, port: u16, map: u16) -> Value {
    json!({"id": id, "name": "A test's", "ip": "127.0.0.1", "port": port, "supported_maps": [map], "max_players": 2})
}

async fn beat(directory: &Api, id: &str, players: u32) -> realmgate_tests::Answer {
    directory.post("/map-registry/heartbeat", json!({"id": id, "current_players": players, "load": 1.5})).await
}

/// When the entry of a server is gone.
async fn ends_ms(directory: &Api, id: &str) -> u64 {
    let servers = directory.get("/map-registry/servers").await.json(200);
    let listed = servers.as_array().expect("a list").iter().find(|server| server["id"] == id);
    listed.expect("it is listed")["expires_at_ms"].as_u64().expect("a time")
}

/// Renews the entry of a server until it is gone later than before.
async fn until_renewed(directory: &Api, id: &str, renew: impl AsyncFn()) {
    let before_ms = ends_ms(directory, id).await;
    until("it is gone later", async || {
        renew().await;
        // By more than what the clocks of two answers may differ.
        (ends_ms(directory, id).await > before_ms + 100).then_some(())
    })
    .await;
}

async fn a_server_registers_renews_and_goes(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    let id = fresh_name("map-server-test-");
    let register = async |port, map| directory.post("/map-registry/register", registration(&id, port, map)).await;
    let first = register(7001, 501).await.json(201);
    assert!(first["cookie"].as_str().is_some_and(|cookie| !cookie.is_empty()));
    assert_eq!(first["heartbeat_interval_ms"], 15_000);
    assert_eq!(first["ttl_ms"], 30_000);
    assert_eq!(register(7001, 501).await.json(200)["ttl_ms"], 30_000, "from the same address it is renewed");
    register(7002, 501).await.problem(409, "SERVER_ID_TAKEN");
    until_renewed(&directory, &id, async || drop(register(7001, 501).await.json(200))).await;
    until_renewed(&directory, &id, async || drop(beat(&directory, &id, 0).await.json(200))).await;
    assert_eq!(beat(&directory, &id, 1).await.json(200), json!({"ttl_ms": 30_000}));

    let found = directory.get("/map-registry/map/501").await.json(200);
    assert_eq!(found, json!({"ip": "127.0.0.1", "port": 7001, "id": id}));
    let servers = directory.get("/map-registry/servers").await.json(200);
    let listed =
        servers.as_array().expect("a list").iter().find(|server| server["id"] == id.as_str()).expect("it is listed");
    assert_eq!((&listed["supported_maps"], &listed["max_players"]), (&json!([501]), &json!(2)));
    assert_eq!((&listed["current_players"], &listed["load"]), (&json!(1), &json!(1.5)), "by its heartbeat");
    assert!(listed.get("cookie").is_none(), "a cookie is nobody else's business");

    assert_eq!(directory.delete(&format!("/map-registry/server/{id}")).await.json(204), Value::Null);
    directory.get("/map-registry/map/501").await.problem(404, "MAP_NOT_FOUND");
    beat(&directory, &id, 0).await.problem(404, "SERVER_NOT_FOUND");
    register(7002, 501).await.json(201);
}

async fn a_server_may_move_with_its_cookie(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    let id = fresh_name("map-server-test-");
    let first = directory.post("/map-registry/register", registration(&id, 7101, 511)).await.json(201);
    let port = async || directory.get("/map-registry/map/511").await.json(200)["port"].clone();
    let other = registration(&fresh_name("map-server-test-"), 7103, 512);
    let others = directory.post("/map-registry/register", other).await.json(201)["cookie"].clone();
    let mut moved = registration(&id, 7102, 511);
    for wrong in [Value::Null, json!(""), json!("a cookie of its own"), others] {
        moved["cookie"] = wrong;
        directory.post("/map-registry/register", moved.clone()).await.problem(409, "SERVER_ID_TAKEN");
    }
    assert_eq!(port().await, 7101, "nobody else moves it");
    moved["cookie"] = first["cookie"].clone();
    let renewed = directory.post("/map-registry/register", moved).await.json(200);
    assert_eq!(renewed["cookie"], first["cookie"]);
    assert_eq!(port().await, 7102);
}

async fn players_are_sent_to_the_emptiest_server_with_room(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    let (full, half) = (fresh_name("map-server-test-"), fresh_name("map-server-test-"));
    directory.post("/map-registry/register", registration(&full, 7201, 521)).await.json(201);
    directory.post("/map-registry/register", registration(&half, 7202, 521)).await.json(201);
    // Each has room for two.
    for (in_full, in_half, expected) in [(1, 0, &half), (0, 1, &full), (1, 2, &full), (2, 1, &half)] {
        beat(&directory, &full, in_full).await.json(200);
        beat(&directory, &half, in_half).await.json(200);
        let found = directory.get("/map-registry/map/521").await.json(200);
        assert_eq!(found["id"], expected.as_str(), "with {in_full} and {in_half} players");
    }
    beat(&directory, &half, 2).await.json(200);
    directory.get("/map-registry/map/521").await.problem(404, "MAP_NOT_FOUND");
}

async fn maps_that_nobody_hosts_are_not_found(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    // Somebody is there, and hosts another map.
    directory.post("/map-registry/register", registration(&fresh_name("map-server-test-"), 7251, 526)).await.json(201);
    directory.get("/map-registry/map/526").await.json(200);
    directory.get("/map-registry/map/65000").await.problem(404, "MAP_NOT_FOUND");
    directory.get("/map-registry/map/seven").await.problem(404, "MAP_NOT_FOUND");
    beat(&directory, "map-server-never-there", 0).await.problem(404, "SERVER_NOT_FOUND");
}

async fn bad_registrations_are_complained_about_by_field(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    let bad = [
        ("id", json!("with space")),
        ("id", json!("")),
        ("name", json!("x".repeat(129))),
        ("ip", json!("nowhere")),
        ("ip", json!("0.0.0.0")),
        ("port", json!(0)),
        ("port", json!("7301")),
        ("supported_maps", json!([])),
        ("supported_maps", json!([0])),
        ("map_names", json!({"one": "Greenvale"})),
        ("spawns", json!({"one": {"x": 1.0, "y": 1.0}})),
        ("spawns", json!({"1": {"x": -1.0, "y": 1.0}})),
        ("spawns", json!({"1": {"x": 1.0, "y": 1e9}})),
        ("max_players", json!(0)),
        ("cookie", json!("x".repeat(65))),
    ];
    for (field, value) in bad {
        let mut body = registration("map-server-bad", 7301, 531);
        body[field] = value.clone();
        assert_eq!(directory.post("/map-registry/register", body).await.complaints(), [field], "{value}");
    }
    directory.get("/map-registry/map/531").await.problem(404, "MAP_NOT_FOUND");
    directory.post("/map-registry/register", registration("map-server-bad", 7301, 531)).await.json(201);
}

async fn users_come_online_and_go(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    let user = fresh_name("user-");
    let online = json!({"userId": user, "gatewayId": "gateway-test"});
    let path = format!("/session/{user}");
    directory.get(&path).await.problem(404, "NOT_FOUND");
    directory.post("/session/online", online.clone()).await.json(200);
    assert_eq!(directory.get(&path).await.json(200), online);
    assert_eq!(directory.delete(&path).await.json(204), Value::Null);
    directory.get(&path).await.problem(404, "NOT_FOUND");
    assert_eq!(directory.delete(&path).await.status, 204, "gone is gone");
    directory.post("/session/online", json!({"userId": ""})).await.problem(422, "VALIDATION_FAILED");
}

/// One call of every route that an open registry opens.
async fn call_every_route(directory: &Api, id: &str) -> Vec<realmgate_tests::Answer> {
    vec![
        directory.post("/map-registry/register", registration(id, 7401, 541)).await,
        beat(directory, id, 0).await,
        directory.get("/map-registry/map/541").await,
        directory.get("/map-registry/servers").await,
        directory.delete(&format!("/map-registry/server/{id}")).await,
        directory.post("/session/online", json!({"userId": "u", "gatewayId": "g"})).await,
        directory.delete("/session/u").await,
    ]
}

async fn every_route_wants_the_service_token(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let without = sidecar.directory_without_token();
    for directory in [without.clone(), without.with_token("wrong"), without.with_token("")] {
        for answer in call_every_route(&directory, "map-server-intruder").await {
            answer.problem(401, "SERVICE_TOKEN_REQUIRED");
        }
        for path in ["/session/u", "/sessions", "/characters/018f0000-0000-7000-8000-000000000001/internal"] {
            directory.get(path).await.problem(401, "SERVICE_TOKEN_REQUIRED");
        }
        let link = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")];
        let link = link
            .iter()
            .fold(directory.request(Method::GET, "/map-link"), |link, (name, value)| link.header(*name, *value));
        let link = link.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        directory.send(link).await.problem(401, "SERVICE_TOKEN_REQUIRED");
    }
    // None of it has changed anything.
    let directory = sidecar.directory();
    directory.get("/map-registry/map/541").await.problem(404, "MAP_NOT_FOUND");
    directory.get("/session/u").await.problem(404, "NOT_FOUND");
}

async fn who_is_logged_in_is_told_in_pages(backend: Backend) {
    // One with nobody else in it.
    let sidecar = Sidecars::start(backend, &[]).await;
    let directory = sidecar.directory();
    let (mut expected, mut gateways) = (Vec::new(), Vec::new());
    for is_connected in [true, true, false, true] {
        let account = Account::register(&sidecar.api()).await;
        if is_connected {
            gateways.push(Gateway::open(sidecar.gateway(), &account.access_token).await);
            expected.push(json!([account.user_id, account.username]));
        }
    }
    expected.sort_unstable_by_key(ToString::to_string);
    for limit in 1..=4 {
        let (mut told, mut pages, mut after) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page = directory.get(&format!("/sessions?limit={limit}{after}")).await.json(200);
            let sessions = page["sessions"].as_array().expect("a list");
            pages.push(sessions.len());
            told.extend(sessions.iter().map(|session| json!([session["user_id"], session["username"]])));
            let Some(next) = page["next"].as_str() else { break };
            assert!(pages.len() <= expected.len(), "{pages:?} of {limit}");
            after = format!("&after={next}");
        }
        assert_eq!(told, expected, "in pages of {limit}");
        let sizes: &[usize] = [&[1, 1, 1, 0][..], &[2, 1], &[3, 0], &[3]][limit - 1];
        assert_eq!(pages, sizes);
    }
    assert_eq!(directory.get("/sessions").await.json(200)["sessions"].as_array().map(Vec::len), Some(3));
    let elsewhere = directory.get("/sessions?map=540&limit=1").await.json(200);
    assert_eq!(elsewhere, json!({"sessions": [], "next": null}));
    for (query, parameter) in [("limit=0", "limit"), ("limit=1001", "limit"), ("after=x", "after"), ("map=x", "map")] {
        assert_eq!(directory.get(&format!("/sessions?{query}")).await.complaints(), [parameter]);
    }
    sidecar.api().with_token(&sidecar.service_token()).get("/sessions").await.problem(404, "NOT_FOUND");
}

async fn an_open_registry_wants_none(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("ALLOW_UNAUTHENTICATED_REGISTRY", "true")]).await;
    let statuses = call_every_route(&sidecar.directory_without_token(), "map-server-foreign").await;
    let statuses: Vec<u16> = statuses.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201, 200, 200, 200, 204, 200, 204]);
}

async fn an_open_registry_opens_the_way_of_a_foreign_gateway(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("ALLOW_UNAUTHENTICATED_REGISTRY", "true")]).await;
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let path = format!("/characters/{}/internal", character.id);
    let misdirected = (421, "MISDIRECTED");
    let without_token = (401, "SERVICE_TOKEN_REQUIRED");
    for (port, led_here) in [(sidecar.api(), misdirected), (sidecar.directory_without_token(), without_token)] {
        assert_eq!(port.get(&path).await.json(200)["user_id"], account.user_id.as_str());
        // Players' listener may be behind a proxy, and a page in a browser of this machine asks by a name of its own.
        for (header, value, refused) in
            [("x-forwarded-for", "203.0.113.7", without_token), ("host", "realm.example", led_here)]
        {
            let call = port.request(Method::GET, &path).header(header, value);
            port.send(call).await.problem(refused.0, refused.1);
        }
    }
}
