//! Each error of the gateway, as far as it can be met without a map server of ours.

use realmgate_tests::account::fresh_name;
use realmgate_tests::gateway::enter_world;
use realmgate_tests::{Account, Database, Gateway, SidecarProcess, until};
use serde_json::{Value, json};

use crate::servers::sidecar;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000001";

/// An account with a character, and its open socket.
async fn player(sidecar: &SidecarProcess) -> (Account, String, Gateway) {
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let gateway = Gateway::open(sidecar.ready.gateway_addr, &account.access_token).await;
    (account, character.id, gateway)
}

/// A map server that speaks nothing but the directory's routes.
async fn foreign_server(sidecar: &SidecarProcess) -> String {
    let id = fresh_name("map-server-foreign-");
    let maps: Vec<u16> = (1..=50).collect();
    let body =
        json!({"id": id, "name": "Foreign", "ip": "127.0.0.1", "port": 7501, "supported_maps": maps, "max_players": 1});
    sidecar.directory().post("/map-registry/register", body).await.json(201);
    id
}

#[tokio::test]
async fn messages_that_make_no_sense_are_bad() {
    let sidecar = sidecar().await;
    let (_, character, mut gateway) = player(&sidecar).await;
    for bad in ["", "no json", "[]", "{}", r#"{"event":7}"#, r#"{"event":"enter_world","data":{}}"#] {
        gateway.say_text(bad).await;
        gateway.expect_error("BAD_MESSAGE").await;
    }
    gateway.say(&json!({"event": "enter_world", "data": {"character_id": character, "channel": "one"}})).await;
    gateway.expect_error("BAD_MESSAGE").await;
    gateway.say_text(&"x".repeat(64 * 1_024)).await;
    gateway.expect_close_code(1009).await;
}

#[tokio::test]
async fn only_ones_own_characters_enter() {
    let sidecar = sidecar().await;
    let (_, theirs, _) = player(&sidecar).await;
    let (_, _, mut gateway) = player(&sidecar).await;
    gateway.enter(&theirs).await;
    gateway.expect_error("FORBIDDEN").await;
    for nobody in [NOBODY, "7", ""] {
        gateway.enter(nobody).await;
        gateway.expect_error("CHARACTER_NOT_FOUND").await;
    }
}

#[tokio::test]
async fn a_map_that_nobody_hosts_is_not_found() {
    let sidecar = SidecarProcess::start(&[]).await;
    let (_, character, mut gateway) = player(&sidecar).await;
    gateway.enter(&character).await;
    gateway.expect_error("MAP_NOT_FOUND").await;
}

#[tokio::test]
async fn a_server_without_a_map_link_can_not_be_reached() {
    let sidecar = SidecarProcess::start(&[]).await;
    foreign_server(&sidecar).await;
    let (account, character, mut gateway) = player(&sidecar).await;
    gateway.enter(&character).await;
    gateway.expect_error("MAP_SERVER_UNREACHABLE").await;
    let path = format!("/characters/{character}");
    account.calls(&sidecar.api()).delete(&path).await.json(204);
}

#[tokio::test]
async fn unlinked_servers_may_be_allowed_and_are_full_by_their_heartbeat() {
    let sidecar = SidecarProcess::start(&[("ALLOW_UNLINKED_MAP_SERVERS", "true")]).await;
    let foreign = foreign_server(&sidecar).await;
    let (_, character, mut gateway) = player(&sidecar).await;
    let success = gateway.entered(&character).await;
    assert_eq!((&success["server_id"], &success["map_port"]), (&json!(foreign), &json!(7501)));
    let row = Database::open(&sidecar.home).await.character(&character).await;
    assert!(row.lock_owner.starts_with("gateway:"), "the lock stays with the gateway: {row:?}");

    let full = json!({"id": foreign, "current_players": 1, "load": 1.0});
    sidecar.directory().post("/map-registry/heartbeat", full).await.json(200);
    let (_, other, mut late) = player(&sidecar).await;
    late.enter(&other).await;
    late.expect_error("MAP_FULL").await;

    sidecar.directory().delete(&format!("/map-registry/server/{foreign}")).await.json(204);
    let database = Database::open(&sidecar.home).await;
    until("the lock is free, now that the server is gone", async || {
        (database.character(&character).await.lock_owner == "none").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_fault_on_our_side_is_internal_and_says_no_more() {
    let sidecar = SidecarProcess::start(&[("ALLOW_UNLINKED_MAP_SERVERS", "true")]).await;
    foreign_server(&sidecar).await;
    let (_, character, mut gateway) = player(&sidecar).await;
    // Somebody else holds the database's write lock for longer than the sidecar waits.
    let writer = Database::hold_write_lock(&sidecar.home).await;
    gateway.enter(&character).await;
    gateway.expect_error("INTERNAL").await;
    drop(writer);
    gateway.entered(&character).await;
}

#[tokio::test]
async fn a_second_enter_world_out_of_turn_ends_the_socket_and_frees_the_locks() {
    let sidecar = SidecarProcess::start(&[("ALLOW_UNLINKED_MAP_SERVERS", "true")]).await;
    foreign_server(&sidecar).await;
    let (account, character, mut gateway) = player(&sidecar).await;
    // While the database is held, the first can not be answered.
    let writer = Database::hold_write_lock(&sidecar.home).await;
    gateway.say_at_once(&[enter_world(&character), enter_world(&character)]).await;
    gateway.expect_error("BAD_MESSAGE").await;
    gateway.expect_close_code(1008).await;
    drop(writer);
    // The lock is free again: only then a character can be deleted.
    let (api, path) = (account.calls(&sidecar.api()), format!("/characters/{character}"));
    let deleted = until("the character is not in the world", async || {
        Some(api.delete(&path).await).filter(|answer| answer.status != 409)
    });
    assert_eq!(deleted.await.json(204), Value::Null);
}
