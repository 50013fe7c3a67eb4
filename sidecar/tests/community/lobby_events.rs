//! What is told of lobbies, to whom, and in which order.

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::client::Client;
use crate::lobbies::{join, leave, make};

on_every_backend!(
    a_lobby_is_told_of_in_order_from_its_making_to_its_end,
    who_is_kicked_loses_the_topic,
    changes_are_told_to_members_and_to_the_list,
    the_list_hears_nothing_of_a_hidden_lobby,
    members_hear_who_comes_and_who_goes,
    spectators_are_counted_and_sent_away,
    topics_of_lobbies_are_joined_by_their_rules,
    the_end_of_an_account_is_told_to_its_lobby,
);

const LIST: &str = "lobbies";

fn topic(lobby: &str) -> String {
    format!("lobby:{lobby}")
}

/// A player's socket that has joined the player's topic and the list.
async fn listening(realm: &Realm, player: &Player, notifications: usize) -> Client {
    let mut client = realm.online_with(player, notifications).await;
    client.join(LIST).await;
    client
}

/// The player's socket joins the lobby's topic. Returns the join's reference.
async fn enter(client: &mut Client, lobby: &str, spectator: bool) -> Value {
    client.join(&topic(lobby)).await;
    let state = client.told(&topic(lobby), "updated").await;
    assert_eq!((&state["id"], &state["spectator"]), (&json!(lobby), &json!(spectator)), "{state}");
    assert_eq!((state.get("is_passworded"), state.get("slowdown")), (None, None));
    client.join_ref.clone()
}

async fn change(realm: &Realm, host: &Player, body: Value) {
    realm.by(host, "PATCH", "/lobbies", body).await.expect(StatusCode::OK);
}

/// A host who listens in its own lobby.
struct Hosted {
    host: Player,
    at_host: Client,
    id: String,
    lobby: String,
    join_ref: Value,
}

async fn hosted(realm: &Realm, body: Value) -> Hosted {
    let host = realm.device("the host's").await;
    let mut at_host = listening(realm, &host, 0).await;
    let id = make(realm, &host, body.clone()).await;
    assert_eq!(at_host.told(&host.topic(), "updated").await["lobby_id"], json!(id));
    if body["is_hidden"] != true {
        at_host.told(LIST, "lobby_created").await;
    }
    let join_ref = enter(&mut at_host, &id, false).await;
    Hosted { host, at_host, lobby: topic(&id), id, join_ref }
}

async fn a_lobby_is_told_of_in_order_from_its_making_to_its_end(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let (mut at_ann, mut at_ben) = (listening(&realm, &ann, 0).await, listening(&realm, &ben, 0).await);
    let body = json!({"title": "Tower", "password": "sesame"});
    let made = realm.by(&ben, "POST", "/lobbies", body).await.expect(StatusCode::CREATED);
    let id = made["id"].as_str().unwrap().to_owned();
    let lobby = topic(&id);
    let changed = json!({"id": id});
    assert_eq!(at_ben.told(&ben.topic(), "updated").await["lobby_id"], json!(id));
    for client in [&mut at_ben, &mut at_ann] {
        assert_eq!(client.told(LIST, "lobby_created").await, made);
    }
    let of_ben = enter(&mut at_ben, &id, false).await;

    join(&realm, &ann, &id, json!({"password": "sesame"})).await.expect(StatusCode::OK);
    assert_eq!(at_ann.told(&ann.topic(), "updated").await["lobby_id"], json!(id));
    let updated = at_ben.told(&lobby, "user_updated").await;
    let joined = at_ben.told(&lobby, "user_joined").await;
    assert_eq!(updated, joined);
    assert_eq!(
        (&joined["user_id"], &joined["id"], &joined["is_online"]),
        (&json!(ann.id), &json!(ann.id), &json!(true))
    );
    for client in [&mut at_ann, &mut at_ben] {
        assert_eq!(client.told(LIST, "lobby_membership_changed").await, changed);
    }
    let of_ann = enter(&mut at_ann, &id, false).await;

    // The host leaves.
    leave(&realm, &ben).await;
    assert_eq!(at_ben.told(&ben.topic(), "updated").await["lobby_id"], "");
    for client in [&mut at_ben, &mut at_ann] {
        assert_eq!(client.told(&lobby, "user_left").await, json!({"user_id": ben.id, "display_name": ""}));
        let host = json!({"new_host_id": ann.id, "display_name": ""});
        assert_eq!(client.told(&lobby, "host_changed").await, host);
        assert_eq!(client.told(LIST, "lobby_membership_changed").await, changed);
    }
    at_ben.closed_channel(&of_ben, &lobby).await;

    // The last one leaves.
    leave(&realm, &ann).await;
    assert_eq!(at_ann.told(&ann.topic(), "updated").await["lobby_id"], "");
    for client in [&mut at_ann, &mut at_ben] {
        assert_eq!(client.told(LIST, "lobby_deleted").await, changed);
    }
    at_ann.closed_channel(&of_ann, &lobby).await;
}

