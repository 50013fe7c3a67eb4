//! Log-ins: what each answers, and whom none lets in.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::testing::PASSWORD;

on_every_backend!(
    each_log_in_answers_alike,
    every_log_in_takes_the_lock_as_another_session,
    a_name_or_password_that_nobody_can_have_is_wrong,
    whoever_has_no_password_does_not_log_in_by_one,
    a_device_that_is_somebody_elses_is_not_linked,
    a_device_is_let_go_where_a_password_stays,
    what_changes_of_the_ways_to_log_in_is_told,
    nobody_is_found_by_an_address,
);

mod waiting {
    use crate::backends::on_every_backend;

    pub(super) fn for_activation(settings: &mut realmgate_sidecar::config::Settings) {
        settings.community.require_activation = true;
    }

    use super::whoever_waits_is_let_in_by_an_administrator;

    on_every_backend!(for_activation => whoever_waits_is_let_in_by_an_administrator);
}

async fn each_log_in_answers_alike(realm: Realm) {
    let zoe = realm.app().register("Zoe").await;
    let body = json!({"email": "zoe", "password": PASSWORD, "device_id": "zoe's"});
    let by_password = realm.call("POST", "/login", body).send().await.expect(StatusCode::OK);
    let refresh = json!({"refresh_token": by_password["data"]["refresh_token"]});
    let refreshed = realm.call("POST", "/refresh", refresh).send().await.expect(StatusCode::OK);
    let by_device = realm.call("POST", "/login/device", json!({"device_id": "zoe's"})).send().await;
    for answer in [by_password, refreshed, by_device.expect(StatusCode::OK)] {
        let data = &answer["data"];
        let expected = json!({"data": {"access_token": data["access_token"], "refresh_token": data["refresh_token"],
            "expires_in": 900, "user_id": zoe.id, "username": "zoe", "display_name": "Zoe"}});
        assert_eq!(answer, expected);
        assert!(data["access_token"].is_string() && data["refresh_token"].is_string(), "{answer}");
        realm.by(&Player::of(&answer), "GET", "/me", Value::Null).await.expect(StatusCode::OK);
    }
    // A device's account has a name that was made up: a word and four digits.
    let made = realm.call("POST", "/login/device", json!({"device_id": "new"})).send().await.expect(StatusCode::OK);
    assert_eq!(made["data"]["display_name"], "");
    let (word, number) = made["data"]["username"].as_str().unwrap().split_once('-').unwrap();
    assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{made}");
    assert!(number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()), "{made}");
    // Nobody has to be logged in to log out.
    for token in [None, Some("x")] {
        let call = realm.call("DELETE", "/logout", Value::Null);
        let out = token.into_iter().fold(call, |call, token| call.bearer(token)).send().await;
        assert_eq!(out.expect(StatusCode::OK), json!({}));
    }
}

async fn every_log_in_takes_the_lock_as_another_session(realm: Realm) {
    realm.app().register("Zoe").await;
    let epoch = async || realm.count("SELECT lock_epoch FROM accounts WHERE lock_owner = 'login'").await;
    assert_eq!(epoch().await, 1, "by the registration");
    let body = json!({"email": "zoe", "password": PASSWORD, "device_id": "zoe's"});
    realm.call("POST", "/login", body).send().await.expect(StatusCode::OK);
    assert_eq!(epoch().await, 2, "by a password");
    realm.device("zoe's").await;
    assert_eq!(epoch().await, 3, "by a device");
}

async fn a_name_or_password_that_nobody_can_have_is_wrong(realm: Realm) {
    realm.app().register("Zoe").await;
    for (name, password) in [("z".repeat(161), PASSWORD.to_owned()), ("Zoe".to_owned(), "p".repeat(1_025))] {
        let body = json!({"email": name, "password": password});
        let refused = realm.call("POST", "/login", body).send().await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(refused, json!({"error": "Invalid email or password"}));
    }
}

async fn whoever_has_no_password_does_not_log_in_by_one(realm: Realm) {
    let ann = realm.device("ann's").await;
    for password in ["", " ", "ann's", PASSWORD] {
        let body = json!({"email": ann.username, "password": password});
        let refused = realm.call("POST", "/login", body).send().await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(refused, json!({"error": "Invalid email or password"}), "{password}");
    }
    let wrong = json!({"password": "another password", "current_password": "not it"});
    realm.by(&ann, "PATCH", "/me/password", json!({"password": PASSWORD})).await.expect(StatusCode::OK);
    let ann = realm.device("ann's").await;
    let refused = realm.by(&ann, "PATCH", "/me/password", wrong).await.expect(StatusCode::UNAUTHORIZED);
    assert!(refused["message"].is_string(), "{refused}");
    assert_eq!(refused["error"], "invalid_current_password");
}

