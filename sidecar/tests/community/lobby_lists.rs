//! How lobbies are found: lists with filters and totals, quick joins, and what administrators see and do.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::lobbies::{join, leave, lobby_of, make, members};

on_every_backend!(
    lists_are_filtered_and_counted,
    who_wants_any_lobby_gets_the_oldest_that_fits_or_a_new_one,
    those_who_want_the_same_at_once_meet,
    administrators_see_change_and_delete_every_lobby,
    one_without_a_host_is_everybodys,
    administrators_make_lobbies_without_a_host,
);

async fn list(realm: &Realm, query: &str) -> Value {
    realm.call("GET", &format!("/lobbies{query}"), Value::Null).send().await.expect(StatusCode::OK)
}

fn titles(listed: &Value) -> Vec<&str> {
    listed["data"].as_array().unwrap().iter().map(|lobby| lobby["title"].as_str().unwrap()).collect()
}

/// Makes a lobby of a new player for each body, in order.
async fn make_all(realm: &Realm, bodies: Vec<Value>) -> Vec<(Player, String)> {
    let mut made = Vec::new();
    for (number, body) in bodies.into_iter().enumerate() {
        let host = realm.device(&format!("host {number}")).await;
        let id = make(realm, &host, body).await;
        made.push((host, id));
    }
    made
}

async fn lists_are_filtered_and_counted(realm: Realm) {
    let bodies = vec![
        json!({"title": "Alpha", "max_users": 2, "metadata": {"mode": "duel", "level": 12, "ranked": true}}),
        json!({"title": "alp_s", "max_users": 4, "is_locked": true, "metadata": {"mode": "Duel of many"}}),
        json!({"title": "Beta", "max_users": 8, "password": "sesame", "metadata": {"mode": ""}}),
        json!({"title": "Alpha hidden", "is_hidden": true, "metadata": {"mode": "duel"}}),
        json!({"title": "\u{c4}hre", "max_users": 16, "metadata": {"mode": "hunt", "map": {"name": "wood"}}}),
    ];
    make_all(&realm, bodies).await;
    let all = ["\u{c4}hre", "Beta", "alp_s", "Alpha"];
    for (query, expected) in [
        ("", &all[..]),
        ("?title=&is_locked&is_passworded=&min_users&max_users&metadata_key=&metadata_value=&page&page_size=", &all),
        ("?title=%20aLP", &["alp_s", "Alpha"]),
        ("?title=alp_", &["alp_s"]),
        ("?title=%25", &[]),
        ("?title=lpha", &[]),
        ("?title=%C3%A4h", &["\u{c4}hre"]),
        ("?is_locked=true", &["alp_s"]),
        ("?is_locked=FALSE", &["\u{c4}hre", "Beta", "Alpha"]),
        ("?is_locked=perhaps", &all),
        ("?is_passworded=true", &["Beta"]),
        ("?is_passworded=false", &["\u{c4}hre", "alp_s", "Alpha"]),
        ("?min_users=4", &["\u{c4}hre", "Beta", "alp_s"]),
        ("?max_users=4", &["alp_s", "Alpha"]),
        ("?min_users=4&max_users=8", &["Beta", "alp_s"]),
        ("?metadata_key=mode", &all),
        ("?metadata_key=mode&metadata_value=uel", &["alp_s", "Alpha"]),
        ("?metadata_key=mode&metadata_value=duel", &["Alpha"]),
        ("?metadata_key=mode&metadata_value=%25", &[]),
        ("?metadata_key=level&metadata_value=12", &["Alpha"]),
        ("?metadata_key=ranked&metadata_value=true", &["Alpha"]),
        ("?metadata_key=map&metadata_value=wood", &["\u{c4}hre"]),
        ("?metadata_key=nothing", &[]),
        ("?metadata_value=duel", &all),
        ("?title=a&metadata_key=mode&is_locked=false&max_users=2", &["Alpha"]),
    ] {
        let listed = list(&realm, query).await;
        assert_eq!(titles(&listed), expected, "{query}");
        assert_eq!(listed["meta"]["total_count"], expected.len(), "{query}");
    }
    let second = list(&realm, "?page=2&page_size=3").await;
    assert_eq!(titles(&second), ["Alpha"]);
    let meta = json!({"page": 2, "page_size": 3, "count": 1, "total_count": 4, "total_pages": 2, "has_more": false});
    assert_eq!(second["meta"], meta);
    let listed = &second["data"][0];
    assert_eq!(
        (&listed["is_passworded"], &listed["slowdown"], listed.get("members")),
        (&json!(false), &json!(0), None)
    );
}

