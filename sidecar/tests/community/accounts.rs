//! Log-ins, the caller's own account, and how one goes.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::client::Client;
use crate::testing::{Answer, PASSWORD, START_MS};

on_every_backend!(
    a_device_is_an_account,
    a_refresh_token_stays_until_the_log_in_ends,
    an_access_token_that_was_logged_out_opens_calls_of_the_community_until_it_expires,
    an_access_token_whose_log_in_was_ended_for_its_user_opens_nothing,
    the_first_account_is_the_administrator,
    a_new_password_ends_every_log_in,
    a_user_name_is_reserved_where_an_account_logs_in_by_it,
    a_renamed_account_logs_in_by_its_new_name,
    a_banned_account_is_refused_as_banned,
    a_ban_says_why_and_ends_by_itself,
    a_mute_is_set_until_a_time_to_come_and_lifted,
    an_old_log_in_opens_no_other_way_to_the_account_and_does_not_delete_it,
    names_and_passwords_of_the_world_open_the_same_account,
    an_account_goes_with_everything,
    devices_come_and_go,
    users_are_found_by_how_their_names_begin,
    a_name_is_given_once,
    administrators_change_accounts,
    a_device_that_comes_many_times_at_once_is_one_account,
);

async fn a_device_is_an_account(realm: Realm) {
    let (ann, bob) = (realm.device("ann's phone").await, realm.device("bob's phone").await);
    assert_ne!(ann.id, bob.id);
    assert_eq!(realm.device("ann's phone").await.id, ann.id);
    let me = realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::OK);
    assert_eq!(me["id"], ann.id);
    assert_eq!(me["username"], ann.username);
    let seen = me["last_seen_at"].as_str().unwrap();
    assert!(seen.starts_with("2027-01-15T08:00:0"), "the clock of the test: {seen}");
    let expected = json!({"id": ann.id, "email": "", "profile_url": "", "metadata": {}, "username": ann.username,
        "display_name": "", "lobby_id": "", "party_id": "", "is_online": false, "last_seen_at": seen,
        "linked_providers": {"google": false, "facebook": false, "discord": false, "apple": false, "steam": false,
            "device": true}, "has_password": false, "show_map": false});
    assert_eq!(me, expected);
}

async fn a_refresh_token_stays_until_the_log_in_ends(realm: Realm) {
    let ann = realm.device("ann's phone").await;
    let refresh = async |token: &str| realm.call("POST", "/refresh", json!({"refresh_token": token})).send().await;
    let renewed = refresh(&ann.refresh).await.expect(StatusCode::OK);
    assert_eq!(renewed["data"]["refresh_token"], ann.refresh);
    let access = renewed["data"]["access_token"].as_str().unwrap();
    realm.call("GET", "/me", json!(null)).bearer(access).send().await.expect(StatusCode::OK);
    refresh(&ann.refresh).await.expect(StatusCode::OK);
    // Neither kind of token is taken for another.
    let no_such = "Invalid or expired refresh token";
    assert_eq!(refresh(&ann.access).await.expect(StatusCode::UNAUTHORIZED)["error"], no_such);
    let with_refresh = realm.call("GET", "/me", json!(null)).bearer(&ann.refresh).send().await;
    with_refresh.expect(StatusCode::UNAUTHORIZED);
    let rotating = realm.app().post("/auth/refresh", json!({"refresh_token": ann.refresh})).send().await;
    rotating.problem(401, "INVALID_REFRESH_TOKEN");
    let world = realm.app().register("zoe").await;
    refresh(&world.refresh).await.expect(StatusCode::UNAUTHORIZED);
    realm.app().post("/auth/refresh", json!({"refresh_token": world.refresh})).send().await.expect(StatusCode::OK);
    refresh(&ann.refresh).await.expect(StatusCode::OK);
    // The log-in ends.
    assert_eq!(realm.by(&ann, "DELETE", "/logout", json!(null)).await.expect(StatusCode::OK), json!({}));
    assert_eq!(refresh(&ann.refresh).await.expect(StatusCode::UNAUTHORIZED)["error"], no_such);
}

