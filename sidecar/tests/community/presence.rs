//! Who is online, and who is told of it and of other changes.

use axum::http::StatusCode;
use realmgate_platform::testing::soon;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::client::Client;

on_every_backend!(
    friends_hear_who_comes_and_who_goes,
    changes_are_told_to_oneself_and_to_friends_once,
    friends_see_the_map_where_a_player_lets_them,
    the_end_of_an_account_is_told_to_its_friends,
);

/// The one friend that the next frame tells of.
async fn friend(client: &mut Client) -> Value {
    let told = client.event("friend_updated").await;
    let friends = told["friends"].as_object().unwrap();
    assert_eq!(friends.len(), 1, "{told}");
    friends.values().next().unwrap().clone()
}

async fn is_online(realm: &Realm, player: &Player) -> Value {
    let user = realm.call("GET", &format!("/users/{}", player.id), json!(null)).send().await;
    user.expect(StatusCode::OK)["is_online"].clone()
}

async fn friends_hear_who_comes_and_who_goes(realm: Realm) {
    let [ann, ben, cid] = [realm.device("ann's").await, realm.device("ben's").await, realm.device("cid's").await];
    realm.befriend(&ann, &ben).await;
    realm.by(&cid, "POST", "/friends", json!({"target_user_id": ann.id})).await.expect(StatusCode::CREATED);
    // Ben is her friend, and Cid would be.
    let (mut at_ann, mut at_cid) = (realm.online_with(&ann, 2).await, realm.online(&cid).await);
    assert_eq!(is_online(&realm, &ben).await, false);
    // A socket alone is nobody's presence.
    let mut first = realm.socket(&ben).await;
    first.join("lobbies").await;
    assert_eq!(is_online(&realm, &ben).await, false);
    first.join(&ben.topic()).await;
    let seen = friend(&mut at_ann).await;
    assert_eq!((&seen["user_id"], &seen["is_online"]), (&json!(ben.id), &json!(true)));
    assert!(seen["friendship_id"].is_string() && seen.get("email").is_none() && seen.get("map_id").is_none(), "{seen}");
    assert_eq!(is_online(&realm, &ben).await, true);
    // A second one changes nothing, nor does the end of the first.
    let mut second = realm.online_with(&ben, 1).await;
    first.close().await;
    second.push(&ben.topic(), "phx_leave", json!({})).await;
    let seen = friend(&mut at_ann).await;
    assert_eq!((&seen["user_id"], &seen["is_online"]), (&json!(ben.id), &json!(false)), "the last one has gone");
    assert_eq!(is_online(&realm, &ben).await, false);
    // Who is no friend hears nothing: the next that Cid is told is its own.
    let renamed = realm.by(&cid, "PATCH", "/me/display_name", json!({"display_name": "Cid"})).await;
    renamed.expect(StatusCode::OK);
    assert_eq!(at_cid.event("updated").await["display_name"], "Cid");
}

async fn changes_are_told_to_oneself_and_to_friends_once(realm: Realm) {
    let (admin, ann, ben) = (realm.device("first").await, realm.device("ann's").await, realm.device("ben's").await);
    realm.befriend(&ann, &ben).await;
    let mut at_ben = realm.online_with(&ben, 1).await;
    let mut at_ann = realm.online_with(&ann, 1).await;
    assert_eq!(friend(&mut at_ben).await["is_online"], true);
    let call =
        async |method: &str, path: &str, body: Value| realm.by(&ann, method, path, body).await.expect(StatusCode::OK);
    call("PATCH", "/me/display_name", json!({"display_name": "Ann"})).await;
    assert_eq!(at_ann.event("updated").await["display_name"], "Ann");
    assert_eq!(friend(&mut at_ben).await["display_name"], "Ann");
    // The same again is no news. A device is nobody else's to know.
    call("PATCH", "/me/display_name", json!({"display_name": "Ann"})).await;
    call("PATCH", "/me/username", json!({"username": "ann.b"})).await;
    assert_eq!(at_ann.event("updated").await["username"], "ann.b");
    let seen = friend(&mut at_ben).await;
    assert_eq!(seen["username"], "ann.b");
    let path = format!("/admin/users/{}", ann.id);
    let edit = realm.by(&admin, "PATCH", &path, json!({"metadata": {"level": 3}})).await;
    edit.expect(StatusCode::OK);
    let me = at_ann.event("updated").await;
    assert_eq!(me["metadata"], json!({"level": 3}));
    assert_eq!(friend(&mut at_ben).await["metadata"], json!({"level": 3}));
    assert_eq!(me, realm.by(&ann, "GET", "/me", json!(null)).await.json());
    // A gateway's socket is one more way to be online, and none that a friend sees beside this one.
    drop(at_ann);
    assert_eq!(friend(&mut at_ben).await["is_online"], false);
}

