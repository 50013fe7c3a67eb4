//! What one account does to a lobby costs those who read the list or the lobby's topic a bounded amount, and ends nobody's socket.

use axum::http::StatusCode;
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::client::Client;
use crate::lobbies::{leave, make};

on_every_backend!(
    newest_state_of_a_lobby_is_told_in_the_end,
    list_leaves_large_metadata_out,
    lobby_that_is_hidden_and_deleted_at_once_leaves_the_list,
);

const LIST: &str = "lobbies";

/// Longer than a test takes: a lobby that was told of is not told of again.
fn once(settings: &mut Settings) {
    settings.community.realtime_debounce_ms = 120_000;
}

async fn change(realm: &Realm, host: &Player, body: Value) {
    realm.by(host, "PATCH", "/lobbies", body).await.expect(StatusCode::OK);
}

/// A socket of a new player that has joined the list.
async fn reader(realm: &Realm, device: &str) -> Client {
    let player = realm.device(device).await;
    let mut client = realm.socket(&player).await;
    client.join(LIST).await;
    client
}

async fn newest_state_of_a_lobby_is_told_in_the_end(realm: Realm) {
    let host = realm.device("the host's").await;
    let mut at_reader = reader(&realm, "a reader's").await;
    let id = make(&realm, &host, json!({})).await;
    at_reader.told(LIST, "lobby_created").await;
    let topic = format!("lobby:{id}");
    at_reader.join(&topic).await;
    at_reader.told(&topic, "updated").await;
    for number in 0..=20 {
        change(&realm, &host, json!({"title": format!("title {number}")})).await;
    }
    let (mut in_lobby, mut in_list) = (false, false);
    while !(in_lobby && in_list) {
        let frame = at_reader.frame().await;
        let is_last = frame[4]["title"] == "title 20";
        in_lobby |= is_last && frame[2] == topic;
        in_list |= is_last && frame[2] == LIST;
    }
}

async fn list_leaves_large_metadata_out(realm: Realm) {
    let host = realm.device("the host's").await;
    let mut at_reader = reader(&realm, "a reader's").await;
    let large = json!({"text": "x".repeat(513)});
    let id = make(&realm, &host, json!({"metadata": large})).await;
    let created = at_reader.told(LIST, "lobby_created").await;
    assert_eq!((&created["id"], &created["metadata"]), (&json!(id), &json!({})));
    let topic = format!("lobby:{id}");
    at_reader.join(&topic).await;
    assert_eq!(at_reader.told(&topic, "updated").await["metadata"], large, "its own topic has all of it");
    let small = json!({"text": "x".repeat(500)});
    change(&realm, &host, json!({"metadata": small})).await;
    assert_eq!(at_reader.told(&topic, "updated").await["metadata"], small);
    assert_eq!(at_reader.told(LIST, "lobby_updated").await["metadata"], small);
    // What the list is not shown is no news to it.
    change(&realm, &host, json!({"metadata": large})).await;
    at_reader.told(&topic, "updated").await;
    assert_eq!(at_reader.told(LIST, "lobby_updated").await["metadata"], json!({}));
    let larger = json!({"text": "x".repeat(10_000)});
    change(&realm, &host, json!({"metadata": larger})).await;
    assert_eq!(at_reader.told(&topic, "updated").await["metadata"], larger);
    make(&realm, &realm.device("another's").await, json!({})).await;
    at_reader.told(LIST, "lobby_created").await;
}

async fn lobby_that_is_hidden_and_deleted_at_once_leaves_the_list(realm: Realm) {
    let host = realm.device("the host's").await;
    let mut at_reader = reader(&realm, "a reader's").await;
    let id = make(&realm, &host, json!({})).await;
    at_reader.told(LIST, "lobby_created").await;
    change(&realm, &host, json!({"is_hidden": true})).await;
    leave(&realm, &host).await;
    assert_eq!(at_reader.told(LIST, "lobby_deleted").await, json!({"id": id}));
}