async fn an_access_token_that_was_logged_out_opens_calls_of_the_community_until_it_expires(realm: Realm) {
    realm.device("the administrator's").await;
    let ann = realm.device("ann's").await;
    let client = realm.online(&ann).await;
    realm.by(&ann, "DELETE", "/logout", json!(null)).await.expect(StatusCode::OK);
    client.closed().await;
    realm.each(|app| app.advance(Duration::from_secs(890)));
    // Log-ins that are over are swept away.
    realm.app().state().store.sessions.sweep(START_MS + 890_000).await.unwrap();
    realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::OK);
    realm.by(&ann, "POST", "/lobbies", json!({"title": "still here"})).await.expect(StatusCode::CREATED);
    realm.by(&ann, "POST", "/lobbies/leave", json!(null)).await.expect(StatusCode::OK);
    let refused = realm.by(&ann, "DELETE", "/me", json!(null)).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused["error"], "fresh_log_in_required", "the log-in is over");
    // It opens neither the world nor a socket, and nothing is renewed.
    realm.app().get("/characters").bearer(&ann.access).send().await.expect(StatusCode::UNAUTHORIZED);
    realm.app().post("/auth/logout", json!({})).bearer(&ann.access).send().await.expect(StatusCode::UNAUTHORIZED);
    let query = format!("token={}&vsn=2.0.0", ann.access);
    assert_eq!(Client::try_open(realm.app().state().addrs.api, &query).await.err(), Some(403));
    let refresh = realm.call("POST", "/refresh", json!({"refresh_token": ann.refresh})).send().await;
    refresh.expect(StatusCode::UNAUTHORIZED);
    realm.each(|app| app.advance(Duration::from_secs(11)));
    realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::UNAUTHORIZED);
}

async fn an_access_token_whose_log_in_was_ended_for_its_user_opens_nothing(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    realm.by(&admin, "DELETE", "/logout", json!(null)).await.expect(StatusCode::OK);
    realm.by(&admin, "GET", "/me", json!(null)).await.expect(StatusCode::OK);
    realm.by(&admin, "GET", "/admin/users", json!(null)).await.expect(StatusCode::UNAUTHORIZED);
    let admin = realm.device("the administrator's").await;
    let ann = realm.device("ann's").await;
    // Logged out first, ended by an administrator then.
    realm.by(&ann, "DELETE", "/logout", json!(null)).await.expect(StatusCode::OK);
    let log_ins = format!("/admin/users/{}/log_ins", ann.id);
    realm.by(&admin, "DELETE", &log_ins, json!(null)).await.expect(StatusCode::OK);
    realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::UNAUTHORIZED);
}

async fn a_user_name_is_reserved_where_an_account_logs_in_by_it(realm: Realm) {
    let (ann, bob) = (realm.device("ann's").await, realm.device("bob's").await);
    let rename = async |player: &Player, name: &str| {
        realm.by(player, "PATCH", "/me/username", json!({"username": name})).await.status
    };
    // The user who has the name on a profile may set a password under it: nobody else registers it.
    assert_eq!(rename(&ann, "wanted").await, StatusCode::OK);
    realm
        .app()
        .post("/auth/register", json!({"username": "Wanted", "password": PASSWORD}))
        .send()
        .await
        .problem(409, "USERNAME_TAKEN");
    let set = realm.by(&ann, "PATCH", "/me/password", json!({"password": PASSWORD})).await;
    set.expect(StatusCode::OK);
    realm.app().try_login("wanted", PASSWORD).send().await.expect(StatusCode::OK);
    // Nobody takes a name that another logs in by.
    realm.app().register("registered").await;
    assert_eq!(rename(&bob, "registered").await, StatusCode::BAD_REQUEST);
    assert_eq!(rename(&bob, "wanted").await, StatusCode::BAD_REQUEST);
}