async fn who_is_kicked_loses_the_topic(realm: Realm) {
    let Hosted { host, mut at_host, id, lobby, .. } = hosted(&realm, json!({"title": "Tower"})).await;
    let ben = realm.device("ben's").await;
    let mut at_ben = realm.online(&ben).await;
    join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
    at_ben.told(&ben.topic(), "updated").await;
    for (topic, event) in [(&lobby[..], "user_updated"), (&lobby, "user_joined"), (LIST, "lobby_membership_changed")] {
        at_host.told(topic, event).await;
    }
    let of_ben = enter(&mut at_ben, &id, false).await;
    let body = json!({"target_user_id": ben.id});
    realm.by(&host, "POST", "/lobbies/kick", body).await.expect(StatusCode::OK);
    assert_eq!(at_host.told(&lobby, "user_kicked").await, json!({"user_id": ben.id, "display_name": ""}));
    at_host.told(LIST, "lobby_membership_changed").await;
    // The notification goes its own way.
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(at_ben.frame().await);
    }
    let at = told.iter().position(|frame| frame[3] == "notification_created").unwrap_or_else(|| panic!("{told:?}"));
    let notification = told.remove(at)[4].clone();
    let metadata = json!({"type": "lobby_kicked", "lobby_id": id, "lobby_name": "Tower"});
    assert_eq!((&notification["metadata"], &notification["sender_id"]), (&metadata, &json!(host.id)));
    let events = told.iter().map(|frame| frame[3].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(events, ["updated", "user_kicked", "phx_close"]);
    assert_eq!((&told[0][4]["lobby_id"], &told[2][0]), (&json!(""), &of_ben));
    // Nothing of it is told any more.
    change(&realm, &host, json!({"title": "Keep"})).await;
    assert_eq!(at_host.told(&lobby, "updated").await["title"], "Keep");
    assert_eq!(at_ben.push(&lobby, "x", json!({})).await["response"]["reason"], "unmatched topic");
    // As a spectator it may come again.
    enter(&mut at_ben, &id, true).await;
}

async fn changes_are_told_to_members_and_to_the_list(realm: Realm) {
    let Hosted { host, mut at_host, id, lobby, .. } = hosted(&realm, json!({"title": "Tower"})).await;
    let body = json!({"title": "Keep", "metadata": {"a": 1}, "slowdown": 3, "password": "sesame"});
    change(&realm, &host, body.clone()).await;
    let state = at_host.told(&lobby, "updated").await;
    assert_eq!((&state["title"], &state["metadata"], state.get("spectator")), (&json!("Keep"), &json!({"a": 1}), None));
    let ids: Vec<_> = state["members"].as_array().unwrap().iter().map(|member| &member["id"]).collect();
    assert_eq!(ids, [&json!(host.id)]);
    let listed = at_host.told(LIST, "lobby_updated").await;
    assert_eq!(
        (&listed["is_passworded"], &listed["title"], listed.get("members")),
        (&json!(true), &json!("Keep"), None)
    );
    // What changes nothing that is shown is not told.
    change(&realm, &host, json!({"title": "Keep"})).await;
    // An administrator's change is told like the host's, and so is the end.
    let admin = realm.device("the host's").await;
    let path = format!("/admin/lobbies/{id}");
    realm.by(&admin, "PATCH", &path, json!({"is_locked": true})).await.expect(StatusCode::OK);
    assert_eq!(at_host.told(&lobby, "updated").await["is_locked"], true);
    assert_eq!(at_host.told(LIST, "lobby_updated").await["is_locked"], true);
    realm.by(&admin, "DELETE", &path, json!(null)).await.expect(StatusCode::OK);
    assert_eq!(at_host.told(&host.topic(), "updated").await["lobby_id"], "");
    assert_eq!(at_host.told(LIST, "lobby_deleted").await, json!({"id": id}));
    assert_eq!(at_host.frame().await[3], "phx_close");
}

