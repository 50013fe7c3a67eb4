//! Limits that an operator has set: at each, and one beyond it.

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Realm, on_every_backend};
use crate::bounds::{check, metadata};
use crate::client::Client;
use crate::lobbies::make;

on_every_backend!(
    limited =>
    what_players_write_has_the_limits_of_the_operator,
    what_administrators_write_has_the_limits_of_the_operator,
    pages_sockets_and_friends_have_the_limits_of_the_operator,
    arguments_of_scripts_have_the_limits_of_the_operator,
    the_description_has_the_limits_of_the_operator,
);

fn limited(settings: &mut Settings) {
    let limits = &mut settings.community.limits;
    (limits.max_metadata_size, limits.max_page_size, limits.max_display_name) = (17_000, 150, 90);
    (limits.min_username, limits.max_username, limits.max_sockets_per_user) = (2, 40, 2);
    (limits.max_email, limits.max_device_id) = (170, 300);
    (limits.max_lobby_title, limits.max_lobby_users, limits.max_lobby_password) = (90, 130, 20);
    (limits.max_friends_per_user, limits.max_pending_friend_requests) = (2, 1);
    (limits.max_hook_args_size, limits.max_hook_args_count) = (20, 2);
    (limits.max_leaderboard_title, limits.max_leaderboard_description) = (300, 1_200);
    limits.max_leaderboard_slug = 120;
}

fn plain(count: usize) -> Value {
    json!("x".repeat(count))
}

/// An address of so many characters.
fn address(count: usize) -> Value {
    // So long that what is before it stays within the bound of its own.
    let host = format!("{}.{}.example", "h".repeat(63), "k".repeat(40));
    json!(format!("{}@{host}", "l".repeat(count - host.len() - 1)))
}

async fn what_players_write_has_the_limits_of_the_operator(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    for (method, path, field, values) in [
        ("PATCH", "/me/display_name", "display_name", [plain(90), plain(91)]),
        ("PATCH", "/me/username", "username", [plain(40), plain(41)]),
        ("PATCH", "/me/username", "username", [plain(2), plain(1)]),
        ("POST", "/me/device", "device_id", [plain(300), plain(301)]),
    ] {
        check(&realm, &ann, (method, path, json!({})), 400, field, values).await;
    }
    let sign_up = json!({"password": "a long password"});
    check(&realm, &ann, ("POST", "/register", sign_up), 400, "email", [address(170), address(171)]).await;
    let made = make(&realm, &ben, json!({})).await;
    for (field, values) in [
        ("title", [plain(90), plain(91)]),
        ("max_users", [json!(130), json!(131)]),
        ("metadata", [metadata(17_000), metadata(17_001)]),
        ("password", [plain(20), plain(21)]),
    ] {
        check(&realm, &ben, ("PATCH", "/lobbies", json!({})), 422, field, values).await;
    }
    let told = realm.by(&ben, "PATCH", "/lobbies", json!({"max_users": 131, "title": plain(91)})).await;
    let why =
        json!({"max_users": ["must be less than or equal to 130"], "title": ["should be at most 90 character(s)"]});
    assert_eq!(told.expect(StatusCode::UNPROCESSABLE_ENTITY)["error"], why);
    let path = format!("/lobbies/{made}/join");
    let refused = realm.by(&ann, "POST", &path, json!({"password": plain(21)})).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused, json!({"error": "invalid_password"}));
    let found = realm.call("GET", &format!("/users?q={}", "x".repeat(90)), Value::Null).send().await;
    assert_eq!(found.expect(StatusCode::OK)["meta"]["total_count"], 1, "by the whole of a long name");
}

async fn what_administrators_write_has_the_limits_of_the_operator(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    for (field, values) in [
        ("slug", [plain(120), plain(121)]),
        ("title", [plain(300), plain(301)]),
        ("description", [plain(1_200), plain(1_201)]),
        ("metadata", [metadata(17_000), metadata(17_001)]),
    ] {
        let new = json!({"slug": "arena", "title": "Arena"});
        check(&realm, &admin, ("POST", "/admin/leaderboards", new), 422, field, values).await;
    }
    let by_slug = realm.call("GET", &format!("/leaderboards/{}", "x".repeat(120)), Value::Null).send().await;
    by_slug.expect(StatusCode::OK);
    let record = json!({"label": "The Guild", "score": 1});
    let values = [metadata(17_000), metadata(17_001)];
    let records = ("POST", "/admin/leaderboards/arena/records", record);
    check(&realm, &admin, records, 422, "metadata", values.clone()).await;
    let path = format!("/admin/users/{}", admin.id);
    check(&realm, &admin, ("PATCH", &path, json!({})), 422, "metadata", values).await;
    check(&realm, &admin, ("PATCH", &path, json!({})), 422, "display_name", [plain(90), plain(91)]).await;
}