async fn a_renamed_account_logs_in_by_its_new_name(realm: Realm) {
    realm.device("the administrator's").await;
    let (squatter, ann) = (realm.device("the squatter's").await, realm.device("ann's").await);
    let rename = async |player: &Player, name: &str| {
        realm.by(player, "PATCH", "/me/username", json!({"username": name})).await.expect(StatusCode::OK)
    };
    rename(&squatter, "wanted").await;
    let password = json!({"password": PASSWORD});
    realm.by(&squatter, "PATCH", "/me/password", password.clone()).await.expect(StatusCode::OK);
    let squatter = realm.device("the squatter's").await;
    rename(&squatter, "elsewhere").await;
    realm.app().try_login("elsewhere", PASSWORD).send().await.expect(StatusCode::OK);
    realm.app().try_login("wanted", PASSWORD).send().await.problem(401, "INVALID_CREDENTIALS");
    // The name is free, with all that belongs to it.
    rename(&ann, "wanted").await;
    realm.by(&ann, "PATCH", "/me/password", password).await.expect(StatusCode::OK);
    let logged_in = realm.app().try_login("wanted", PASSWORD).send().await.expect(StatusCode::OK);
    assert_eq!(logged_in["user_id"], ann.id);
}

async fn an_old_log_in_opens_no_other_way_to_the_account_and_does_not_delete_it(realm: Realm) {
    realm.device("the administrator's").await;
    let (guest, ann) = (realm.device("guest's").await, realm.device("ann's").await);
    realm.by(&ann, "PATCH", "/me/username", json!({"username": "annabel"})).await.expect(StatusCode::OK);
    realm.by(&ann, "PATCH", "/me/password", json!({"password": PASSWORD})).await.expect(StatusCode::OK);
    let ann = realm.device("ann's").await;
    // A thief of an access token has what a refresh gives, and no more.
    realm.each(|app| app.advance(Duration::from_secs(16 * 60)));
    let renewed = async |player: &Player| {
        let answer = realm.call("POST", "/refresh", json!({"refresh_token": player.refresh})).send().await;
        Player::of(&answer.expect(StatusCode::OK))
    };
    let (guest, ann) = (renewed(&guest).await, renewed(&ann).await);
    let wants_proof = |answer: &Answer| {
        assert_eq!(answer.expect(StatusCode::FORBIDDEN)["error"], "fresh_log_in_required");
    };
    wants_proof(&realm.by(&guest, "PATCH", "/me/password", json!({"password": PASSWORD})).await);
    let address = json!({"email": "thief@example.org", "password": PASSWORD});
    wants_proof(&realm.by(&guest, "PATCH", "/me/email", address).await);
    for player in [&guest, &ann] {
        wants_proof(&realm.by(player, "POST", "/me/device", json!({"device_id": "a thief's"})).await);
        wants_proof(&realm.by(player, "DELETE", "/me", json!(null)).await);
        let token = json!({"id_token": "x"});
        wants_proof(&realm.by(player, "POST", "/auth/google/id_token", token).await);
        wants_proof(&realm.by(player, "GET", "/auth/google", json!(null)).await);
    }
    let with = |password: &str| json!({"device_id": "ann's new phone", "current_password": password});
    realm.by(&ann, "POST", "/me/device", with("wrong password")).await.expect(StatusCode::UNAUTHORIZED);
    realm.by(&ann, "POST", "/me/device", with(PASSWORD)).await.expect(StatusCode::OK);
    // Who logs in once more has proved it.
    let guest = realm.device("guest's").await;
    realm.by(&guest, "DELETE", "/me", json!(null)).await.expect(StatusCode::OK);
}

