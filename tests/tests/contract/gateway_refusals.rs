//! Each error of the gateway, as far as it can be met without a map server of ours.

use realmgate_tests::account::fresh_name;
use realmgate_tests::gateway::enter_world;
use realmgate_tests::{Account, Gateway, until};
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::servers::sidecar;
use crate::sidecars::Sidecars;

on_every_backend!(
    messages_that_make_no_sense_are_bad,
    only_ones_own_characters_enter,
    a_map_that_nobody_hosts_is_not_found,
    a_server_without_a_map_link_can_not_be_reached,
    unlinked_servers_may_be_allowed_and_are_full_by_their_heartbeat,
    a_database_that_is_held_up_is_no_fault_of_the_client_s,
    a_second_enter_world_out_of_turn_ends_the_socket_and_frees_the_locks,
);

const NOBODY: &str = "018f0000-0000-7000-8000-000000000001";

/// An account with a character, and its open socket.
async fn player(sidecar: &Sidecars) -> (Account, String, Gateway) {
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let gateway = Gateway::open(sidecar.gateway(), &account.access_token).await;
    (account, character.id, gateway)
}

/// A map server that speaks nothing but the directory's routes.
async fn foreign_server(sidecar: &Sidecars) -> String {
    let id = fresh_name("map-server-foreign-");
    let maps: Vec<u16> = (1..=50).collect();
    let body =
        json!({"id": id, "name": "Foreign", "ip": "127.0.0.1", "port": 7501, "supported_maps": maps, "max_players": 1});
    sidecar.directory().post("/map-registry/register", body).await.json(201);
    id
}

async fn messages_that_make_no_sense_are_bad(backend: Backend) {
    let sidecar = sidecar(backend).await;
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

async fn only_ones_own_characters_enter(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let (_, theirs, _) = player(&sidecar).await;
    let (_, own, mut gateway) = player(&sidecar).await;
    let database = sidecar.database().await;
    let before = database.character(&theirs).await;
    gateway.enter(&theirs).await;
    gateway.expect_error("FORBIDDEN").await;
    assert_eq!(database.character(&theirs).await, before);
    for nobody in [NOBODY, "7", ""] {
        gateway.enter(nobody).await;
        gateway.expect_error("CHARACTER_NOT_FOUND").await;
    }
    // One's own would, if its map were hosted.
    gateway.enter(&own).await;
    gateway.expect_error("MAP_NOT_FOUND").await;
}

async fn a_map_that_nobody_hosts_is_not_found(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let (_, character, mut gateway) = player(&sidecar).await;
    gateway.enter(&character).await;
    gateway.expect_error("MAP_NOT_FOUND").await;
    assert_eq!(sidecar.database().await.character(&character).await.lock_owner, "none");
}

async fn a_server_without_a_map_link_can_not_be_reached(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[]).await;
    foreign_server(&sidecar).await;
    let (account, character, mut gateway) = player(&sidecar).await;
    gateway.enter(&character).await;
    gateway.expect_error("MAP_SERVER_UNREACHABLE").await;
    let path = format!("/characters/{character}");
    account.calls(&sidecar.api()).delete(&path).await.json(204);
}

async fn unlinked_servers_may_be_allowed_and_are_full_by_their_heartbeat(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("ALLOW_UNLINKED_MAP_SERVERS", "true")]).await;
    let foreign = foreign_server(&sidecar).await;
    let beat = async |players: u32| {
        let load = json!({"id": foreign, "current_players": players, "load": 1.0});
        sidecar.directory().post("/map-registry/heartbeat", load).await.json(200);
    };
    let (_, character, mut gateway) = player(&sidecar).await;
    // Nobody is on the way yet: only the heartbeat says that its one place is taken.
    beat(1).await;
    gateway.enter(&character).await;
    gateway.expect_error("MAP_FULL").await;
    beat(0).await;
    let success = gateway.entered(&character).await;
    assert_eq!((&success["server_id"], &success["map_port"]), (&json!(foreign), &json!(7501)));
    let row = sidecar.database().await.character(&character).await;
    assert!(row.lock_owner.starts_with("gateway:"), "the lock stays with the gateway: {row:?}");

    beat(1).await;
    let (_, other, mut late) = player(&sidecar).await;
    late.enter(&other).await;
    late.expect_error("MAP_FULL").await;
    assert_eq!(sidecar.database().await.character(&other).await.lock_owner, "none");

    sidecar.directory().delete(&format!("/map-registry/server/{foreign}")).await.json(204);
    let database = sidecar.database().await;
    until("the lock is free, now that the server is gone", async || {
        (database.character(&character).await.lock_owner == "none").then_some(())
    })
    .await;
}

async fn a_database_that_is_held_up_is_no_fault_of_the_client_s(backend: Backend) {
    let settings = [("ALLOW_UNLINKED_MAP_SERVERS", "true"), ("DATABASE_STATEMENT_SECONDS", "1")];
    let sidecar = Sidecars::start(backend, &settings).await;
    foreign_server(&sidecar).await;
    let (_, character, mut gateway) = player(&sidecar).await;
    // Somebody else holds the database's write lock for longer than the sidecar or PostgreSQL waits.
    let writer = sidecar.database().await.hold_write_lock().await;
    gateway.enter(&character).await;
    let told = gateway.expect("error").await;
    let later = json!({"code": "INTERNAL", "message": "The database does not answer", "retry_after": 5});
    assert_eq!(told, later);
    writer.rollback().await.expect("nothing was written");
    gateway.entered(&character).await;
}

async fn a_second_enter_world_out_of_turn_ends_the_socket_and_frees_the_locks(backend: Backend) {
    // No timer frees what is left behind.
    let settings = [("ALLOW_UNLINKED_MAP_SERVERS", "true"), ("PASSAGE_TIMEOUT_S", "600")];
    let sidecar = Sidecars::start(backend, &settings).await;
    foreign_server(&sidecar).await;
    let (account, character, mut gateway) = player(&sidecar).await;
    let database = sidecar.database().await;
    let held = database.account_lock_owner(&account.user_id).await;
    assert!(held.starts_with("gateway:"), "{held}");
    // While the database is held, the first cannot be answered and no lock be released: the socket ends all the same.
    let writer = sidecar.database().await.hold_write_lock().await;
    gateway.say_at_once(&[enter_world(&character), enter_world(&character)]).await;
    gateway.expect_error("BAD_MESSAGE").await;
    gateway.expect_close_code(1008).await;
    writer.rollback().await.expect("nothing was written");
    until("the gateway lets go of the account, which waits for its log-in to come again", async || {
        (database.account_lock_owner(&account.user_id).await == "login").then_some(())
    })
    .await;
    // The character's is free again: only then it can be deleted.
    let (api, path) = (account.calls(&sidecar.api()), format!("/characters/{character}"));
    let deleted = until("the character is not in the world", async || {
        Some(api.delete(&path).await).filter(|answer| answer.status != 409)
    });
    assert_eq!(deleted.await.json(204), Value::Null);
}
