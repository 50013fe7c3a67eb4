//! Sockets that keep back for a moment what has changed again (`REALTIME_DEBOUNCE_MS`), and tell its newest state alone.

use axum::http::StatusCode;
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};

on_every_backend!(
    for_long =>
    of_several_changes_the_newest_is_told,
    what_is_told_of_a_topic_that_is_joined_again_is_new,
);

/// Longer than a test takes: what is told is told because something has happened.
fn for_long(settings: &mut Settings) {
    settings.community.realtime_debounce_ms = 120_000;
}

/// A call to the sidecar that a socket is at. Nothing else may have taken a turn since it was opened.
async fn there(realm: &Realm, player: &Player, call: (&str, &str), body: Value) -> Value {
    realm.app();
    let (method, path) = call;
    let answer = realm.by(player, method, path, body).await;
    assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
    answer.json()
}

async fn of_several_changes_the_newest_is_told(realm: Realm) {
    let (ann, ben, cid) = (realm.device("ann's").await, realm.device("ben's").await, realm.device("cid's").await);
    let mut at_ben = realm.socket(&ben).await;
    at_ben.join("lobbies").await;
    let lobby = there(&realm, &ben, ("POST", "/lobbies"), Value::Null).await["id"].as_str().unwrap().to_owned();
    let (topic, join) = (format!("lobby:{lobby}"), format!("/lobbies/{lobby}/join"));
    // The list is told last: nothing of the making is told after it.
    at_ben.told("lobbies", "lobby_created").await;
    at_ben.join(&topic).await;
    assert_eq!(at_ben.told(&topic, "updated").await["members"][0]["id"], ben.id, "a join is answered at once");
    there(&realm, &ann, ("POST", &join), Value::Null).await;
    at_ben.told(&topic, "user_updated").await;
    at_ben.told(&topic, "user_joined").await;
    at_ben.told("lobbies", "lobby_membership_changed").await;

    for name in ["first", "second", "third"] {
        there(&realm, &ann, ("PATCH", "/me/display_name"), json!({"display_name": name})).await;
    }
    there(&realm, &cid, ("POST", &join), Value::Null).await;
    let mut members = Vec::new();
    for _ in 0..2 {
        let told = at_ben.told(&topic, "user_updated").await;
        members.push((told["id"].clone(), told["display_name"].clone()));
    }
    members.sort_by_key(|(_, name)| name.to_string());
    assert_eq!(members, [(json!(cid.id), json!("")), (json!(ann.id), json!("third"))], "each once, as it stands");
    let joined = at_ben.told(&topic, "user_joined").await;
    assert_eq!(joined["id"], cid.id, "what has happened does not wait, and comes after what was before it");
}

async fn what_is_told_of_a_topic_that_is_joined_again_is_new(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let mut at_ben = realm.socket(&ben).await;
    at_ben.join("lobbies").await;
    let mut at_ann = realm.socket(&ann).await;
    at_ann.join(&ann.topic()).await;
    at_ann.event("updated").await;
    at_ann.event("friend_updated").await;
    let before = at_ann.join_ref.clone();
    there(&realm, &ann, ("PATCH", "/me/display_name"), json!({"display_name": "A"})).await;
    assert_eq!(at_ann.event("updated").await["display_name"], "A", "the first change is told at once");
    for name in ["Ann", "Anna"] {
        there(&realm, &ann, ("PATCH", "/me/display_name"), json!({"display_name": name})).await;
    }
    // Changes are told in their order: when this one has come, what is kept back has come to the other socket.
    there(&realm, &ben, ("POST", "/lobbies"), Value::Null).await;
    at_ben.told("lobbies", "lobby_created").await;
    let again = at_ann.count();
    at_ann.send(json!([again, again, ann.topic(), "phx_join", {}])).await;
    at_ann.closed_channel(&before, &ann.topic()).await;
    assert_eq!(at_ann.frame().await[3], "phx_reply");
    assert_eq!(at_ann.event("updated").await["display_name"], "Anna");
    at_ann.event("friend_updated").await;
    // Somebody's request makes the socket tell what it has kept back.
    there(&realm, &ben, ("POST", "/friends"), json!({"target_user_id": ann.id})).await;
    let asked = at_ann.event("incoming_request").await;
    assert_eq!(asked["requester_id"], ben.id, "and nothing that was older than the join");
}

/// Without anything else that happens.
#[tokio::test]
async fn what_is_kept_back_is_told_in_the_end() {
    let realm = Realm::sqlite_with(|settings| settings.community.realtime_debounce_ms = 50).await;
    let ann = realm.device("ann's").await;
    let mut at_ann = realm.online(&ann).await;
    for number in 0..20 {
        let name = json!({"display_name": format!("Ann {number}")});
        realm.by(&ann, "PATCH", "/me/display_name", name).await.expect(StatusCode::OK);
    }
    while at_ann.event("updated").await["display_name"] != "Ann 19" {}
}
