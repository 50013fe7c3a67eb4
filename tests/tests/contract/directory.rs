//! The directory of map servers and of users who are online.

use realmgate_tests::account::fresh_name;
use realmgate_tests::{Account, Api};
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

async fn a_server_registers_renews_and_goes(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    let id = fresh_name("map-server-test-");
    let register = async |port, map| directory.post("/map-registry/register", registration(&id, port, map)).await;
    let first = register(7001, 501).await.json(201);
    assert!(first["cookie"].as_str().is_some_and(|cookie| !cookie.is_empty()));
    assert_eq!(first["heartbeat_interval_ms"], 15_000);
    assert_eq!(first["ttl_ms"], 30_000);
    register(7001, 501).await.json(200);
    register(7002, 501).await.problem(409, "SERVER_ID_TAKEN");

    let found = directory.get("/map-registry/map/501").await.json(200);
    assert_eq!(found, json!({"ip": "127.0.0.1", "port": 7001, "id": id}));
    let servers = directory.get("/map-registry/servers").await.json(200);
    let listed =
        servers.as_array().expect("a list").iter().find(|server| server["id"] == id.as_str()).expect("it is listed");
    assert_eq!((&listed["supported_maps"], &listed["max_players"]), (&json!([501]), &json!(2)));
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
    let mut moved = registration(&id, 7102, 511);
    moved["cookie"] = first["cookie"].clone();
    let renewed = directory.post("/map-registry/register", moved).await.json(200);
    assert_eq!(renewed["cookie"], first["cookie"]);
}

async fn players_are_sent_to_the_emptiest_server_with_room(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    let (full, half) = (fresh_name("map-server-test-"), fresh_name("map-server-test-"));
    directory.post("/map-registry/register", registration(&full, 7201, 521)).await.json(201);
    directory.post("/map-registry/register", registration(&half, 7202, 521)).await.json(201);
    beat(&directory, &full, 1).await.json(200);
    assert_eq!(directory.get("/map-registry/map/521").await.json(200)["id"], half.as_str());
    beat(&directory, &half, 2).await.json(200);
    assert_eq!(directory.get("/map-registry/map/521").await.json(200)["id"], full.as_str());
    beat(&directory, &full, 2).await.json(200);
    directory.get("/map-registry/map/521").await.problem(404, "MAP_NOT_FOUND");
}

async fn maps_that_nobody_hosts_are_not_found(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    directory.get("/map-registry/map/65000").await.problem(404, "MAP_NOT_FOUND");
    directory.get("/map-registry/map/seven").await.problem(404, "MAP_NOT_FOUND");
    beat(&directory, "map-server-never-there", 0).await.problem(404, "SERVER_NOT_FOUND");
}

async fn bad_registrations_are_complained_about_by_field(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let directory = sidecar.directory();
    let bad =
        [("id", json!("with space")), ("ip", json!("nowhere")), ("port", json!(0)), ("supported_maps", json!([]))];
    for (field, value) in bad {
        let mut body = registration("map-server-bad", 7301, 531);
        body[field] = value;
        let problem = directory.post("/map-registry/register", body).await.problem(422, "VALIDATION_FAILED");
        assert!(problem["errors"].get(field).is_some(), "{problem}");
    }
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

/// One call of every route.
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
        directory.get("/sessions").await.problem(401, "SERVICE_TOKEN_REQUIRED");
    }
}

async fn who_is_logged_in_is_told_in_pages(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let page = sidecar.directory().get("/sessions?map=540&limit=1").await.json(200);
    assert_eq!(page, json!({"sessions": [], "next": null}));
    sidecar.directory().get("/sessions?limit=0").await.problem(422, "VALIDATION_FAILED");
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
    for port in [sidecar.api(), sidecar.directory_without_token()] {
        assert_eq!(port.get(&path).await.json(200)["user_id"], account.user_id.as_str());
        // Players' listener may be behind a proxy, and a page in a browser of this machine asks by a name of its own.
        for (header, value) in [("x-forwarded-for", "203.0.113.7"), ("host", "realm.example")] {
            let led_here = port.request(Method::GET, &path).header(header, value);
            port.send(led_here).await.problem(401, "SERVICE_TOKEN_REQUIRED");
        }
    }
}