async fn pages_sockets_and_friends_have_the_limits_of_the_operator(realm: Realm) {
    let ann = realm.device("ann's").await;
    for (asked, given) in [(150, 150), (151, 150)] {
        let page = realm.by(&ann, "GET", &format!("/me/friends?page_size={asked}"), Value::Null).await;
        assert_eq!(page.expect(StatusCode::OK)["meta"]["page_size"], given, "{asked}");
    }
    // Of one sidecar.
    let (addr, query) = (realm.app().state().addrs.api, format!("token={}", ann.access));
    let mut sockets = Vec::new();
    for _ in 0..2 {
        let open = Client::try_open(addr, &query).await;
        sockets.push(open.unwrap_or_else(|status| panic!("{status}")));
    }
    assert_eq!(Client::try_open(addr, &query).await.err(), Some(403));

    let mut others = Vec::new();
    for name in ["ben's", "cid's", "dan's", "eve's"] {
        others.push(realm.device(name).await);
    }
    let ask = async |player: &_, status| {
        let other: &crate::backends::Player = player;
        realm.by(&ann, "POST", "/friends", json!({"target_user_id": other.id})).await.expect(status)
    };
    ask(&others[0], StatusCode::CREATED).await;
    let refused = ask(&others[1], StatusCode::BAD_REQUEST).await;
    assert_eq!(refused, json!({"error": "too_many_pending_requests"}));
    realm.befriend(&others[0], &ann).await;
    realm.befriend(&ann, &others[1]).await;
    assert_eq!(ask(&others[2], StatusCode::BAD_REQUEST).await, json!({"error": "too_many_friends"}));
}

async fn arguments_of_scripts_have_the_limits_of_the_operator(realm: Realm) {
    let ann = realm.device("ann's").await;
    let call = async |args: Value| {
        let body = json!({"plugin": "trial", "fn": "echo", "args": args});
        realm.by(&ann, "POST", "/hooks/call", body).await
    };
    // On each of two sidecars.
    for _ in 0..2 {
        let loaded = async {
            while !call(json!([1, 2])).await.status.is_success() {
                a_moment().await;
            }
        };
        soon("the scripts", loaded).await;
    }
    call(json!(["x".repeat(18)])).await.expect(StatusCode::OK);
    let many = call(json!([1, 2, 3])).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(many, json!({"error": "too_many_args", "max": 2}));
    let large = call(json!(["x".repeat(19)])).await.expect(StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(large, json!({"error": "args_too_large", "max_bytes": 20}));
}

async fn the_description_has_the_limits_of_the_operator(realm: Realm) {
    let told = realm.app().get("/api/openapi").send().await.expect(StatusCode::OK);
    let fields = &told["components"]["schemas"];
    assert_eq!(fields["UpdateCurrentUserDisplayNameRequest"]["properties"]["display_name"]["maxLength"], 90);
    assert_eq!(fields["UpdateCurrentUserUsernameRequest"]["properties"]["username"]["minLength"], 2);
    assert_eq!(fields["CreateLobbyRequest"]["properties"]["max_users"]["maximum"], 130);
    let page = realm.app().get("/account/forgot").send().await;
    assert!(page.text.contains("maxlength=\"170\""), "{}", page.text);
}

/// Fewer places than a lobby has where nobody says how many.
#[tokio::test]
async fn a_lobby_has_no_more_places_than_there_may_be() {
    let realm = Realm::sqlite_with(|settings| settings.community.limits.max_lobby_users = 4).await;
    let ann = realm.device("ann's").await;
    let made = realm.by(&ann, "POST", "/lobbies", Value::Null).await.expect(StatusCode::CREATED);
    assert_eq!(made["max_users"], 4);
}

/// What is there when a limit is made smaller stays, and what has nothing to do with it may be changed.
#[tokio::test]
async fn a_smaller_limit_leaves_what_is_there() {
    let realm = Realm::sqlite().await;
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    let new = json!({"slug": "arena", "title": "A long title"});
    realm.by(&admin, "POST", "/admin/leaderboards", new).await.expect(StatusCode::OK);
    let id = make(&realm, &ann, json!({"password": plain(40)})).await;
    let realm = realm
        .restarted_with(|settings| {
            let limits = &mut settings.community.limits;
            (limits.max_leaderboard_title, limits.max_lobby_password) = (5, 5);
        })
        .await;
    let path = "/admin/leaderboards/arena";
    let told = realm.by(&admin, "PATCH", path, json!({"description": "More of it"})).await.expect(StatusCode::OK);
    assert_eq!(told["data"]["title"], "A long title");
    realm.by(&admin, "PATCH", path, json!({"title": "Longer"})).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let ben = realm.device("ben's").await;
    let path = format!("/lobbies/{id}/join");
    realm.by(&ben, "POST", &path, json!({"password": plain(40)})).await.expect(StatusCode::OK);
}
