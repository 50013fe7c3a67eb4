//! What users, friends, lobbies and notifications look like, field by field, wherever they are told of.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::lobbies::{join, make};

on_every_backend!(
    a_user_looks_alike_everywhere,
    a_member_looks_alike_in_answers_and_events,
    a_notification_has_its_shape,
    whoever_was_never_here_was_here_in_1970,
);

async fn get(realm: &Realm, player: &Player, path: &str) -> Value {
    realm.by(player, "GET", path, Value::Null).await.expect(StatusCode::OK)
}

/// An object with more fields.
fn and(object: &Value, more: Value) -> Value {
    let fields = object.as_object().unwrap().clone().into_iter().chain(more.as_object().unwrap().clone());
    Value::Object(fields.collect())
}

/// What everybody sees of a player, by what it sees of itself.
async fn brief(realm: &Realm, player: &Player) -> Value {
    let me = get(realm, player, "/me").await;
    let mut brief = json!({"is_activated": true});
    for field in ["id", "username", "display_name", "profile_url", "metadata", "is_online", "last_seen_at"] {
        brief[field] = me[field].clone();
    }
    brief
}

/// Ids are UUIDs of version 7, which begin with when they were made.
fn is_id(id: &Value) -> bool {
    id.as_str().and_then(|id| id.parse::<uuid::Uuid>().ok()).is_some_and(|id| id.get_version_num() == 7)
}