async fn a_banned_account_is_refused_as_banned(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let ann = realm.device("ann's").await;
    realm.by(&ann, "PATCH", "/me/username", json!({"username": "annabel"})).await.expect(StatusCode::OK);
    realm.by(&ann, "PATCH", "/me/password", json!({"password": PASSWORD})).await.expect(StatusCode::OK);
    let activate = async |activated: bool| {
        let body = json!({"is_activated": activated});
        realm.by(&admin, "PATCH", &format!("/admin/users/{}", ann.id), body).await.expect(StatusCode::OK);
    };
    let log_in = async || realm.call("POST", "/login/device", json!({"device_id": "ann's"})).send().await;
    for _ in 0..2 {
        activate(false).await;
        let refused = log_in().await.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused, json!({"error": "account_banned", "message": "An administrator has banned this account"}));
        let refused = realm.app().try_login("annabel", PASSWORD).send().await.problem(403, "FORBIDDEN");
        assert_eq!(refused["detail"], "An administrator has banned this account");
    }
    activate(true).await;
    log_in().await.expect(StatusCode::OK);
}

async fn a_ban_says_why_and_ends_by_itself(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let ann = realm.device("ann's").await;
    let change = async |body: Value| realm.by(&admin, "PATCH", &format!("/admin/users/{}", ann.id), body).await;
    let log_in = async || realm.call("POST", "/login/device", json!({"device_id": "ann's"})).send().await;
    let ban = json!({"is_activated": false, "ban_reason": "spam", "banned_until": "2027-01-15T09:00:00Z"});
    let user = change(ban).await.expect(StatusCode::OK)["data"].clone();
    let told = [&user["is_banned"], &user["ban_reason"], &user["banned_until"]];
    assert_eq!(told, [&json!(true), &json!("spam"), &json!("2027-01-15T09:00:00Z")]);
    let message = "An administrator has banned this account until 2027-01-15 09:00 UTC: spam";
    assert_eq!(log_in().await.expect(StatusCode::FORBIDDEN)["message"], message);
    // Another ban takes its place.
    change(json!({"is_activated": false, "banned_until": "2027-01-15T08:30:00Z"})).await.expect(StatusCode::OK);
    let message = "An administrator has banned this account until 2027-01-15 08:30 UTC";
    assert_eq!(log_in().await.expect(StatusCode::FORBIDDEN)["message"], message);
    realm.each(|app| app.advance(Duration::from_secs(30 * 60)));
    log_in().await.expect(StatusCode::OK);
    // The earlier access token has expired.
    let admin = realm.device("the administrator's").await;
    let change = async |body: Value| realm.by(&admin, "PATCH", &format!("/admin/users/{}", ann.id), body).await;
    let user = realm.by(&admin, "GET", &format!("/admin/users/{}", ann.id), Value::Null).await.json();
    let told = [&user["data"]["is_activated"], &user["data"]["is_banned"], &user["data"]["banned_until"]];
    assert_eq!(told, [&json!(true), &json!(false), &Value::Null]);
    for (body, field) in [
        (json!({"is_activated": false, "ban_reason": "x".repeat(201)}), "ban_reason"),
        (json!({"is_activated": false, "banned_until": "2027-01-15T08:30:00Z"}), "banned_until"),
        (json!({"is_activated": false, "banned_until": "soon"}), "banned_until"),
        (json!({"ban_reason": "spam"}), "ban_reason"),
        (json!({"is_activated": true, "banned_until": "2028-01-15T08:00:00Z"}), "banned_until"),
    ] {
        let refused = change(body).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused["errors"][field].is_array(), "{refused}");
    }
}

async fn a_mute_is_set_until_a_time_to_come_and_lifted(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let ann = realm.device("ann's").await;
    let change = async |until: &str| {
        let body = json!({"muted_until": until});
        realm.by(&admin, "PATCH", &format!("/admin/users/{}", ann.id), body).await
    };
    let until = "2027-01-15T09:00:00Z";
    assert_eq!(change(until).await.expect(StatusCode::OK)["data"]["muted_until"], until);
    for wrong in ["2027-01-15T07:59:00Z", "soon"] {
        let refused = change(wrong).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused["errors"]["muted_until"].is_array(), "{refused}");
    }
    let other = json!({"display_name": "Ann"});
    let user = realm.by(&admin, "PATCH", &format!("/admin/users/{}", ann.id), other).await;
    assert_eq!(user.expect(StatusCode::OK)["data"]["muted_until"], until, "what is not named stays");
    assert_eq!(change("").await.expect(StatusCode::OK)["data"]["muted_until"], Value::Null);
}

