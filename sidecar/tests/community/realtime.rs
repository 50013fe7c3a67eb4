//! The channel protocol: frames, topics, joins and what they are refused.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Realm, on_every_backend};

on_every_backend!(
    who_joins_its_topic_is_told_how_things_stand,
    topics_are_joined_by_their_rules,
    webrtc_is_refused_and_the_channel_stays,
    pushes_are_answered,
);

fn refused(reason: &str) -> Value {
    json!({"status": "error", "response": {"reason": reason}})
}

fn error(error: &str) -> Value {
    json!({"status": "error", "response": {"error": error}})
}

async fn who_joins_its_topic_is_told_how_things_stand(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    realm.befriend(&ann, &ben).await;
    let mut client = realm.socket(&ann).await;
    client.join(&ann.topic()).await;
    let (join_ref, topic) = (client.join_ref.clone(), json!(ann.topic()));
    let updated = client.frame().await;
    assert_eq!(updated.as_array().unwrap()[..4], [join_ref.clone(), json!(null), topic.clone(), json!("updated")]);
    let me = realm.by(&ann, "GET", "/me", json!(null)).await.json();
    assert_eq!((&updated[4], &updated[4]["is_online"]), (&me, &json!(true)));
    let friends = client.frame().await;
    assert_eq!(friends.as_array().unwrap()[..4], [join_ref, json!(null), topic, json!("friend_updated")]);
    let listed = realm.by(&ann, "GET", "/me/friends", json!(null)).await.json();
    let mut friend = listed["data"][0].clone();
    friend["user_id"] = json!(ben.id);
    assert_eq!(friends[4], json!({"friends": {&ben.id: friend}}));
    let notification = client.frame().await;
    assert_eq!((&notification[0], &notification[3]), (&client.join_ref, &json!("notification_created")));
    assert_eq!(notification[4]["metadata"]["type"], "friend_accepted");

    let nobody = realm.device("nobody's").await;
    let mut client = realm.socket(&nobody).await;
    client.join(&nobody.topic()).await;
    client.event("updated").await;
    assert_eq!(client.event("friend_updated").await, json!({"friends": {}}));
}

async fn topics_are_joined_by_their_rules(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let mut client = realm.socket(&ann).await;
    for (topic, reason) in [
        (ben.topic(), "unauthorized"),
        ("user:00000000-0000-7000-8000-000000000000".to_owned(), "unauthorized"),
        ("user:me".to_owned(), "invalid topic"),
        ("user:".to_owned(), "invalid topic"),
        (ann.topic().to_uppercase().replace("USER", "user"), "invalid topic"),
        ("party:1".to_owned(), "unmatched topic"),
        ("map:x".to_owned(), "invalid topic"),
        ("groups".to_owned(), "unmatched topic"),
        ("group:1".to_owned(), "unmatched topic"),
        ("phoenix".to_owned(), "unmatched topic"),
        (String::new(), "unmatched topic"),
    ] {
        assert_eq!(client.try_join(&topic).await, refused(reason), "{topic}");
    }
    client.join("lobbies").await;
    let first = client.join_ref.clone();
    // Joining again ends the first join.
    let second = client.count();
    client.send(json!([second, second, "lobbies", "phx_join", {}])).await;
    client.closed_channel(&first, "lobbies").await;
    assert_eq!(client.frame().await[4]["status"], "ok");
    // A late word of the first join ends nothing.
    client.join_ref = first;
    assert_eq!(client.push("lobbies", "phx_leave", json!({})).await["status"], "ok");
    assert_eq!(client.push("lobbies", "x", json!({})).await, refused("unmatched topic"));
    client.join_ref = second.clone();
    assert_eq!(client.push("lobbies", "phx_leave", json!({})).await, json!({"status": "ok", "response": {}}));
    client.closed_channel(&second, "lobbies").await;
    assert_eq!(client.push("lobbies", "phx_leave", json!({})).await["status"], "ok", "again, and nothing is closed");
    assert_eq!(client.push("lobbies", "x", json!({})).await, refused("unmatched topic"));
}

/// No data channel is to be had: who tries it is told so each time, and plays on over the socket.
async fn webrtc_is_refused_and_the_channel_stays(realm: Realm) {
    let (ann, bob) = (realm.device("ann's").await, realm.device("bob's").await);
    let mut client = realm.online(&ann).await;
    let topic = ann.topic();
    for (event, payload) in [
        ("webrtc:offer", json!({"sdp": "v=0\r\n", "type": "offer"})),
        ("webrtc:ice", json!({"candidate": "candidate:1 1 UDP 1 192.0.2.1 9 typ host", "sdpMid": "0"})),
        ("webrtc:ice", json!({})),
        ("webrtc:close", json!({})),
        ("webrtc:", Value::Null),
    ] {
        assert_eq!(client.push(&topic, event, payload).await, error("webrtc_disabled"), "{event}");
        if event == "webrtc:offer" {
            let answered = client.frame().await;
            assert_eq!(answered, json!([client.join_ref, null, topic, "webrtc:answer", {}]), "nobody waits for one");
        }
    }
    assert_eq!(client.push(&topic, "webrtc", json!({})).await, error("unknown_event"), "that is another name");
    realm.by(&bob, "POST", "/friends", json!({"target_user_id": ann.id})).await.expect(StatusCode::CREATED);
    assert_eq!(client.event("incoming_request").await["requester_id"], bob.id, "the channel is told as before");
    client.event("notification_created").await;
    // It is said on the topic of the account alone.
    client.join("lobbies").await;
    let lobbies = client.join_ref.clone();
    assert_eq!(client.push("lobbies", "webrtc:offer", json!({})).await, error("unknown_event"));
    client.closed_channel(&lobbies, "lobbies").await;
}

async fn pushes_are_answered(realm: Realm) {
    let ann = realm.device("ann's").await;
    let mut client = realm.online(&ann).await;
    client.send(json!([null, "77", "phoenix", "heartbeat", {}])).await;
    let beat = json!([null, "77", "phoenix", "phx_reply", {"status": "ok", "response": {}}]);
    assert_eq!(client.frame().await, beat);
    let topic = ann.topic();
    for (event, reason) in [("anything", "unknown_event"), ("", "unknown_event"), ("updated", "unknown_event")] {
        assert_eq!(client.push(&topic, event, json!({"a": [1]})).await, error(reason), "{event}");
    }
    client.join("lobbies").await;
    let lobbies = client.join_ref.clone();
    assert_eq!(client.push("lobbies", "anything", json!({})).await, error("unknown_event"));
    client.closed_channel(&lobbies, "lobbies").await;
    assert_eq!(client.push("lobbies", "anything", json!({})).await, refused("unmatched topic"));
    // References are repeated as they are, numbers too.
    client.send(json!([1, 2, "nothing", "x", {}])).await;
    assert_eq!(client.frame().await.as_array().unwrap()[..2], [json!(1), json!(2)]);
}