async fn a_user_looks_alike_everywhere(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let [ann, ben, cid, dan] = [
        realm.device("ann's").await,
        realm.device("ben's").await,
        realm.device("cid's").await,
        realm.device("dan's").await,
    ];
    let edit = json!({"display_name": "Ben", "metadata": {"level": 3}});
    let path = format!("/admin/users/{}", ben.id);
    let managed = realm.by(&admin, "PATCH", &path, edit).await.expect(StatusCode::OK);
    let of_ben = brief(&realm, &ben).await;
    assert_eq!((&of_ben["display_name"], &of_ben["metadata"]), (&json!("Ben"), &json!({"level": 3})));
    let public = and(&of_ben, json!({"lobby_id": "", "party_id": ""}));
    let of_admins = json!({"email": "", "is_admin": false, "is_banned": false, "ban_reason": "", "banned_until": null,
        "muted_until": null});
    assert_eq!(managed, json!({"data": and(&public, of_admins)}));
    let read = realm.call("GET", &format!("/users/{}", ben.id), Value::Null).send().await;
    assert_eq!(read.expect(StatusCode::OK), public);
    let found = realm.call("GET", "/users?q=bEN", Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(found["data"], json!([public]), "by what it is called");

    realm.befriend(&ann, &ben).await;
    let friends = get(&realm, &ann, "/me/friends").await;
    let friendship = friends["data"][0]["friendship_id"].clone();
    assert!(is_id(&friendship) && is_id(&of_ben["id"]), "{friends}");
    assert_eq!(friends["data"], json!([and(&of_ben, json!({"friendship_id": friendship}))]));

    realm.by(&cid, "POST", "/friends", json!({"target_user_id": ann.id})).await.expect(StatusCode::CREATED);
    let (of_ann, of_cid) = (brief(&realm, &ann).await, brief(&realm, &cid).await);
    let requests = get(&realm, &ann, "/me/friend-requests").await;
    let id = requests["incoming"][0]["id"].clone();
    assert!(is_id(&id));
    let request = json!({"id": id, "requester": of_cid, "target": of_ann, "status": "pending",
        "inserted_at": "2027-01-15T08:00:00Z"});
    assert_eq!(requests["incoming"], json!([request]));
    assert_eq!(get(&realm, &cid, "/me/friend-requests").await["outgoing"], json!([request]));

    realm.by(&ann, "POST", &format!("/users/{}/block", dan.id), Value::Null).await.expect(StatusCode::OK);
    let (of_dan, blocked) = (brief(&realm, &dan).await, get(&realm, &ann, "/me/blocked").await);
    assert!(is_id(&blocked["data"][0]["id"]));
    assert_eq!(blocked["data"], json!([{"id": blocked["data"][0]["id"], "requester": of_dan}]));
    assert_eq!(get(&realm, &ann, "/me/blacklist").await["data"], json!([of_dan]));
}

async fn a_member_looks_alike_in_answers_and_events(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    realm.by(&ann, "PATCH", "/me/display_name", json!({"display_name": "Ann"})).await.expect(StatusCode::OK);
    let body = json!({"title": "Tower", "max_users": 4, "password": "sesame", "slowdown": 3, "metadata": {"a": 1}});
    let mut client = realm.socket(&ann).await;
    client.join("lobbies").await;
    let id = make(&realm, &ann, body).await;
    assert!(is_id(&json!(id)));
    // The list is told last: nothing of the making is told after it.
    client.told("lobbies", "lobby_created").await;
    let topic = format!("lobby:{id}");
    let shown = json!({"id": id, "title": "Tower", "host_id": ann.id, "host_name": "Ann", "hostless": false,
        "max_users": 4, "is_hidden": false, "is_locked": false, "metadata": {"a": 1}});
    client.join(&topic).await;
    let state = and(&shown, json!({"members": [brief(&realm, &ann).await]}));
    assert_eq!(client.event("updated").await, and(&state, json!({"spectator": false})));

    let joined = join(&realm, &ben, &id, json!({"password": "sesame"})).await.expect(StatusCode::OK);
    let lobby = and(&shown, json!({"is_passworded": true, "slowdown": 3}));
    assert_eq!(joined, lobby);
    let (of_ann, of_ben) = (brief(&realm, &ann).await, brief(&realm, &ben).await);
    let member = and(&of_ben, json!({"user_id": ben.id}));
    for event in ["user_updated", "user_joined"] {
        assert_eq!(client.event(event).await, member, "{event}");
    }
    let read = get(&realm, &ben, &format!("/lobbies/{id}")).await;
    assert_eq!(read, json!({"data": lobby, "members": [of_ann, of_ben], "spectator_count": 0}));
    let listed = realm.call("GET", "/lobbies", Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(listed["data"], json!([lobby]));
    let managed = get(&realm, &ann, "/admin/lobbies").await;
    assert_eq!(managed["data"], json!([and(&lobby, json!({"spectator_count": 0}))]));
}

async fn a_notification_has_its_shape(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let mut client = realm.online(&ben).await;
    realm.by(&ann, "POST", "/friends", json!({"target_user_id": ben.id})).await.expect(StatusCode::CREATED);
    let request = client.event("incoming_request").await;
    let told = client.event("notification_created").await;
    let text = |field: &str| told[field].as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("{told}"));
    let expected = json!({"id": text("id"), "sender_id": ann.id, "sender_name": ann.username, "recipient_id": ben.id,
        "title": text("title"), "content": text("content"), "inserted_at": "2027-01-15T08:00:00Z",
        "metadata": {"type": "friend_request", "friendship_id": request["id"]}});
    assert!(is_id(&told["id"]));
    assert_eq!(told, expected);
}

async fn whoever_was_never_here_was_here_in_1970(realm: Realm) {
    let zoe = realm.app().register("zoe").await;
    let read = async || {
        let user = realm.call("GET", &format!("/users/{}", zoe.id), Value::Null).send().await;
        user.expect(StatusCode::OK)["last_seen_at"].clone()
    };
    let body = json!({"email": "zoe", "password": crate::testing::PASSWORD});
    let log_in = async || drop(realm.call("POST", "/login", body.clone()).send().await.expect(StatusCode::OK));
    let log_in_of_the_world = async || drop(realm.app().login("zoe").await);
    assert_eq!(read().await, "2027-01-15T08:00:00Z", "who registers is here");
    realm.execute("UPDATE profiles SET last_seen_ms = 0").await;
    assert_eq!(read().await, "1970-01-01T00:00:00Z");
    log_in().await;
    assert_eq!(read().await, "2027-01-15T08:00:00Z");
    realm.execute("UPDATE profiles SET last_seen_ms = 0").await;
    log_in_of_the_world().await;
    assert_eq!(read().await, "2027-01-15T08:00:00Z");
}