async fn who_wants_any_lobby_gets_the_oldest_that_fits_or_a_new_one(realm: Realm) {
    let made = make_all(
        &realm,
        vec![
            json!({"title": "Locked", "is_locked": true, "metadata": {"mode": "duel"}}),
            json!({"title": "Hidden", "is_hidden": true, "metadata": {"mode": "duel"}}),
            json!({"title": "Closed", "password": "sesame", "metadata": {"mode": "duel"}}),
            json!({"title": "Full", "max_users": 1, "metadata": {"mode": "duel"}}),
            json!({"title": "Other", "metadata": {"mode": "hunt"}}),
            json!({"title": "Small", "max_users": 4, "metadata": {"mode": "duel", "map": "wood"}}),
            json!({"title": "Large", "max_users": 8, "metadata": {"mode": "duels", "map": "field"}}),
        ],
    )
    .await;
    let player = realm.device("ann's").await;
    let quick = async |body: Value| realm.by(&player, "POST", "/lobbies/quick_join", body).await;
    for (body, title) in [
        (json!(null), "Other"),
        (json!({"metadata": {"mode": "duel"}}), "Small"),
        (json!({"metadata": "{\"mode\": \"duel\"}"}), "Small"),
        (json!({"metadata": {"mode": "duel"}, "max_users": 8}), "Large"),
        (json!({"metadata": {"mode": "duel", "map": "field"}}), "Large"),
        (json!({"metadata": {"map": ""}}), "Small"),
        (json!({"title": "Mine", "metadata": {"mode": "race"}}), "Mine"),
        (json!({"title": "Tiny", "max_users": 3}), "Tiny"),
        (json!({"title": "Rare", "metadata": {"mode": "duel", "map": "wood", "level": 1}}), "Rare"),
    ] {
        let joined = quick(body.clone()).await.expect(StatusCode::OK);
        assert_eq!(joined["title"], title, "{body}");
        assert_eq!(lobby_of(&realm, &player).await, joined["id"], "{body}");
        leave(&realm, &player).await;
    }
    for (field, value) in [("max_users", json!(0)), ("metadata", json!("x")), ("title", json!("x".repeat(81)))] {
        let refused = quick(json!({field: value})).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused["error"][field][0].is_string(), "{refused}");
    }
    let (host, id) = &made[4];
    realm.by(&player, "POST", &format!("/users/{}/block", host.id), json!(null)).await.expect(StatusCode::OK);
    assert_eq!(quick(json!(null)).await.expect(StatusCode::FORBIDDEN), json!({"error": "blocked"}));
    realm.by(&player, "POST", &format!("/users/{}/unblock", host.id), json!(null)).await.expect(StatusCode::OK);
    join(&realm, &player, id, json!({})).await.expect(StatusCode::OK);
    assert_eq!(quick(json!(null)).await.expect(StatusCode::CONFLICT), json!({"error": "already_in_lobby"}));
}

async fn those_who_want_the_same_at_once_meet(realm: Realm) {
    let mut players = Vec::new();
    for number in 0..12 {
        players.push(realm.device(&format!("player {number}")).await);
    }
    let wish = json!({"max_users": 4, "metadata": {"mode": "duel"}});
    let joins = players.iter().map(|player| realm.by(player, "POST", "/lobbies/quick_join", wish.clone()));
    let joined = futures_util::future::join_all(joins).await;
    let mut lobbies: Vec<String> =
        joined.iter().map(|answer| answer.expect(StatusCode::OK)["id"].as_str().unwrap().to_owned()).collect();
    lobbies.sort();
    lobbies.dedup();
    assert_eq!(lobbies.len(), 3, "as few as have room for all");
}

async fn administrators_see_change_and_delete_every_lobby(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let made = make_all(
        &realm,
        vec![
            json!({"title": "Open"}),
            json!({"title": "Hidden", "is_hidden": true}),
            json!({"title": "Closed", "password": "x"}),
        ],
    )
    .await;
    for (query, expected) in [
        ("", &["Closed", "Hidden", "Open"][..]),
        ("?is_hidden=true", &["Hidden"]),
        ("?is_hidden=false&has_password=false", &["Open"]),
        ("?has_password=true", &["Closed"]),
        ("?title=h&page_size=1", &["Hidden"]),
    ] {
        let listed = realm.by(&admin, "GET", &format!("/admin/lobbies{query}"), Value::Null).await;
        let listed = listed.expect(StatusCode::OK);
        assert_eq!(titles(&listed), expected, "{query}");
        assert_eq!(listed["data"][0]["spectator_count"], 0);
    }
    let (host, id) = &made[1];
    let path = format!("/admin/lobbies/{id}");
    let change = async |body: Value| realm.by(&admin, "PATCH", &path, body).await;
    let changed = change(json!({"title": "Seen", "is_hidden": false, "metadata": {"a": 1}})).await;
    let changed = changed.expect(StatusCode::OK)["data"].clone();
    assert_eq!((&changed["title"], &changed["spectator_count"]), (&json!("Seen"), &json!(0)));
    assert_eq!(titles(&list(&realm, "?metadata_key=a").await), ["Seen"]);
    let refused = change(json!({"max_users": 0, "title": ""})).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused["error"], "validation_failed");
    assert!(refused["errors"]["max_users"][0].is_string() && refused["errors"]["title"][0].is_string(), "{refused}");
    join(&realm, &admin, id, json!({})).await.expect(StatusCode::OK);
    let refused = change(json!({"max_users": 1})).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused, json!({"error": "too_small"}));
    assert_eq!(realm.by(&admin, "DELETE", &path, Value::Null).await.expect(StatusCode::OK), json!({}));
    for player in [host, &admin] {
        assert_eq!(lobby_of(&realm, player).await, "");
    }
    for (method, path) in [("DELETE", &path[..]), ("PATCH", &path), ("DELETE", "/admin/lobbies/x")] {
        let gone = realm.by(&admin, method, path, json!({})).await.expect(StatusCode::NOT_FOUND);
        assert_eq!(gone, json!({"error": "not_found"}));
    }
}