async fn the_list_hears_nothing_of_a_hidden_lobby(realm: Realm) {
    let Hosted { host, mut at_host, id, lobby, .. } = hosted(&realm, json!({"is_hidden": true})).await;
    let ben = realm.device("ben's").await;
    join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
    // Its making may be told to its topic until then, and never to the list.
    let mut of_ben = Vec::new();
    while of_ben.last().is_none_or(|event| event != "user_joined") {
        let frame = at_host.frame().await;
        assert_eq!(frame[2], json!(lobby), "{frame}");
        if frame[4]["user_id"] == json!(ben.id) {
            of_ben.push(frame[3].clone());
        }
    }
    assert_eq!(of_ben, ["user_updated", "user_joined"]);
    change(&realm, &host, json!({"title": "Tower"})).await;
    assert_eq!(at_host.told(&lobby, "updated").await["title"], "Tower");
    change(&realm, &host, json!({"is_hidden": false})).await;
    at_host.told(&lobby, "updated").await;
    assert_eq!(at_host.told(LIST, "lobby_created").await["title"], "Tower");
    change(&realm, &host, json!({"is_hidden": true})).await;
    at_host.told(&lobby, "updated").await;
    assert_eq!(at_host.told(LIST, "lobby_deleted").await, json!({"id": id}));
    leave(&realm, &ben).await;
    assert_eq!(at_host.told(&lobby, "user_left").await["user_id"], json!(ben.id));
    leave(&realm, &host).await;
    assert_eq!(at_host.told(&host.topic(), "updated").await["lobby_id"], "");
    assert_eq!(at_host.frame().await[3], "phx_close");
}

async fn members_hear_who_comes_and_who_goes(realm: Realm) {
    let Hosted { mut at_host, id, lobby, .. } = hosted(&realm, json!({})).await;
    let ben = realm.device("ben's").await;
    join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
    for (topic, event) in [(&lobby[..], "user_updated"), (&lobby, "user_joined"), (LIST, "lobby_membership_changed")] {
        at_host.told(topic, event).await;
    }
    let first = realm.online(&ben).await;
    for event in ["user_updated", "user_online"] {
        let told = at_host.told(&lobby, event).await;
        assert_eq!((&told["user_id"], &told["is_online"]), (&json!(ben.id), &json!(true)), "{event}");
    }
    let second = realm.online(&ben).await;
    at_host.told(&lobby, "user_online").await;
    first.close().await;
    realm.by(&ben, "PATCH", "/me/display_name", json!({"display_name": "Ben"})).await.expect(StatusCode::OK);
    assert_eq!(at_host.told(&lobby, "user_updated").await["display_name"], "Ben");
    second.close().await;
    let gone = at_host.told(&lobby, "user_offline").await;
    assert_eq!((&gone["user_id"], &gone["is_online"]), (&json!(ben.id), &json!(false)));
    // Who is away is a member still, and hears so when it comes back.
    let again = realm.online(&ben).await;
    at_host.told(&lobby, "user_updated").await;
    at_host.told(&lobby, "user_online").await;
    again.close().await;
    at_host.told(&lobby, "user_offline").await;
}

async fn spectators_are_counted_and_sent_away(realm: Realm) {
    let Hosted { host, mut at_host, id, lobby, .. } = hosted(&realm, json!({})).await;
    let cid = realm.device("cid's").await;
    let counted = async |expected: u64| {
        let count = async || {
            let read = realm.by(&host, "GET", &format!("/lobbies/{id}"), json!(null)).await.expect(StatusCode::OK);
            read["spectator_count"].clone()
        };
        soon("the count", async {
            while count().await != expected {
                a_moment().await;
            }
        })
        .await;
    };
    let (mut at_cid, mut twice) = (realm.socket(&cid).await, realm.socket(&cid).await);
    let of_cid = enter(&mut at_cid, &id, true).await;
    enter(&mut twice, &id, true).await;
    counted(1).await;
    twice.close().await;
    counted(1).await;
    change(&realm, &host, json!({"title": "Tower"})).await;
    assert_eq!(at_cid.told(&lobby, "updated").await["title"], "Tower");
    at_host.told(&lobby, "updated").await;
    at_host.told(LIST, "lobby_updated").await;
    // A lobby that is locked is its members' alone. It is read when it is told: an event of each change needs the host to wait.
    for locked in [true, false] {
        change(&realm, &host, json!({"is_locked": locked})).await;
        assert_eq!(at_host.told(&lobby, "updated").await["is_locked"], locked);
        at_host.told(LIST, "lobby_updated").await;
        if locked {
            at_cid.closed_channel(&of_cid, &lobby).await;
            counted(0).await;
        }
    }
    // Who comes in is no spectator any more.
    enter(&mut at_cid, &id, true).await;
    counted(1).await;
    join(&realm, &cid, &id, json!({})).await.expect(StatusCode::OK);
    counted(0).await;
    assert_eq!(at_cid.told(&lobby, "user_updated").await["user_id"], json!(cid.id));
    at_cid.told(&lobby, "user_joined").await;
    leave(&realm, &cid).await;
    at_cid.told(&lobby, "user_left").await;
    assert_eq!(at_cid.frame().await[3], "phx_close");
    // Who is in a lobby watches no other.
    let of_cid = enter(&mut at_cid, &id, true).await;
    make(&realm, &cid, json!({})).await;
    at_cid.closed_channel(&of_cid, &lobby).await;
    counted(0).await;
}