async fn the_first_account_is_the_administrator(realm: Realm) {
    let devices = ["a", "b", "c", "d"].map(|device| realm.device(device));
    let [a, b, c, d] = devices;
    let all = tokio::join!(a, b, c, d);
    let mut admins = 0;
    for player in [&all.0, &all.1, &all.2, &all.3] {
        let edit = realm.by(player, "PATCH", &format!("/admin/users/{}", player.id), json!({})).await;
        match edit.status {
            StatusCode::OK => admins += 1,
            StatusCode::FORBIDDEN => assert_eq!(edit.json(), json!({"error": "forbidden"})),
            other => panic!("{other}: {}", edit.text),
        }
    }
    assert_eq!(admins, 1, "of several at once, one is the first");
}

async fn a_new_password_ends_every_log_in(realm: Realm) {
    let (ann, other) = (realm.device("ann's phone").await, realm.device("ann's phone").await);
    let set = async |player: &_, body| realm.by(player, "PATCH", "/me/password", body).await;
    let short = set(&ann, json!({"password": "short"})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(short, json!({"error": "invalid_data", "errors": {"password": ["should be at least 8 character(s)"]}}));
    let done = set(&ann, json!({"password": PASSWORD})).await.expect(StatusCode::OK);
    assert_eq!(done, json!({"ok": true, "id": ann.id}));
    for player in [&ann, &other] {
        realm.by(player, "GET", "/me", json!(null)).await.expect(StatusCode::UNAUTHORIZED);
        let again = realm.call("POST", "/refresh", json!({"refresh_token": player.refresh})).send().await;
        again.expect(StatusCode::UNAUTHORIZED);
    }
    let login = async |password: &str| {
        realm.call("POST", "/login", json!({"email": ann.username, "password": password})).send().await
    };
    assert_eq!(login("not it").await.expect(StatusCode::UNAUTHORIZED), json!({"error": "Invalid email or password"}));
    let ann = Player::of(&login(PASSWORD).await.expect(StatusCode::OK));
    let me = realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::OK);
    assert_eq!(me["has_password"], true);
    for current in [json!(null), json!("not it")] {
        let body = json!({"password": "another password", "current_password": current});
        let wrong = set(&ann, body).await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(wrong["error"], "invalid_current_password");
    }
    let body = json!({"password": "another password", "current_password": PASSWORD});
    set(&ann, body).await.expect(StatusCode::OK);
    login(PASSWORD).await.expect(StatusCode::UNAUTHORIZED);
    login("another password").await.expect(StatusCode::OK);
}

async fn names_and_passwords_of_the_world_open_the_same_account(realm: Realm) {
    let ann = realm.app().register("Ann").await;
    let body = json!({"email": " ANN ", "password": PASSWORD, "device_id": "ann's phone"});
    let here = realm.call("POST", "/login", body).send().await.expect(StatusCode::OK);
    assert_eq!(here["data"]["user_id"], ann.id);
    assert_eq!((&here["data"]["username"], &here["data"]["display_name"]), (&json!("ann"), &json!("Ann")));
    assert_eq!(realm.device("ann's phone").await.id, ann.id, "the device was linked");
    for name in ["nobody", "", &"x".repeat(500)] {
        let body = json!({"email": name, "password": PASSWORD});
        let refused = realm.call("POST", "/login", body).send().await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(refused, json!({"error": "Invalid email or password"}), "{name}");
    }
}

