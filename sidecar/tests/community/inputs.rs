//! What bad input gets: the shapes of refusals, and nothing changed.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::Realm;

#[tokio::test]
async fn what_is_missing_or_malformed_is_a_bad_request() {
    let realm = Realm::sqlite().await;
    let ann = realm.device("ann's").await;
    let bad = json!({"errors": {"detail": "Bad Request"}});
    for (method, path, body) in [
        ("POST", "/login", json!({})),
        ("POST", "/login", json!({"email": "a@b.c"})),
        ("POST", "/login", json!({"email": 1, "password": []})),
        ("POST", "/login/device", json!({})),
        ("POST", "/login/device", json!({"device_id": {"a": 1}})),
        ("POST", "/register", json!({"password": "a long password"})),
        ("POST", "/confirm", json!({})),
        ("POST", "/password/forgot", json!({"email": ["a@b.de"]})),
        ("POST", "/password/reset", json!({"token": "x"})),
        ("PATCH", "/me/email", json!({"password": "a long password"})),
        ("PATCH", "/me/password", json!({})),
        ("PATCH", "/me/username", json!({"username": null})),
        ("PATCH", "/me/display_name", json!([])),
    ] {
        let answer = realm.by(&ann, method, path, body).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer, bad, "{method} {path}");
    }
    for body in ["{", "", "\"", "{\"device_id\": \"a\\u0000b\"}"] {
        let call = realm.call("POST", "/login/device", Value::Null).body("application/json", body);
        assert_eq!(call.send().await.expect(StatusCode::BAD_REQUEST), bad, "{body}");
    }
    let missing = realm.call("POST", "/refresh", Value::Null).body("application/json", "").send().await;
    assert_eq!(missing.expect(StatusCode::BAD_REQUEST), json!({"error": "refresh_token is required"}));
}

#[tokio::test]
async fn forms_and_queries_say_the_same_as_json() {
    let realm = Realm::sqlite().await;
    let form = realm.call("POST", "/login/device", Value::Null);
    let by_form = form.body("application/x-www-form-urlencoded", "device_id=a+phone").send().await;
    let by_query = realm.call("POST", "/login/device?device_id=a%20phone", Value::Null).send().await;
    let ids = [by_form, by_query].map(|answer| answer.expect(StatusCode::OK)["data"]["user_id"].clone());
    let by_json = json!(realm.device("a phone").await.id);
    assert_eq!(ids, [by_json.clone(), by_json]);
    realm.call("GET", "/users?q=a&page&page_size=x&page=-7", Value::Null).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_device_id_has_bounds() {
    let realm = Realm::sqlite().await;
    for bad in ["", " ", &"x".repeat(257)] {
        let refused = realm.call("POST", "/login/device", json!({"device_id": bad})).send().await;
        let refused = refused.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused["error"], "unable to create device user");
        assert!(refused["details"]["device_id"][0].is_string(), "{refused}");
    }
    realm.device(&"\u{e4}".repeat(256)).await;
}

#[tokio::test]
async fn unknown_routes_and_large_bodies_have_the_shape_of_these_routes() {
    let realm = Realm::sqlite().await;
    for path in ["", "/", "/nowhere", "/users/x/y"] {
        let answer = realm.call("GET", path, Value::Null).send().await.expect(StatusCode::NOT_FOUND);
        assert_eq!(answer, json!({"errors": {"detail": "Not Found"}}), "{path}");
    }
    let wrong = realm.call("PUT", "/me", Value::Null).send().await.expect(StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong, json!({"errors": {"detail": "Method Not Allowed"}}));
    let ann = realm.device("ann's").await;
    for (path, method, bytes) in [("/login/device", "POST", 16 * 1_024), ("/me/display_name", "PATCH", 131_072)] {
        let filled = |to: usize| format!("{{}}{}", " ".repeat(to - 2));
        for (to, status) in [(bytes, StatusCode::BAD_REQUEST), (bytes + 1, StatusCode::PAYLOAD_TOO_LARGE)] {
            let call = realm.call(method, path, Value::Null).bearer(&ann.access);
            let answer = call.body("application/json", filled(to)).send().await.expect(status);
            let told = if to > bytes { "Request Entity Too Large" } else { "Bad Request" };
            assert_eq!(answer, json!({"errors": {"detail": told}}), "{path}");
        }
    }
    let kind = realm.call("POST", "/login/device", Value::Null).body("text/plain", "x").send().await;
    kind.expect(StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn it_is_in_health() {
    let realm = Realm::sqlite().await;
    let health = realm.call("GET", "/health", Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(health, json!({"status": "ok", "timestamp": "2027-01-15T08:00:00.000000Z"}));
}

#[tokio::test]
async fn what_operators_switch_off_is_off() {
    let realm = Realm::sqlite_with(|settings| {
        settings.community.device_login = false;
        settings.community.list_users = false;
        settings.community.require_activation = true;
    })
    .await;
    let device = realm.call("POST", "/login/device", json!({"device_id": "x"})).send().await;
    let device = device.expect(StatusCode::FORBIDDEN);
    assert_eq!(device, json!({"error": "device-based authentication is disabled"}));
    for path in ["/users?q=a", "/users/00000000-0000-7000-8000-000000000000"] {
        let answer = realm.call("GET", path, Value::Null).send().await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NOT_FOUND, "Not Found"));
    }
    realm.app().register("first").await;
    let body = json!({"username": "second", "password": crate::testing::PASSWORD});
    realm.app().post("/auth/register", body.clone()).send().await.problem(403, "FORBIDDEN");
    realm.app().post("/auth/login", body.clone()).send().await.problem(403, "FORBIDDEN");
    let body = json!({"email": "second", "password": crate::testing::PASSWORD});
    let here = realm.call("POST", "/login", body).send().await.expect(StatusCode::FORBIDDEN);
    assert_eq!(here["error"], "account_not_activated");
}

#[tokio::test]
async fn new_accounts_and_wrong_passwords_are_limited() {
    let realm = Realm::sqlite_with(|settings| {
        settings.registrations_per_min = 2;
        settings.failed_logins_per_min = 2;
    })
    .await;
    let post = |path: &str, body: Value| realm.app().post(&format!("/api/v1{path}"), body);
    let device = |id: &str| post("/login/device", json!({"device_id": id})).from("203.0.113.9").send();
    for id in ["a", "b", "a"] {
        device(id).await.expect(StatusCode::OK);
    }
    let refused = device("c").await;
    assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|wait| wait >= 1)));
    assert_eq!(refused.expect(StatusCode::TOO_MANY_REQUESTS), json!({"error": "Too Many Requests"}));
    device("a").await.expect(StatusCode::OK);
    let guess = || post("/login", json!({"email": "ann", "password": "a guess"})).from("203.0.113.7").send();
    for status in [401, 401, 429] {
        assert_eq!(guess().await.status.as_u16(), status);
    }
}