async fn one_without_a_host_is_everybodys(realm: Realm) {
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    let id = make(&realm, &admin, json!({"title": "Hall"})).await;
    let path = format!("/admin/lobbies/{id}");
    let change = async |body: Value| realm.by(&admin, "PATCH", &path, body).await;
    let changed = change(json!({"hostless": true})).await.expect(StatusCode::OK);
    assert_eq!((&changed["data"]["hostless"], &changed["data"]["host_id"]), (&json!(true), &json!("")));
    join(&realm, &ann, &id, json!({})).await.expect(StatusCode::OK);
    let body = json!({"title": "Ann's", "host_id": ann.id});
    let changed = realm.by(&ann, "PATCH", "/lobbies", body).await.expect(StatusCode::OK);
    assert_eq!((&changed["title"], &changed["host_id"]), (&json!("Ann's"), &json!("")), "nobody takes it");
    let kick = json!({"target_user_id": admin.id});
    realm.by(&ann, "POST", "/lobbies/kick", kick).await.expect(StatusCode::OK);
    leave(&realm, &ann).await;
    assert_eq!(members(&realm, &ann, &id).await, [""; 0], "it stays when it is empty");
    change(json!({"hostless": false})).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    join(&realm, &ann, &id, json!({})).await.expect(StatusCode::OK);
    let changed = change(json!({"hostless": false})).await.expect(StatusCode::OK);
    assert_eq!(changed["data"]["host_id"], json!(ann.id));
}

async fn administrators_make_lobbies_without_a_host(realm: Realm) {
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    let own = make(&realm, &admin, json!({"title": "Own"})).await;
    let mut listening = realm.socket(&ann).await;
    listening.join("lobbies").await;
    let create = async |body: Value| realm.by(&admin, "POST", "/admin/lobbies", body).await;
    // Nobody becomes its host, whatever the body says.
    let body = json!({"title": "Hall", "max_users": 2, "password": "sesame", "metadata": {"mode": "duel"},
        "host_id": ann.id, "hostless": false});
    let made = create(body).await.expect(StatusCode::CREATED)["data"].clone();
    let id = made["id"].as_str().unwrap().to_owned();
    let expected = json!({"id": id, "title": "Hall", "host_id": "", "host_name": "", "hostless": true, "max_users": 2,
        "is_hidden": false, "is_locked": false, "is_passworded": true, "slowdown": 0, "metadata": {"mode": "duel"},
        "spectator_count": 0});
    assert_eq!(made, expected);
    assert_eq!(listening.event("lobby_created").await["id"], json!(id));
    assert_eq!(lobby_of(&realm, &admin).await, json!(own), "an administrator is not a member of it");
    assert_eq!(members(&realm, &ann, &id).await, [""; 0]);
    join(&realm, &ann, &id, json!({"password": "sesame"})).await.expect(StatusCode::OK);
    leave(&realm, &ann).await;
    assert_eq!(members(&realm, &ann, &id).await, [""; 0], "it stays when it is empty");

    let plain = create(Value::Null).await.expect(StatusCode::CREATED)["data"].clone();
    assert!(plain["title"].as_str().unwrap().starts_with("lobby-"), "{plain}");
    assert_eq!((&plain["max_users"], &plain["hostless"]), (&json!(8), &json!(true)));
    let refused = create(json!({"max_users": 0})).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((&refused["error"], refused["errors"]["max_users"][0].is_string()), (&json!("validation_failed"), true));

    let acts = realm.by(&admin, "GET", "/admin/acts?page_size=3", Value::Null).await.expect(StatusCode::OK);
    let act = |index: usize| (acts["data"][index]["path"].as_str(), acts["data"][index]["status"].as_u64());
    let path = Some("/admin/lobbies");
    assert_eq!([act(0), act(1), act(2)], [(path, Some(422)), (path, Some(201)), (path, Some(201))]);
    let recorded: Value = serde_json::from_str(acts["data"][2]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&recorded["title"], &recorded["password"]), (&json!("Hall"), &json!("…")));
}

#[tokio::test]
async fn lists_may_be_switched_off() {
    let realm = Realm::sqlite_with(|settings| settings.community.list_lobbies = false).await;
    let ann = realm.device("ann's").await;
    let id = make(&realm, &ann, json!({})).await;
    let off = realm.call("GET", "/lobbies", Value::Null).send().await;
    assert_eq!((off.status, off.text.as_str()), (StatusCode::NOT_FOUND, "Not Found"));
    assert_eq!(members(&realm, &ann, &id).await, std::slice::from_ref(&ann.id));
    let refused = realm.socket(&ann).await.try_join("lobbies").await;
    assert_eq!(refused, json!({"status": "error", "response": {"reason": "listing_disabled"}}));
}
