//! Lobbies: making, changing, joining and leaving them, and what each is refused.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::testing::Answer;

on_every_backend!(
    a_lobby_is_what_its_host_says,
    what_cannot_be_is_refused_by_field,
    joins_are_refused_in_this_order,
    a_password_is_asked_for_until_it_is_cleared,
    a_lobby_with_a_password_is_watched_by_nobody_and_names_its_members_to_them_alone,
    only_the_host_changes_a_lobby,
    the_oldest_account_is_the_next_host,
    the_host_kicks,
    of_many_who_join_at_once_as_many_come_in_as_there_are_places,
    who_joins_two_lobbies_at_once_is_in_one,
    whose_account_ends_or_is_shut_is_in_no_lobby,
);

/// Makes a lobby. Returns its id.
pub async fn make(realm: &Realm, host: &Player, body: Value) -> String {
    let made = realm.by(host, "POST", "/lobbies", body).await.expect(StatusCode::CREATED);
    made["id"].as_str().unwrap().to_owned()
}

pub async fn join(realm: &Realm, player: &Player, lobby: &str, body: Value) -> Answer {
    realm.by(player, "POST", &format!("/lobbies/{lobby}/join"), body).await
}

pub async fn leave(realm: &Realm, player: &Player) {
    let left = realm.by(player, "POST", "/lobbies/leave", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(left, json!({}));
}

/// The lobby that a player is in; empty for none.
pub async fn lobby_of(realm: &Realm, player: &Player) -> Value {
    realm.by(player, "GET", "/me", Value::Null).await.expect(StatusCode::OK)["lobby_id"].clone()
}

/// The ids of the members.
pub async fn members(realm: &Realm, player: &Player, lobby: &str) -> Vec<String> {
    let read = realm.by(player, "GET", &format!("/lobbies/{lobby}"), Value::Null).await.expect(StatusCode::OK);
    read["members"].as_array().unwrap().iter().map(|member| member["id"].as_str().unwrap().to_owned()).collect()
}

/// A call is refused with this status and code.
async fn refused(realm: &Realm, player: &Player, call: (&str, &str, Value), status: u16, code: &str) {
    let (method, path, body) = call;
    let answer = realm.by(player, method, path, body.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (status, json!({"error": code})), "{method} {path} {body}");
}

async fn players<const N: usize>(realm: &Realm, names: [&str; N]) -> [Player; N] {
    let mut all = Vec::new();
    for name in names {
        all.push(realm.device(name).await);
    }
    all.try_into().unwrap_or_else(|_| unreachable!("as many as names"))
}

async fn a_lobby_is_what_its_host_says(realm: Realm) {
    let [ann, ben] = players(&realm, ["ann's", "ben's"]).await;
    let named = realm.by(&ann, "PATCH", "/me/display_name", json!({"display_name": "Ann"})).await;
    named.expect(StatusCode::OK);
    let body = json!({"title": " Tower ", "max_users": 4, "is_locked": true, "password": "sesame", "slowdown": 5,
        "metadata": {"mode": "duel"}, "host_id": ben.id, "password_hash": "x"});
    let made = realm.by(&ann, "POST", "/lobbies", body).await.expect(StatusCode::CREATED);
    let id = made["id"].as_str().unwrap().to_owned();
    let expected = json!({"id": id, "title": "Tower", "host_id": ann.id, "host_name": "Ann", "hostless": false,
        "max_users": 4, "is_hidden": false, "is_locked": true, "is_passworded": true, "slowdown": 5,
        "metadata": {"mode": "duel"}});
    assert_eq!(made, expected);
    let read = realm.by(&ben, "GET", &format!("/lobbies/{id}"), Value::Null).await.expect(StatusCode::OK);
    assert_eq!((&read["data"], &read["spectator_count"]), (&expected, &json!(0)));
    assert_eq!(members(&realm, &ann, &id).await, std::slice::from_ref(&ann.id));
    assert_eq!(lobby_of(&realm, &ann).await, json!(id));
    let seen = async || {
        let user = realm.call("GET", &format!("/users/{}", ann.id), Value::Null).send().await;
        user.expect(StatusCode::OK)["lobby_id"].clone()
    };
    assert_eq!(seen().await, json!(id));
    refused(&realm, &ann, ("POST", "/lobbies", json!({})), 409, "already_in_lobby").await;
    // One that is hidden is found by nobody, not even by who is in it.
    realm.by(&ann, "PATCH", "/lobbies", json!({"is_hidden": true})).await.expect(StatusCode::OK);
    refused(&realm, &ann, ("GET", &format!("/lobbies/{id}"), Value::Null), 404, "Lobby not found").await;
    assert_eq!((seen().await, lobby_of(&realm, &ann).await), (json!(""), json!(id)));
    for path in ["/lobbies/tower", "/lobbies/00000000-0000-7000-8000-000000000000"] {
        refused(&realm, &ben, ("GET", path, Value::Null), 404, "Lobby not found").await;
    }
    // Without a word, it has a name of its own and eight places.
    let same = realm.by(&ben, "POST", "/lobbies", json!({"title": "Tower"})).await.expect(StatusCode::CREATED);
    assert_eq!(same["title"], "Tower", "another may have it too");
    leave(&realm, &ben).await;
    for body in [json!(null), json!({"title": "  "})] {
        let made = realm.by(&ben, "POST", "/lobbies", body).await.expect(StatusCode::CREATED);
        assert!(made["title"].as_str().is_some_and(|title| title.starts_with("lobby-")), "{made}");
        assert_eq!((&made["max_users"], &made["host_name"], &made["metadata"]), (&json!(8), &json!(""), &json!({})));
        leave(&realm, &ben).await;
    }
    leave(&realm, &ben).await;
}

async fn what_cannot_be_is_refused_by_field(realm: Realm) {
    let [ann, ben] = players(&realm, ["ann's", "ben's"]).await;
    make(&realm, &ben, json!({"max_users": 2})).await;
    let many: Value = (0..129).map(|field| (format!("f{field}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    for (field, value) in [
        ("title", json!("x".repeat(81))),
        ("title", json!(5)),
        ("max_users", json!(0)),
        ("max_users", json!(129)),
        ("max_users", json!("many")),
        ("max_users", json!(2.5)),
        ("is_hidden", json!("maybe")),
        ("is_locked", json!(1)),
        ("password", json!("x".repeat(129))),
        ("password", json!([])),
        ("slowdown", json!(-1)),
        ("slowdown", json!(3_601)),
        ("metadata", json!([])),
        ("metadata", json!("no object")),
        ("metadata", json!({"a": "x".repeat(16_384)})),
        ("metadata", many),
    ] {
        let made = realm.by(&ann, "POST", "/lobbies", json!({field: value})).await;
        let refused = made.expect(StatusCode::CONFLICT);
        assert!(refused["error"][field][0].is_string(), "{field} {value}: {refused}");
        let changed = realm.by(&ben, "PATCH", "/lobbies", json!({field: value})).await;
        let refused = changed.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused["error"][field][0].is_string(), "{field} {value}: {refused}");
    }
    let blank = realm.by(&ben, "PATCH", "/lobbies", json!({"title": " "})).await;
    assert_eq!(blank.expect(StatusCode::UNPROCESSABLE_ENTITY)["error"], json!({"title": ["can't be blank"]}));
    realm.by(&ann, "POST", "/lobbies", json!({"hostless": true})).await.expect(StatusCode::UNAUTHORIZED);
    realm.by(&ann, "POST", "/lobbies", json!([1])).await.expect(StatusCode::BAD_REQUEST);
    // A form says numbers and flags as text.
    let form = realm.call("POST", "/lobbies", Value::Null).bearer(&ann.access);
    let form = form.body("application/x-www-form-urlencoded", "title=Form&max_users=128&is_locked=TRUE&slowdown=3600");
    let made = form.send().await.expect(StatusCode::CREATED);
    let made = [&made["title"], &made["max_users"], &made["is_locked"], &made["slowdown"]];
    assert_eq!(made, [&json!("Form"), &json!(128), &json!(true), &json!(3_600)]);
}

async fn joins_are_refused_in_this_order(realm: Realm) {
    let [ann, ben, cid, dan] = players(&realm, ["ann's", "ben's", "cid's", "dan's"]).await;
    let id = make(&realm, &ann, json!({"max_users": 2, "is_locked": true, "password": "sesame"})).await;
    let path = format!("/lobbies/{id}/join");
    let code = async |player: &Player, body: Value, code: &str| {
        refused(&realm, player, ("POST", &path, body), 403, code).await;
    };
    let change = async |body: Value| {
        realm.by(&ann, "PATCH", "/lobbies", body).await.expect(StatusCode::OK);
    };
    for path in ["/lobbies/tower/join", "/lobbies/00000000-0000-7000-8000-000000000000/join"] {
        refused(&realm, &ben, ("POST", path, Value::Null), 404, "not_found").await;
    }
    code(&ann, json!({}), "already_in_lobby").await;
    // Each is what is wrong when all before it are not.
    realm.by(&dan, "POST", &format!("/users/{}/block", ann.id), json!(null)).await.expect(StatusCode::OK);
    code(&dan, json!({}), "locked").await;
    change(json!({"is_locked": false})).await;
    join(&realm, &ben, &id, json!({"password": "sesame"})).await.expect(StatusCode::OK);
    code(&dan, json!({}), "full").await;
    change(json!({"max_users": 3})).await;
    code(&dan, json!({}), "blocked").await;
    for body in [json!(null), json!({"password": ""}), json!({"password": null})] {
        code(&cid, body, "password_required").await;
    }
    for password in ["open", &"x".repeat(129)] {
        code(&cid, json!({"password": password}), "invalid_password").await;
    }
    realm.by(&cid, "POST", &path, json!({"password": 7})).await.expect(StatusCode::BAD_REQUEST);
    let joined = join(&realm, &cid, &id, json!({"password": "sesame"})).await.expect(StatusCode::OK);
    assert_eq!((&joined["id"], &joined["is_passworded"]), (&json!(id), &json!(true)));
    code(&cid, json!({"password": "sesame"}), "already_in_lobby").await;
    assert_eq!(members(&realm, &ben, &id).await, [ann.id, ben.id.clone(), cid.id], "the oldest account first");
}

async fn a_lobby_with_a_password_is_watched_by_nobody_and_names_its_members_to_them_alone(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let id = make(&realm, &ann, json!({"password": "sesame"})).await;
    let members = async |player: &Player| {
        let shown = realm.by(player, "GET", &format!("/lobbies/{id}"), Value::Null).await.expect(StatusCode::OK);
        shown["members"].as_array().unwrap().len()
    };
    assert_eq!((members(&ann).await, members(&ben).await), (1, 0));
    let mut watching = realm.socket(&ben).await;
    let refused = watching.try_join(&format!("lobby:{id}")).await;
    assert_eq!(refused["response"]["reason"], "not_spectatable", "{refused}");
    realm.by(&ann, "PATCH", "/lobbies", json!({"password": ""})).await.expect(StatusCode::OK);
    watching.join(&format!("lobby:{id}")).await;
    assert_eq!(members(&ben).await, 1);
}

async fn a_password_is_asked_for_until_it_is_cleared(realm: Realm) {
    let [ann, ben] = players(&realm, ["ann's", "ben's"]).await;
    let id = make(&realm, &ann, json!({})).await;
    let change = async |body: Value| realm.by(&ann, "PATCH", "/lobbies", body).await.expect(StatusCode::OK);
    assert_eq!(change(json!({"password": "sesame"})).await["is_passworded"], true);
    assert_eq!(change(json!({"title": "Other"})).await["is_passworded"], true);
    join(&realm, &ben, &id, json!({"password": "x"})).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(change(json!({"password": ""})).await["is_passworded"], false);
    join(&realm, &ben, &id, json!({"password": "whatever"})).await.expect(StatusCode::OK);
}

async fn only_the_host_changes_a_lobby(realm: Realm) {
    let [ann, ben, cid] = players(&realm, ["ann's", "ben's", "cid's"]).await;
    let id = make(&realm, &ann, json!({"metadata": {"a": 1, "b": 2}})).await;
    join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
    refused(&realm, &cid, ("PATCH", "/lobbies", json!({"title": "x"})), 400, "not_in_lobby").await;
    refused(&realm, &ben, ("PATCH", "/lobbies", json!({"title": "x"})), 403, "not_host").await;
    refused(&realm, &ann, ("PATCH", "/lobbies", json!({"max_users": 1})), 422, "too_small").await;
    for host in [json!(cid.id), json!("ben")] {
        let changed = realm.by(&ann, "PATCH", "/lobbies", json!({"host_id": host})).await;
        assert!(changed.expect(StatusCode::UNPROCESSABLE_ENTITY)["error"]["host_id"][0].is_string());
    }
    let body = json!({"title": "New", "max_users": 2, "metadata": {"c": 3}, "hostless": true, "slowdown": 9});
    let changed = realm.by(&ann, "PATCH", "/lobbies", body).await.expect(StatusCode::OK);
    let told = [&changed["title"], &changed["max_users"], &changed["metadata"], &changed["hostless"]];
    assert_eq!(told, [&json!("New"), &json!(2), &json!({"c": 3}), &json!(false)]);
    let changed = realm.by(&ann, "PATCH", "/lobbies", json!({"host_id": ben.id})).await.expect(StatusCode::OK);
    assert_eq!(
        (&changed["host_id"], &changed["title"], &changed["slowdown"]),
        (&json!(ben.id), &json!("New"), &json!(9))
    );
    refused(&realm, &ann, ("PATCH", "/lobbies", json!({"title": "x"})), 403, "not_host").await;
}

async fn the_oldest_account_is_the_next_host(realm: Realm) {
    let [ann, ben, cid, dan] = players(&realm, ["ann's", "ben's", "cid's", "dan's"]).await;
    let id = make(&realm, &dan, json!({})).await;
    // Not who has come first.
    for player in [&cid, &ann, &ben] {
        join(&realm, player, &id, json!({})).await.expect(StatusCode::OK);
    }
    let host = async || {
        let read = realm.by(&dan, "GET", &format!("/lobbies/{id}"), Value::Null).await.expect(StatusCode::OK);
        read["data"]["host_id"].as_str().unwrap().to_owned()
    };
    leave(&realm, &dan).await;
    assert_eq!((host().await, lobby_of(&realm, &dan).await), (ann.id.clone(), json!("")));
    leave(&realm, &ben).await;
    assert_eq!(host().await, ann.id);
    leave(&realm, &ann).await;
    assert_eq!(host().await, cid.id);
    leave(&realm, &cid).await;
    refused(&realm, &dan, ("GET", &format!("/lobbies/{id}"), Value::Null), 404, "Lobby not found").await;
}

async fn the_host_kicks(realm: Realm) {
    let [ann, ben, cid] = players(&realm, ["ann's", "ben's", "cid's"]).await;
    let id = make(&realm, &ann, json!({})).await;
    join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
    let kick = |target: &str| ("POST", "/lobbies/kick", json!({"target_user_id": target}));
    refused(&realm, &cid, kick(&ann.id), 400, "not_in_lobby").await;
    refused(&realm, &ben, kick(&ann.id), 403, "not_host").await;
    refused(&realm, &ann, kick(&ann.id), 403, "cannot_kick_self").await;
    refused(&realm, &ann, kick("00000000-0000-7000-8000-000000000000"), 404, "not_found").await;
    refused(&realm, &ann, kick(&cid.id), 422, "unexpected_error").await;
    for body in [json!({}), json!({"target_user_id": "ben"}), json!({"target_user_id": 1})] {
        realm.by(&ann, "POST", "/lobbies/kick", body).await.expect(StatusCode::BAD_REQUEST);
    }
    let (method, path, body) = kick(&ben.id);
    assert_eq!(realm.by(&ann, method, path, body).await.expect(StatusCode::OK), json!({}));
    assert_eq!((lobby_of(&realm, &ben).await, members(&realm, &ben, &id).await), (json!(""), vec![ann.id]));
    join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
}

/// A call of one of many, who comes again where the server is too busy for all of them.
async fn patiently(realm: &Realm, player: &Player, path: &str) -> Answer {
    loop {
        let answer = realm.by(player, "POST", path, Value::Null).await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return answer;
        }
    }
}

async fn of_many_who_join_at_once_as_many_come_in_as_there_are_places(realm: Realm) {
    let host = realm.device("the host's").await;
    let id = make(&realm, &host, json!({"max_users": 8})).await;
    let mut all = Vec::new();
    for number in 0..128 {
        all.push(realm.device(&format!("number {number}")).await);
    }
    let path = format!("/lobbies/{id}/join");
    let joins = all.iter().map(|player| patiently(&realm, player, &path));
    let mut joined = 0;
    for answer in futures_util::future::join_all(joins).await {
        match answer.status {
            StatusCode::OK => joined += 1,
            status => assert_eq!((status, answer.json()), (StatusCode::FORBIDDEN, json!({"error": "full"}))),
        }
    }
    assert_eq!((joined, members(&realm, &host, &id).await.len()), (7, 8), "the host has a place too");
    // All go at once, the host with them: it is gone when the last is.
    let leave = all.iter().chain([&host]).map(|player| patiently(&realm, player, "/lobbies/leave"));
    for left in futures_util::future::join_all(leave).await {
        left.expect(StatusCode::OK);
    }
    refused(&realm, &host, ("GET", &format!("/lobbies/{id}"), Value::Null), 404, "Lobby not found").await;
}

async fn who_joins_two_lobbies_at_once_is_in_one(realm: Realm) {
    let [ann, ben] = players(&realm, ["ann's", "ben's"]).await;
    // Either has room for all: whoever is refused is so for being in the other.
    let roomy = json!({"max_users": 16});
    let ids = [make(&realm, &ann, roomy.clone()).await, make(&realm, &ben, roomy).await];
    for number in 0..8 {
        let player = realm.device(&format!("number {number}")).await;
        let both = futures_util::future::join_all(ids.iter().map(|id| join(&realm, &player, id, Value::Null))).await;
        assert_eq!(both.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
        assert!(both.iter().any(|answer| answer.json() == json!({"error": "already_in_lobby"})));
        let mut times = 0;
        for id in &ids {
            times += usize::from(members(&realm, &player, id).await.contains(&player.id));
        }
        assert_eq!(times, 1, "whatever was answered");
    }
}

async fn whose_account_ends_or_is_shut_is_in_no_lobby(realm: Realm) {
    let [admin, ann, ben, cid] = players(&realm, ["first", "ann's", "ben's", "cid's"]).await;
    let id = make(&realm, &ann, json!({})).await;
    for player in [&ben, &cid] {
        join(&realm, player, &id, json!({})).await.expect(StatusCode::OK);
    }
    realm.by(&ann, "DELETE", "/me", Value::Null).await.expect(StatusCode::OK);
    let read = realm.by(&admin, "GET", &format!("/lobbies/{id}"), Value::Null).await.expect(StatusCode::OK);
    assert_eq!(read["data"]["host_id"], json!(ben.id));
    assert_eq!(members(&realm, &admin, &id).await, [ben.id.clone(), cid.id.clone()]);
    let path = format!("/admin/users/{}", ben.id);
    realm.by(&admin, "PATCH", &path, json!({"is_activated": false})).await.expect(StatusCode::OK);
    assert_eq!(members(&realm, &admin, &id).await, std::slice::from_ref(&cid.id));
    realm.by(&admin, "DELETE", &format!("/admin/users/{}", cid.id), Value::Null).await.expect(StatusCode::OK);
    refused(&realm, &admin, ("GET", &format!("/lobbies/{id}"), Value::Null), 404, "Lobby not found").await;
}

#[tokio::test]
async fn passwords_of_lobbies_are_hashed_so_many_times_a_minute() {
    let realm = Realm::sqlite_with(|settings| settings.failed_logins_per_min = 3).await;
    let [ann, ben] = players(&realm, ["ann's", "ben's"]).await;
    let id = make(&realm, &ann, json!({"password": "sesame"})).await;
    for _ in 0..3 {
        join(&realm, &ben, &id, json!({"password": "x"})).await.expect(StatusCode::FORBIDDEN);
    }
    let limited = join(&realm, &ben, &id, json!({"password": "sesame"})).await;
    assert_eq!(limited.expect(StatusCode::TOO_MANY_REQUESTS), json!({"error": "Too Many Requests"}));
    for password in ["one", "two"] {
        realm.by(&ann, "PATCH", "/lobbies", json!({"password": password})).await.expect(StatusCode::OK);
    }
    let limited = realm.by(&ann, "PATCH", "/lobbies", json!({"password": "three"})).await;
    limited.expect(StatusCode::TOO_MANY_REQUESTS);
    // What costs no hash is no try.
    realm.by(&ann, "PATCH", "/lobbies", json!({"password": ""})).await.expect(StatusCode::OK);
    join(&realm, &ben, &id, json!({"password": "sesame"})).await.expect(StatusCode::OK);
}
