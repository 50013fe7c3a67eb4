//! Whispers, the chats of maps and parties between users without a character in a world.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::client::Client;

on_every_backend!(
    a_whisper_reaches_a_user_by_each_of_its_names,
    a_whisper_that_cannot_be_sent_is_refused_with_its_reason,
    blocks_hold_for_whispers_both_ways,
    a_muted_user_sends_nothing,
    a_chat_of_a_map_reaches_those_who_follow_it,
    texts_of_blocked_users_are_left_out_of_chats,
    a_party_forms_and_ends_between_users_in_no_world,
    a_member_without_a_socket_is_away,
);

fn refused(code: &str) -> Value {
    json!({"status": "error", "response": {"error": code}})
}

fn done() -> Value {
    json!({"status": "ok", "response": {}})
}

async fn whisper(from: &mut Client, player: &Player, to: &str, text: &str) -> Value {
    from.push(&player.topic(), "whisper", json!({"to": to, "text": text})).await
}

/// Creates a character. Returns its id.
async fn character(realm: &Realm, player: &Player, name: &str) -> String {
    let body = json!({"name": name, "class_id": "mage"});
    let made = realm.app().post("/characters", body).bearer(&player.access).send().await.expect(StatusCode::CREATED);
    made["id"].as_str().unwrap().to_owned()
}

async fn block(realm: &Realm, player: &Player, other: &Player) {
    realm.by(player, "POST", &format!("/users/{}/block", other.id), Value::Null).await.expect(StatusCode::OK);
}

async fn rename(realm: &Realm, player: &Player, name: &str) {
    let body = json!({"display_name": name});
    realm.by(player, "PATCH", "/me/display_name", body).await.expect(StatusCode::OK);
}

async fn a_whisper_reaches_a_user_by_each_of_its_names(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    rename(&realm, &ben, "Ben the Smith").await;
    let id = character(&realm, &ben, "Bob").await;
    let (mut at_ann, mut at_ben) = (realm.online(&ann).await, realm.online(&ben).await);
    let by_username = format!("@{}", ben.username);
    for (to, name) in
        [("bOB", "Bob"), (&*by_username, &*by_username), (&ben.id, &by_username), ("ben THE smith", &by_username)]
    {
        let sent = whisper(&mut at_ann, &ann, to, "hi").await;
        assert_eq!(sent, json!({"status": "ok", "response": {"to": name}}), "{to}");
        let mut received = at_ben.told(&ben.topic(), "whisper").await;
        let sent_at = received.as_object_mut().unwrap().remove("sent_at").unwrap();
        assert!(sent_at.as_str().is_some_and(|at| at.ends_with('Z')), "{sent_at}");
        let from = json!({"user_id": ann.id, "name": format!("@{}", ann.username)});
        assert_eq!(received, json!({"from": from, "text": "hi"}));
    }
    // A user with a character speaks in its name, and can be answered by the name that others see.
    whisper(&mut at_ben, &ben, &format!("@{}", ann.username), "yes?").await;
    let from = &at_ann.told(&ann.topic(), "whisper").await["from"];
    assert_eq!(*from, json!({"user_id": ben.id, "name": "Bob", "character": {"id": id, "name": "Bob"}}));
}

async fn a_whisper_that_cannot_be_sent_is_refused_with_its_reason(realm: Realm) {
    let (ann, ben, off) = (realm.device("ann's").await, realm.device("ben's").await, realm.device("off's").await);
    for player in [&ben, &off] {
        rename(&realm, player, "Twin").await;
    }
    let (mut at_ann, mut at_ben) = (realm.online(&ann).await, realm.online(&ben).await);
    let (to, long) = (format!("@{}", ben.username), "x".repeat(241));
    for (to, text, code) in [
        (&*to, "", "empty"),
        (&to, "  ", "empty"),
        (&to, &long, "too_long"),
        (&to, "two\nlines", "bad_text"),
        ("Nobody", "hi", "not_found"),
        ("", "hi", "not_found"),
        (&"n".repeat(400), "hi", "not_found"),
        (&off.id, "hi", "not_found"),
        ("Twin", "hi", "ambiguous"),
    ] {
        assert_eq!(whisper(&mut at_ann, &ann, to, text).await, refused(code), "{to}: {text}");
    }
    let topic = ann.topic();
    let chosen = json!({"to": to, "text": "hi", "character": ben.id});
    assert_eq!(at_ann.push(&topic, "whisper", chosen).await, refused("no_character"), "of another account");
    assert_eq!(at_ann.push(&topic, "whisper", json!([])).await, refused("empty"));
    whisper(&mut at_ann, &ann, &to, "hi").await;
    assert_eq!(at_ben.told(&ben.topic(), "whisper").await["text"], "hi", "nothing of what was refused came");
}