async fn an_account_goes_with_everything(realm: Realm) {
    let (first, ann) = (realm.device("first").await, realm.device("ann's phone").await);
    assert_eq!(realm.by(&ann, "DELETE", "/me", json!(null)).await.expect(StatusCode::OK), json!({}));
    realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::UNAUTHORIZED);
    let refused = realm.call("POST", "/refresh", json!({"refresh_token": ann.refresh})).send().await;
    refused.expect(StatusCode::UNAUTHORIZED);
    let gone = realm.call("GET", &format!("/users/{}", ann.id), json!(null)).send().await;
    assert_eq!(gone.expect(StatusCode::NOT_FOUND), json!({"error": "not_found"}));
    let again = realm.device("ann's phone").await;
    assert_ne!(again.id, ann.id, "the device is free");
    let path = format!("/admin/users/{}", again.id);
    realm.by(&first, "DELETE", &path, json!(null)).await.expect(StatusCode::OK);
    realm.by(&first, "DELETE", &path, json!(null)).await.expect(StatusCode::NOT_FOUND);
    realm.by(&again, "GET", "/me", json!(null)).await.expect(StatusCode::UNAUTHORIZED);
}

async fn devices_come_and_go(realm: Realm) {
    let (ann, bob) = (realm.device("old").await, realm.device("bob's").await);
    let link = async |device| realm.by(&ann, "POST", "/me/device", json!({"device_id": device})).await;
    let unlink = async || realm.by(&ann, "DELETE", "/me/device", json!(null)).await;
    let missing = realm.by(&ann, "POST", "/me/device", json!({})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(missing, json!({"error": "device_id is required"}));
    let taken = link("bob's").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(taken["error"], "Failed to link device_id");
    assert_eq!(realm.device("old").await.id, ann.id, "what is refused changes nothing");
    assert_eq!(link("new").await.expect(StatusCode::OK), json!({}));
    assert_eq!(realm.device("new").await.id, ann.id);
    let last = unlink().await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(last["error"], "Cannot unlink device_id when it's your last authentication method");
    assert_ne!(realm.device("old").await.id, ann.id, "it was replaced");
    let zoe = realm.app().register("zoe").await;
    for _ in 0..2 {
        let none = realm.call("DELETE", "/me/device", json!(null)).bearer(&zoe.access).send().await;
        assert_eq!(none.expect(StatusCode::OK), json!({}));
    }
    assert_eq!(realm.device("bob's").await.id, bob.id);
}

async fn users_are_found_by_how_their_names_begin(realm: Realm) {
    for name in ["anna", "annika", "bob", "a_b", "axb"] {
        realm.app().register(name).await;
    }
    let find = async |query: &str| {
        let found = realm.call("GET", &format!("/users?{query}"), json!(null)).send().await.expect(StatusCode::OK);
        let names = found["data"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), found["meta"].clone())
    };
    assert_eq!(find("q=ANN").await.0, ["anna", "annika"]);
    assert_eq!(find("q=a_").await.0, ["a_b"], "signs stand for themselves");
    assert_eq!(find("q=%25").await.0, [""; 0]);
    for nothing in ["q=", "q", "", "page=x&q=", "q=a", "q=%20a%20"] {
        let (names, meta) = find(nothing).await;
        assert!(names.is_empty(), "{nothing}");
        let empty =
            json!({"page": 1, "page_size": 25, "count": 0, "total_count": 0, "total_pages": 0, "has_more": false});
        assert_eq!(meta, empty, "{nothing}");
    }
    let (names, meta) = find("q=an&page=2&page_size=1").await;
    assert_eq!(names.len(), 1);
    let expected =
        json!({"page": 2, "page_size": 1, "count": 1, "total_count": 2, "total_pages": 2, "has_more": false});
    assert_eq!(meta, expected);
    let bob = realm.app().login("bob").await;
    assert_eq!(find(&format!("q={}", bob.id)).await.0, ["bob"]);
    let user = realm.call("GET", &format!("/users/{}", bob.id), json!(null)).send().await.expect(StatusCode::OK);
    assert_eq!((&user["username"], &user["lobby_id"], &user["party_id"]), (&json!("bob"), &json!(""), &json!("")));
    assert!(user.get("email").is_none());
    let bad = realm.call("GET", "/users/bob", json!(null)).send().await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(bad, json!({"error": "invalid_id"}));
}