async fn topics_of_lobbies_are_joined_by_their_rules(realm: Realm) {
    let Hosted { host, mut at_host, id, lobby, join_ref } = hosted(&realm, json!({})).await;
    let (ben, cid) = (realm.device("ben's").await, realm.device("cid's").await);
    make(&realm, &ben, json!({})).await;
    at_host.told(LIST, "lobby_created").await;
    let refused = async |player: &Player, topic: &str, reason: &str| {
        let expected = json!({"status": "error", "response": {"reason": reason}});
        assert_eq!(realm.socket(player).await.try_join(topic).await, expected, "{topic}");
    };
    refused(&ben, &lobby, "must_spectate_own_lobby").await;
    refused(&cid, "lobby:00000000-0000-7000-8000-000000000000", "not_spectatable").await;
    for bad in ["lobby:", "lobby:tower", &lobby.replace('-', "")] {
        refused(&cid, bad, "invalid_topic_or_unauthenticated").await;
    }
    for (body, listed) in [
        (json!({"is_locked": true}), "lobby_updated"),
        (json!({"is_locked": false, "is_hidden": true}), "lobby_deleted"),
    ] {
        change(&realm, &host, body).await;
        at_host.told(&lobby, "updated").await;
        at_host.told(LIST, listed).await;
        refused(&cid, &lobby, "not_spectatable").await;
    }
    // Its members join it all the same. Nobody says anything there.
    enter(&mut realm.socket(&host).await, &id, false).await;
    at_host.join_ref = join_ref.clone();
    assert_eq!(at_host.push(&lobby, "x", json!({})).await["response"], json!({"error": "unknown_event"}));
    at_host.closed_channel(&join_ref, &lobby).await;
}

async fn the_end_of_an_account_is_told_to_its_lobby(realm: Realm) {
    let first = realm.device("the host's").await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let mut at_ben = listening(&realm, &ben, 0).await;
    let id = make(&realm, &ann, json!({})).await;
    at_ben.told(LIST, "lobby_created").await;
    join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
    assert_eq!(at_ben.told(&ben.topic(), "updated").await["lobby_id"], json!(id));
    // The list is told last: nothing of the member's own coming is told after it.
    at_ben.told(LIST, "lobby_membership_changed").await;
    enter(&mut at_ben, &id, false).await;
    realm.by(&first, "DELETE", &format!("/admin/users/{}", ann.id), json!(null)).await.expect(StatusCode::OK);
    assert_eq!(at_ben.told(&topic(&id), "user_left").await["user_id"], json!(ann.id));
    assert_eq!(at_ben.told(&topic(&id), "host_changed").await["new_host_id"], json!(ben.id));
    at_ben.told(LIST, "lobby_membership_changed").await;
}

#[tokio::test]
async fn who_was_cut_off_from_redis_is_told_how_lobbies_stand() {
    let Some(realm) = Realm::replicas().await else { return };
    let Hosted { mut at_host, lobby, .. } = hosted(&realm, json!({"title": "Tower"})).await;
    realm.execute("UPDATE lobbies SET title = 'Keep'").await;
    realm.redis().cut();
    assert_eq!(at_host.told(&lobby, "updated").await["title"], "Keep");
    // Who is no member any more, and was not told so, loses the topic.
    realm.execute("UPDATE lobbies SET is_hidden = 1").await;
    realm.execute("DELETE FROM lobby_members").await;
    realm.redis().cut();
    loop {
        match at_host.frame().await[3].as_str() {
            Some("phx_close") => return,
            other => assert_eq!(other, Some("updated")),
        }
    }
}

#[tokio::test]
async fn a_socket_watches_so_many_lobbies() {
    let realm = Realm::sqlite().await;
    let ann = realm.device("ann's").await;
    let mut client = listening(&realm, &ann, 0).await;
    for number in 0..15 {
        let host = realm.device(&format!("host {number}")).await;
        let id = make(&realm, &host, json!({})).await;
        client.told(LIST, "lobby_created").await;
        match number {
            0..14 => drop(enter(&mut client, &id, true).await),
            _ => assert_eq!(client.try_join(&topic(&id)).await["response"]["reason"], "too_many_topics"),
        }
    }
}