async fn a_device_that_is_somebody_elses_is_not_linked(realm: Realm) {
    let bob = realm.device("bob's").await;
    let zoe = realm.app().register("zoe").await;
    for device in ["bob's", "", &"x".repeat(257)] {
        let body = json!({"email": "zoe", "password": PASSWORD, "device_id": device});
        let answer = realm.call("POST", "/login", body).send().await.expect(StatusCode::OK);
        assert_eq!(answer["data"]["user_id"], zoe.id, "the log-in succeeds: {device}");
        let me = realm.by(&Player::of(&answer), "GET", "/me", Value::Null).await.expect(StatusCode::OK);
        assert_eq!(me["linked_providers"]["device"], false, "{device}");
    }
    assert_eq!(realm.device("bob's").await.id, bob.id);
    // Nor does a second one take the place of the first.
    for device in ["zoe's", "zoe's other one"] {
        let body = json!({"email": "zoe", "password": PASSWORD, "device_id": device});
        realm.call("POST", "/login", body).send().await.expect(StatusCode::OK);
    }
    assert_eq!(realm.device("zoe's").await.id, zoe.id);
    assert_ne!(realm.device("zoe's other one").await.id, zoe.id);
}

async fn a_device_is_let_go_where_a_password_stays(realm: Realm) {
    let ann = realm.device("ann's").await;
    realm.by(&ann, "PATCH", "/me/password", json!({"password": PASSWORD})).await.expect(StatusCode::OK);
    let ann = realm.device("ann's").await;
    for _ in 0..2 {
        assert_eq!(realm.by(&ann, "DELETE", "/me/device", Value::Null).await.expect(StatusCode::OK), json!({}));
    }
    assert_ne!(realm.device("ann's").await.id, ann.id);
}

async fn what_changes_of_the_ways_to_log_in_is_told(realm: Realm) {
    realm.app().register("zoe").await;
    let body = json!({"email": "zoe", "password": PASSWORD});
    let answer = realm.call("POST", "/login", body).send().await.expect(StatusCode::OK);
    let zoe = Player::of(&answer);
    let mut client = realm.online(&zoe).await;
    realm.by(&zoe, "POST", "/me/device", json!({"device_id": "zoe's"})).await.expect(StatusCode::OK);
    assert_eq!(client.event("updated").await["linked_providers"]["device"], true);
    realm.by(&zoe, "DELETE", "/me/device", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(client.event("updated").await["linked_providers"]["device"], false);
}

async fn nobody_is_found_by_an_address(realm: Realm) {
    let ann = realm.device("ann's").await;
    realm
        .execute(
            "INSERT INTO credentials (kind, subject, secret, display, account_id, created_at_ms)
             SELECT 'email', 'ann@example.org', '', '', account_id, 0 FROM profiles",
        )
        .await;
    let me = realm.by(&ann, "GET", "/me", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(me["email"], "ann@example.org");
    for text in ["ann@example.org", "ann@", "example.org"] {
        let found = realm.call("GET", &format!("/users?q={text}"), Value::Null).send().await.expect(StatusCode::OK);
        assert_eq!(found["data"], json!([]), "{text}");
    }
    let found = realm.call("GET", &format!("/users?q={}", ann.id), Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(found["data"][0]["id"], ann.id);
    assert_eq!(found["data"][0].get("email"), None);
}

async fn whoever_waits_is_let_in_by_an_administrator(realm: Realm) {
    // The first one waits for nobody.
    let admin = realm.device("the administrator's").await;
    let try_device = async || realm.call("POST", "/login/device", json!({"device_id": "ann's"})).send().await;
    for _ in 0..2 {
        let waits = try_device().await.expect(StatusCode::FORBIDDEN);
        assert!(waits["message"].is_string(), "{waits}");
        assert_eq!(waits["error"], "account_not_activated");
    }
    let users = realm.by(&admin, "GET", "/admin/users", Value::Null).await.expect(StatusCode::OK);
    let waiting = users["data"].as_array().unwrap().iter().find(|user| user["is_activated"] == false).unwrap();
    let path = format!("/admin/users/{}", waiting["id"].as_str().unwrap());
    realm.by(&admin, "PATCH", &path, json!({"is_activated": true})).await.expect(StatusCode::OK);
    assert_eq!(Player::of(&try_device().await.expect(StatusCode::OK)).id, waiting["id"].as_str().unwrap());
}