async fn a_name_is_given_once(realm: Realm) {
    let (ann, bob) = (realm.device("ann's").await, realm.device("bob's").await);
    let name =
        async |player: &_, name: &str| realm.by(player, "PATCH", "/me/username", json!({"username": name})).await;
    let done = name(&ann, "Ann.B-C_d").await.expect(StatusCode::OK);
    assert_eq!(done, json!({"ok": true, "id": ann.id, "username": "ann.b-c_d"}));
    let taken = name(&bob, "ann.b-c_d").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(taken, json!({"error": "invalid_data", "errors": {"username": ["has already been taken"]}}));
    for bad in ["", "ab", "a..b", "-ab", "ab-", "a b", &"x".repeat(33)] {
        let refused = name(&bob, bad).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused["error"], "invalid_data", "{bad}");
    }
    let show = async |name: &str| realm.by(&bob, "PATCH", "/me/display_name", json!({"display_name": name})).await;
    let shown = show("B\u{f6}b").await.expect(StatusCode::OK);
    assert_eq!(shown, json!({"ok": true, "id": bob.id, "display_name": "B\u{f6}b"}));
    show("").await.expect(StatusCode::OK);
    let long = show(&"x".repeat(81)).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(long["error"], "invalid_data");
}

async fn administrators_change_accounts(realm: Realm) {
    let (admin, ann) = (realm.device("first").await, realm.device("ann's").await);
    let path = format!("/admin/users/{}", ann.id);
    let change = async |body| realm.by(&admin, "PATCH", &path, body).await;
    let body = json!({"display_name": "Ann", "metadata": {"level": 3, "deep": {"a": [1, null]}}});
    let changed = change(body.clone()).await.expect(StatusCode::OK);
    assert_eq!(changed["data"]["metadata"], body["metadata"]);
    assert_eq!(changed["data"]["display_name"], "Ann");
    for bad in [json!({"metadata": [1]}), json!({"display_name": "x".repeat(81)}), json!({"metadata": "x"})] {
        let refused = change(bad.clone()).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused["error"], "validation_failed", "{bad}");
    }
    change(json!({"is_admin": "yes"})).await.expect(StatusCode::BAD_REQUEST);
    let me = realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::OK);
    assert_eq!(me["metadata"], body["metadata"], "what was refused has changed nothing");

    change(json!({"is_activated": false})).await.expect(StatusCode::OK);
    realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::UNAUTHORIZED);
    let barred = realm.call("POST", "/login/device", json!({"device_id": "ann's"})).send().await;
    assert_eq!(barred.expect(StatusCode::FORBIDDEN)["error"], "account_banned");
    change(json!({"is_activated": true, "is_admin": true})).await.expect(StatusCode::OK);
    let ann = realm.device("ann's").await;
    realm.by(&ann, "PATCH", &path, json!({})).await.expect(StatusCode::OK);
    for nobody in ["/admin/users/00000000-0000-7000-8000-000000000000", "/admin/users/x"] {
        let gone = realm.by(&admin, "PATCH", nobody, json!({})).await.expect(StatusCode::NOT_FOUND);
        assert_eq!(gone, json!({"error": "not_found"}));
    }
}

async fn a_device_that_comes_many_times_at_once_is_one_account(realm: Realm) {
    let calls = futures_util::future::join_all((0..12).map(|_| realm.device("ann's phone"))).await;
    assert!(calls.iter().all(|player| player.id == calls[0].id));
    assert_eq!(realm.count("SELECT COUNT(*) FROM accounts").await, 1, "nobody else is left behind");
}
