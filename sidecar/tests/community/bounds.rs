//! How long, how large and how many anything may be: at each bound, and one beyond it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::lobbies::make;

on_every_backend!(
    what_players_write_has_bounds,
    what_administrators_write_has_bounds,
    pages_have_bounds,
    a_search_finds_a_thousand_users_at_most,
    so_many_friends_requests_and_blocks_has_an_account,
);

/// Metadata of so many bytes.
pub fn metadata(bytes: usize) -> Value {
    json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())})
}

/// Each call succeeds with the first value of its field, and is refused with the second.
pub async fn check(
    realm: &Realm,
    player: &Player,
    call: (&str, &str, Value),
    status: u16,
    field: &str,
    values: [Value; 2],
) {
    let (method, path, base) = call;
    for (value, is_legal) in values.into_iter().zip([true, false]) {
        let mut body = base.clone();
        body[field] = value;
        let answer = realm.by(player, method, path, body).await;
        let what = format!("{method} {path} {field}: {}", answer.text);
        assert_eq!(answer.status.is_success(), is_legal, "{what}");
        if !is_legal {
            assert_eq!(answer.status.as_u16(), status, "{what}");
            let errors = ["errors", "error", "details"].map(|of| answer.json()[of][field][0].clone());
            assert!(errors.iter().any(Value::is_string), "{what}");
        }
    }
}

async fn what_players_write_has_bounds(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let long = |count: usize| json!("\u{e4}".repeat(count));
    let plain = |count: usize| json!("x".repeat(count));
    for (method, path, field, status, values) in [
        ("PATCH", "/me/display_name", "display_name", 400, [long(80), long(81)]),
        ("PATCH", "/me/username", "username", 400, [plain(32), plain(33)]),
        ("PATCH", "/me/username", "username", 400, [plain(3), plain(2)]),
        ("POST", "/me/device", "device_id", 400, [long(256), long(257)]),
    ] {
        check(&realm, &ann, (method, path, json!({})), status, field, values).await;
    }
    make(&realm, &ben, json!({})).await;
    for (field, values) in [
        ("title", [long(80), long(81)]),
        ("title", [long(1), json!("")]),
        ("password", [long(128), long(129)]),
        ("max_users", [json!(128), json!(129)]),
        ("max_users", [json!(1), json!(0)]),
        ("slowdown", [json!(3_600), json!(3_601)]),
        ("slowdown", [json!(0), json!(-1)]),
        ("metadata", [metadata(16_384), metadata(16_385)]),
    ] {
        check(&realm, &ben, ("PATCH", "/lobbies", json!({})), 422, field, values).await;
    }
    // A password ends the log-in that sets it.
    for (legal, illegal) in [(8, 7), (72, 73)] {
        let dan = realm.device(&format!("dan's {legal}")).await;
        let values = [plain(illegal), plain(legal)];
        for (value, status) in values.into_iter().zip([StatusCode::BAD_REQUEST, StatusCode::OK]) {
            realm.by(&dan, "PATCH", "/me/password", json!({"password": value})).await.expect(status);
        }
    }
    let dan = realm.device("dan's").await;
    let bytes = realm.by(&dan, "PATCH", "/me/password", json!({"password": long(37)})).await;
    let bytes = bytes.expect(StatusCode::BAD_REQUEST);
    assert_eq!(bytes["errors"], json!({"password": ["should be at most 72 byte(s)"]}), "bytes count");
}

async fn what_administrators_write_has_bounds(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let (long, plain) = (|count: usize| json!("\u{e4}".repeat(count)), |count: usize| json!("x".repeat(count)));
    let new = json!({"slug": "arena", "title": "Arena"});
    for (field, values) in [
        ("slug", [plain(100), plain(101)]),
        ("slug", [json!("a_1"), json!("a-1")]),
        ("title", [long(255), long(256)]),
        ("description", [long(1_000), long(1_001)]),
        ("metadata", [metadata(16_384), metadata(16_385)]),
    ] {
        check(&realm, &admin, ("POST", "/admin/leaderboards", new.clone()), 422, field, values).await;
    }
    let records = "/admin/leaderboards/arena/records";
    let record = json!({"label": "The Guild", "score": 1});
    let most = 9_007_199_254_740_991_i64;
    for (field, values) in [
        ("label", [long(80), long(81)]),
        ("metadata", [metadata(16_384), metadata(16_385)]),
        ("score", [json!(most), json!(most + 1)]),
        ("score", [json!(-most), json!(-most - 1)]),
        ("score", [json!("-7"), json!("7.5")]),
    ] {
        check(&realm, &admin, ("POST", records, record.clone()), 422, field, values).await;
    }
    let path = format!("/admin/users/{}", admin.id);
    for (field, values) in [("metadata", [metadata(16_384), metadata(16_385)]), ("display_name", [long(80), long(81)])]
    {
        check(&realm, &admin, ("PATCH", &path, json!({})), 422, field, values).await;
    }
    // What is given takes the place of what was there.
    for metadata in [json!({"a": 1, "b": {"c": 2}}), json!({"d": 3}), json!({})] {
        let changed = realm.by(&admin, "PATCH", &path, json!({"metadata": metadata})).await.expect(StatusCode::OK);
        assert_eq!(changed["data"]["metadata"], metadata);
    }
}