async fn blocks_hold_for_whispers_both_ways(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let (mut at_ann, mut at_ben) = (realm.online(&ann).await, realm.online(&ben).await);
    block(&realm, &ann, &ben).await;
    at_ann.event("friend_blocked").await;
    at_ben.event("friend_blocked").await;
    assert_eq!(whisper(&mut at_ben, &ben, &ann.id, "hi").await, refused("ignored"));
    assert_eq!(whisper(&mut at_ann, &ann, &ben.id, "hi").await, refused("ignored"));
    character(&realm, &ann, "Ann").await;
    character(&realm, &ben, "Bob").await;
    assert_eq!(at_ben.push(&ben.topic(), "party_invite", json!({"to": ann.id})).await, refused("ignored"));
}

async fn a_muted_user_sends_nothing(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let (mut at_ann, _at_ben) = (realm.online(&ann).await, realm.online(&ben).await);
    let path = format!("/admin/users/{}", ann.id);
    let mute = json!({"muted_until": "2100-01-01T00:00:00Z"});
    realm.by(&admin, "PATCH", &path, mute).await.expect(StatusCode::OK);
    assert_eq!(whisper(&mut at_ann, &ann, &ben.id, "hi").await, refused("muted"));
    assert_eq!(at_ann.push(&ann.topic(), "party_chat", json!({"text": "hi"})).await, refused("muted"));
    let user = at_ann.join_ref.clone();
    at_ann.join("map:7").await;
    assert_eq!(at_ann.push("map:7", "chat", json!({"text": "hi"})).await, refused("muted"));
    realm.by(&admin, "PATCH", &path, json!({"muted_until": ""})).await.expect(StatusCode::OK);
    at_ann.join_ref = user;
    assert_eq!(whisper(&mut at_ann, &ann, &ben.id, "hi").await["status"], "ok");
}

async fn a_chat_of_a_map_reaches_those_who_follow_it(realm: Realm) {
    let (ann, ben, cid) = (realm.device("ann's").await, realm.device("ben's").await, realm.device("cid's").await);
    let (mut at_ann, mut at_ben, mut at_cid) =
        (realm.socket(&ann).await, realm.socket(&ben).await, realm.socket(&cid).await);
    for topic in ["map:", "map:x", "map:07", "map:70000"] {
        let reply = at_ann.try_join(topic).await;
        assert_eq!(reply, json!({"status": "error", "response": {"reason": "invalid topic"}}), "{topic}");
    }
    at_ann.join("map:7").await;
    at_ben.join("map:7").await;
    at_cid.join("map:8").await;
    assert_eq!(at_ann.push("map:7", "chat", json!({"text": "hi"})).await, done());
    let from = json!({"user_id": ann.id, "name": format!("@{}", ann.username)});
    let expected = json!({"from": from, "text": "hi", "map": 7});
    assert_eq!(at_ben.told("map:7", "chat").await, expected);
    assert_eq!(at_ann.told("map:7", "chat").await, expected, "the sender too");
    assert_eq!(at_ann.push("map:7", "x", json!({})).await, refused("unknown_event"));
    assert_eq!(at_cid.push("map:8", "chat", json!({"text": "alone"})).await, done());
    assert_eq!(at_cid.told("map:8", "chat").await["text"], "alone", "another map's");
    // Maps count among the topics of a socket.
    for map in 9..24 {
        at_cid.join(&format!("map:{map}")).await;
    }
    let reply = at_cid.try_join("map:24").await;
    assert_eq!(reply, json!({"status": "error", "response": {"reason": "too_many_topics"}}));
}

async fn texts_of_blocked_users_are_left_out_of_chats(realm: Realm) {
    let (ann, ben, cid) = (realm.device("ann's").await, realm.device("ben's").await, realm.device("cid's").await);
    let (mut at_ann, mut at_ben, mut at_cid) =
        (realm.socket(&ann).await, realm.socket(&ben).await, realm.socket(&cid).await);
    // On its own topic Ann sees when the block is known to its socket.
    at_ann.join(&ann.topic()).await;
    at_ann.event("updated").await;
    at_ann.event("friend_updated").await;
    for client in [&mut at_ann, &mut at_ben, &mut at_cid] {
        client.join("map:7").await;
    }
    at_ben.push("map:7", "chat", json!({"text": "first"})).await;
    assert_eq!(at_ann.told("map:7", "chat").await["text"], "first");
    block(&realm, &ann, &ben).await;
    at_ann.event("friend_blocked").await;
    // Its answer comes once the socket has handled what came before.
    at_ann.push("map:7", "x", json!({})).await;
    at_ben.push("map:7", "chat", json!({"text": "second"})).await;
    while at_cid.told("map:7", "chat").await["text"] != "second" {}
    at_cid.push("map:7", "chat", json!({"text": "third"})).await;
    assert_eq!(at_ann.told("map:7", "chat").await["text"], "third");
}

/// The party that a client receives: each member's name, and whether it is online.
async fn party(client: &mut Client) -> (Value, Vec<(String, bool)>) {
    let shown = client.event("party_updated").await;
    let members = shown["members"].as_array().unwrap().iter();
    let members = members
        .map(|member| (member["character"]["name"].as_str().unwrap().to_owned(), member["online"].as_bool().unwrap()))
        .collect();
    (shown["party"].clone(), members)
}