#[tokio::test]
async fn lobby_that_was_told_of_is_not_told_of_again_at_once() {
    let realm = Realm::sqlite_with(once).await;
    let (host, other) = (realm.device("the host's").await, realm.device("another's").await);
    let mut at_reader = reader(&realm, "a reader's").await;
    make(&realm, &host, json!({})).await;
    at_reader.told(LIST, "lobby_created").await;
    for number in 0..5 {
        change(&realm, &host, json!({"title": format!("title {number}")})).await;
    }
    // Changes are told in their order: when this one has come, nothing was told of those before.
    let id = make(&realm, &other, json!({})).await;
    assert_eq!(at_reader.told(LIST, "lobby_created").await["id"], json!(id));
}

#[tokio::test]
async fn slow_reader_is_told_the_newest_state_and_is_not_cut_off() {
    let realm = Realm::sqlite_with(|settings| settings.community.realtime_debounce_ms = 0).await;
    let admin = realm.device("the administrator's").await;
    let (host, gone) = (realm.device("the host's").await, realm.device("gone's").await);
    let id = make(&realm, &host, json!({})).await;
    let deleted = make(&realm, &gone, json!({})).await;
    let topic = format!("lobby:{id}");
    let mut at_reader = reader(&realm, "a slow reader's").await;
    at_reader.join(&topic).await;
    at_reader.told(&topic, "updated").await;
    // More than a socket and its buffers hold.
    for number in 0..400 {
        let metadata = json!({"text": "x".repeat(16_000)});
        change(&realm, &host, json!({"title": format!("title {number}"), "metadata": metadata})).await;
        let path = format!("/admin/lobbies/{deleted}");
        let body = json!({"title": format!("other {number}")});
        realm.by(&admin, "PATCH", &path, body).await.expect(StatusCode::OK);
        // A third of what comes: the socket goes on, and falls behind.
        at_reader.frame().await;
    }
    leave(&realm, &gone).await;
    change(&realm, &host, json!({"title": "the last", "metadata": {}})).await;
    let (mut in_lobby, mut in_list, mut is_deleted) = (false, false, false);
    let mut count = 0;
    while !(in_lobby && in_list && is_deleted) {
        let frame = at_reader.frame().await;
        count += 1;
        let is_last = frame[4]["title"] == "the last";
        in_lobby |= is_last && frame[2] == topic;
        in_list |= is_last && frame[2] == LIST;
        is_deleted |= frame[3] == "lobby_deleted" && frame[4]["id"] == json!(deleted);
    }
    assert!(count < 800, "{count}: some was left out");
    // The socket lives.
    at_reader.send(json!([null, "beat", "phoenix", "heartbeat", {}])).await;
    while at_reader.frame().await[1] != "beat" {}
}

#[tokio::test]
async fn changes_of_lobbies_have_a_rate() {
    // The caller in this test is a proxy that names its client.
    let realm = Realm::sqlite_with(|settings| settings.edge.trusted_proxies = Some("127.0.0.1".to_owned())).await;
    let host = realm.device("the host's").await;
    let call = async |method: &str, path: &str, body: Value| {
        let call = realm.call(method, path, body).bearer(&host.access);
        call.header("x-forwarded-for", "203.0.113.7").send().await
    };
    let made = call("POST", "/lobbies", json!({})).await.expect(StatusCode::CREATED);
    for number in 0..5 {
        call("PATCH", "/lobbies", json!({"title": format!("title {number}")})).await.expect(StatusCode::OK);
    }
    let join = format!("/lobbies/{}/join", made["id"].as_str().unwrap());
    for (method, path) in
        [("PATCH", "/lobbies"), ("POST", "/lobbies"), ("POST", join.as_str()), ("POST", "/lobbies/quick_join")]
    {
        let refused = call(method, path, json!({"title": "x"})).await;
        assert_eq!(refused.expect(StatusCode::TOO_MANY_REQUESTS), json!({"error": "Too Many Requests"}), "{path}");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=2).contains(&wait), "{path}: {wait}");
    }
    realm.app().advance(std::time::Duration::from_secs(1));
    call("PATCH", "/lobbies", json!({"title": "a second later"})).await.expect(StatusCode::OK);
    // Who has come in may leave.
    call("POST", "/lobbies/leave", Value::Null).await.expect(StatusCode::OK);
    realm.by(&host, "POST", "/lobbies", json!({})).await.expect(StatusCode::CREATED);
}