async fn friends_see_the_map_where_a_player_lets_them(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    realm.befriend(&ann, &ben).await;
    let show = async |show: Value| realm.by(&ann, "PATCH", "/me/show_map", json!({"show_map": show})).await;
    show(json!("maybe")).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(show(json!(true)).await.expect(StatusCode::OK), json!({"ok": true, "id": ann.id, "show_map": true}));
    let me = realm.by(&ann, "GET", "/me", json!(null)).await.json();
    assert_eq!(me["show_map"], true);
    // She is in no world.
    let listed =
        async || realm.by(&ben, "GET", "/me/friends", json!(null)).await.expect(StatusCode::OK)["data"][0].clone();
    assert_eq!(listed().await.get("map_id"), None);
    let entry = serde_json::from_value(json!({"gatewayId": "gateway-1",
        "character": {"id": ann.id, "name": "Ann", "mapServer": "map-1", "mapId": 7}}));
    realm.app().state().sessions.set(&ann.id, entry.unwrap()).await.unwrap();
    assert_eq!(listed().await["map_id"], 7);
    let mut again = realm.socket(&ben).await;
    again.join(&ben.topic()).await;
    again.event("updated").await;
    assert_eq!(again.event("friend_updated").await["friends"][&ann.id]["map_id"], 7);
    again.event("notification_created").await;
    show(json!(false)).await.expect(StatusCode::OK);
    assert_eq!(friend(&mut again).await.get("map_id"), None);
    show(json!("TRUE")).await.expect(StatusCode::OK);
    assert_eq!(friend(&mut again).await["map_id"], 7);
    let user = realm.call("GET", &format!("/users/{}", ann.id), json!(null)).send().await.json();
    assert_eq!(user.get("map_id"), None, "only friends see it");
}

async fn the_end_of_an_account_is_told_to_its_friends(realm: Realm) {
    let (_first, ann, ben) = (realm.device("first").await, realm.device("ann's").await, realm.device("ben's").await);
    realm.befriend(&ann, &ben).await;
    let (_at_ann, mut at_ben) = (realm.online_with(&ann, 1).await, realm.online_with(&ben, 1).await);
    realm.by(&ann, "DELETE", "/me", json!(null)).await.expect(StatusCode::OK);
    let seen = friend(&mut at_ben).await;
    assert_eq!((&seen["user_id"], &seen["is_online"]), (&json!(ann.id), &json!(false)));
    let listed = realm.by(&ben, "GET", "/me/friends", json!(null)).await.expect(StatusCode::OK);
    assert_eq!(listed["data"], json!([]));
}

#[tokio::test]
async fn who_is_at_a_gateway_is_online_for_friends() {
    let realm = Realm::sqlite().await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    realm.befriend(&ann, &ben).await;
    let mut at_ben = realm.online_with(&ben, 1).await;
    let gateway = realm.app().state().addrs.gateway;
    let (socket, _) =
        soon("the gateway", tokio_tungstenite::connect_async(format!("ws://{gateway}/ws?token={}", ann.access)))
            .await
            .unwrap();
    assert_eq!(friend(&mut at_ben).await["is_online"], true);
    drop(socket);
    assert_eq!(friend(&mut at_ben).await["is_online"], false);
}

#[tokio::test]
async fn a_sidecar_that_starts_again_has_no_sockets() {
    let realm = Realm::sqlite().await;
    let ann = realm.device("ann's").await;
    let client = realm.online(&ann).await;
    // What a run that was killed has left behind: it has cleared nothing, and counts as alive for a while.
    realm.execute("INSERT INTO realtime_replicas (replica, until_ms) VALUES ('gateway-9', 9000000000000000)").await;
    realm.execute("INSERT INTO realtime_accounts (account_id, replica) SELECT id, 'gateway-9' FROM accounts").await;
    let again = realm.restarted_with(|settings| settings.gateway_id = "gateway-9".to_owned());
    let (realm, code) = tokio::join!(again, client.closed());
    assert_eq!(code, Some(1_001), "a client that is to come again is not told 1000");
    assert_eq!(is_online(&realm, &ann).await, false);
    realm.online(&ann).await;
}