async fn pages_have_bounds(realm: Realm) {
    let ann = realm.device("ann's").await;
    for (query, page, size) in [
        ("", 1, 25),
        ("?page=&page_size=", 1, 25),
        ("?page&page_size", 1, 25),
        ("?page=x&page_size=x", 1, 25),
        ("?page=0&page_size=0", 1, 1),
        ("?page=-3&page_size=-3", 1, 1),
        ("?page=2&page_size=100", 2, 100),
        ("?page=3abc&page_size=101", 3, 100),
        ("?page=99999999&page_size=99999999", 99_999_999, 100),
    ] {
        let empty = json!({"page": page, "page_size": size, "count": 0, "total_count": 0, "total_pages": 0,
            "has_more": false});
        for path in ["/users", "/lobbies", "/leaderboards", "/me/friends", "/me/blocked", "/me/blacklist"] {
            let listed = realm.by(&ann, "GET", &format!("{path}{query}"), Value::Null).await.expect(StatusCode::OK);
            assert_eq!(listed, json!({"data": [], "meta": empty}), "{path}{query}");
        }
        let requests = format!("/me/friend-requests{query}");
        let requests = realm.by(&ann, "GET", &requests, Value::Null).await.expect(StatusCode::OK);
        assert_eq!([&requests["meta"]["page"], &requests["meta"]["page_size"]], [&json!(page), &json!(size)]);
    }
}

/// A thousand accounts without a profile.
const CROWD: &str = "INSERT INTO accounts (id, created_at_ms)
    WITH RECURSIVE crowd(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM crowd WHERE n < 1000)
    SELECT '00000000-0000-7000-8000-' || CAST(100000000000 + n AS TEXT), 0 FROM crowd";
const MORE_OF_THE_CROWD: &str = "INSERT INTO accounts (id, created_at_ms)
    SELECT '00000000-0000-7000-8001-' || substr(id, 25), 0 FROM accounts WHERE id LIKE '00000000-0000-7000-8000-%'";
const NAMES_OF_THE_CROWD: &str = "INSERT INTO profiles (account_id, username, username_key, display_key)
    SELECT id, 'crowd' || id, '63726f7764' || substr(id, 25), '' FROM accounts WHERE id LIKE '00000000-0000-7000-800%'";
const ASKED: &str = "INSERT INTO friendships (id, requester_id, target_id, status, created_at_ms, changed_at_ms)
    SELECT 'a' || a.id, p.account_id, a.id, 'pending', 0, 0 FROM accounts a, profiles p
    WHERE p.username = 'ann' AND a.id <= '00000000-0000-7000-8000-100000000100'";
const FRIENDS: &str = "INSERT INTO friendships (id, requester_id, target_id, status, created_at_ms, changed_at_ms)
    SELECT 'b' || a.id, a.id, p.account_id, 'accepted', 0, 0 FROM accounts a, profiles p
    WHERE p.username = 'ben' AND a.id <= '00000000-0000-7000-8000-100000000500'";
const BLOCKED: &str = "INSERT INTO friendships (id, requester_id, target_id, status, created_at_ms, changed_at_ms)
    SELECT 'c' || a.id, a.id, p.account_id, 'blocked', 0, 0 FROM accounts a, profiles p
    WHERE p.username = 'cid' AND a.id <= '00000000-0000-7000-8000-100000001000'";

async fn a_search_finds_a_thousand_users_at_most(realm: Realm) {
    for fill in [CROWD, MORE_OF_THE_CROWD, NAMES_OF_THE_CROWD] {
        realm.execute(fill).await;
    }
    let find = async |query: &str| {
        let found = realm.call("GET", &format!("/users?q={query}&page_size=100"), Value::Null).send().await;
        let found = found.expect(StatusCode::OK);
        (found["data"].as_array().unwrap().len(), found["meta"]["total_count"].clone())
    };
    assert_eq!(realm.count("SELECT COUNT(*) FROM profiles").await, 2_000);
    assert_eq!(find("crowd").await, (100, json!(1_000)));
    assert_eq!(find("CROWD&page=10").await, (100, json!(1_000)));
    assert_eq!(find("crowd&page=11").await, (0, json!(1_000)), "further pages are empty");
    assert_eq!(find("c").await, (0, json!(0)), "one letter would find a tenth of all");
}

async fn so_many_friends_requests_and_blocks_has_an_account(realm: Realm) {
    let mut players = Vec::new();
    for name in ["ann", "ben", "cid", "dan"] {
        let player = realm.device(name).await;
        realm.by(&player, "PATCH", "/me/username", json!({"username": name})).await.expect(StatusCode::OK);
        players.push(player);
    }
    let [ann, ben, cid, dan] = &players[..] else { unreachable!("four") };
    let asks = json!({"target_user_id": ben.id});
    realm.by(dan, "POST", "/friends", asks).await.expect(StatusCode::CREATED);
    for fill in [CROWD, ASKED, FRIENDS, BLOCKED] {
        realm.execute(fill).await;
    }
    let requests = realm.by(ben, "GET", "/me/friend-requests", Value::Null).await.expect(StatusCode::OK);
    let accept = format!("/friends/{}/accept", requests["incoming"][0]["id"].as_str().unwrap());
    let (block, ask) = (format!("/users/{}/block", dan.id), json!({"target_user_id": dan.id}));
    for (player, path, body, code) in [
        (ann, "/friends", ask.clone(), "too_many_pending_requests"),
        (ben, "/friends", ask, "too_many_friends"),
        (ben, &accept, Value::Null, "too_many_friends"),
        (cid, &block, Value::Null, "too_many_blocks"),
    ] {
        let refused = realm.by(player, "POST", path, body).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused, json!({"error": code}), "{path}");
    }
}