fn named(members: &[(&str, bool)]) -> Vec<(String, bool)> {
    members.iter().map(|(name, online)| ((*name).to_owned(), *online)).collect()
}

/// Ann and Ben with a character each, in one party.
async fn two_members(realm: &Realm) -> (Player, Client, Player, Client, Value) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    character(realm, &ann, "Ann").await;
    character(realm, &ben, "Bob").await;
    let (mut at_ann, mut at_ben) = (realm.online(&ann).await, realm.online(&ben).await);
    assert_eq!(at_ann.push(&ann.topic(), "party_invite", json!({"to": "Bob"})).await, done());
    let invited = at_ben.event("party_invited").await;
    assert_eq!((&invited["from"]["name"], &invited["from"]["user_id"]), (&json!("Ann"), &json!(ann.id)));
    assert_eq!(party(&mut at_ann).await.1, named(&[("Ann", true)]));
    let id = invited["party"].clone();
    assert_eq!(at_ben.push(&ben.topic(), "party_accept", json!({"party": id})).await, done());
    for client in [&mut at_ann, &mut at_ben] {
        assert_eq!(party(client).await, (id.clone(), named(&[("Ann", true), ("Bob", true)])));
    }
    (ann, at_ann, ben, at_ben, id)
}

async fn a_party_forms_and_ends_between_users_in_no_world(realm: Realm) {
    let (ann, mut at_ann, ben, mut at_ben, id) = two_members(&realm).await;
    assert_eq!(at_ben.push(&ben.topic(), "party_chat", json!({"text": "onward"})).await, done());
    for client in [&mut at_ann, &mut at_ben] {
        let said = client.event("party_chat").await;
        assert_eq!((&said["text"], &said["from"]["name"]), (&json!("onward"), &json!("Bob")));
    }
    // A user that joins its topic receives its party.
    let mut again = realm.online(&ann).await;
    let shown = again.event("party_updated").await;
    assert_eq!((&shown["party"], &shown["members"][1]["user_id"]), (&id, &json!(ben.id)));
    assert!(shown["members"][0].get("map_id").is_none(), "nobody is in a world");
    for (event, payload, code) in [
        ("party_accept", json!({"party": id}), "no_invitation"),
        ("party_accept", json!({"party": "x"}), "no_invitation"),
        ("party_invite", json!({"to": "Bob"}), "already_in_party"),
        ("party_chat", json!({"text": "x".repeat(241)}), "too_long"),
    ] {
        assert_eq!(at_ann.push(&ann.topic(), event, payload).await, refused(code), "{event}");
    }
    assert_eq!(at_ben.push(&ben.topic(), "party_leave", json!({})).await, done());
    for client in [&mut at_ann, &mut at_ben, &mut again] {
        assert_eq!(party(client).await, (id.clone(), Vec::new()), "a party of one is dissolved");
    }
    assert_eq!(at_ben.push(&ben.topic(), "party_leave", json!({})).await, refused("not_in_party"));
    // An account without a character takes part in no party.
    let cid = realm.device("cid's").await;
    let mut at_cid = realm.online(&cid).await;
    assert_eq!(at_cid.push(&cid.topic(), "party_invite", json!({"to": "Bob"})).await, refused("no_character"));
    assert_eq!(at_ann.push(&ann.topic(), "party_invite", json!({"to": cid.id})).await, refused("not_found"));
}

async fn a_member_without_a_socket_is_away(realm: Realm) {
    let (_ann, mut at_ann, ben, at_ben, id) = two_members(&realm).await;
    at_ben.close().await;
    assert_eq!(party(&mut at_ann).await, (id.clone(), named(&[("Ann", true), ("Bob", false)])));
    let mut again = realm.online(&ben).await;
    while party(&mut again).await.1 != named(&[("Ann", true), ("Bob", true)]) {}
    assert_eq!(party(&mut at_ann).await, (id, named(&[("Ann", true), ("Bob", true)])));
}

#[tokio::test]
async fn texts_beyond_the_limit_are_refused_and_the_channel_stays() {
    let realm = Realm::sqlite_with(|settings| settings.chat_messages_per_10s = 2).await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let (mut at_ann, _at_ben) = (realm.online(&ann).await, realm.online(&ben).await);
    for _ in 0..2 {
        assert_eq!(whisper(&mut at_ann, &ann, &ben.id, "hi").await["status"], "ok");
    }
    for _ in 0..3 {
        assert_eq!(whisper(&mut at_ann, &ann, &ben.id, "hi").await, refused("rate_limited"));
    }
    assert_eq!(at_ann.push(&ann.topic(), "party_invite", json!({"to": ben.id})).await, refused("rate_limited"));
    realm.app().advance(std::time::Duration::from_secs(10));
    assert_eq!(whisper(&mut at_ann, &ann, &ben.id, "hi").await["status"], "ok");
}
