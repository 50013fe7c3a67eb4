//! `POST /auth/register`.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::testing::{PASSWORD, TestApp};

#[tokio::test]
async fn a_new_account_is_logged_in() {
    let app = TestApp::start().await;
    let body = json!({"username": "ann", "password": PASSWORD});
    let tokens = app.post("/auth/register", body).send().await.expect(StatusCode::CREATED);
    for name in ["access_token", "user_id", "refresh_token"] {
        assert!(tokens[name].is_string(), "{name} is a string");
    }
    assert_eq!(tokens["expires_in"], 900);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.get("/characters").bearer(access).send().await.expect(StatusCode::OK), json!([]));
    let refresh = app.post("/auth/refresh", json!({"refresh_token": tokens["refresh_token"]})).send().await;
    assert_eq!(refresh.expect(StatusCode::OK)["user_id"], tokens["user_id"]);
    assert_eq!(tokens["user_id"], app.login("ann").await.id, "the account is there for the next time");
}

#[tokio::test]
async fn the_access_token_says_what_the_contract_says() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let part = |token: &str, at: usize| {
        let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    assert_eq!(part(&user.access, 0), json!({"typ": "JWT", "alg": "HS256", "kid": "k0"}));
    let claims = part(&user.access, 1);
    let now_s = app.state().clock.now_ms() / 1_000;
    let log_in = app.state().tokens.authenticate(&user.access).await.unwrap().session.to_string();
    let jti = claims["jti"].as_str().expect("an id of the token");
    let said = json!({"userId": user.id, "iat": now_s, "exp": now_s + 900, "jti": jti, "sid": log_in, "ver": 0});
    assert_eq!(claims, said);
    assert_ne!(part(&app.login("ann").await.access, 1)["jti"], jti, "every token has its own");
}

#[tokio::test]
async fn a_name_is_taken_in_any_case() {
    let app = TestApp::start().await;
    let user = app.register("Ann").await;
    for name in ["ann", "ANN", "Ann"] {
        let body = json!({"username": name, "password": "a password of another"});
        app.post("/auth/register", body).send().await.problem(409, "USERNAME_TAKEN");
    }
    app.try_login("ann", "a password of another").send().await.problem(401, "INVALID_CREDENTIALS");
    assert_eq!(app.login("ann").await.id, user.id);
}

#[tokio::test]
async fn of_two_at_once_one_gets_the_name() {
    let app = TestApp::start().await;
    let body = json!({"username": "ann", "password": PASSWORD});
    let (one, other) =
        tokio::join!(app.post("/auth/register", body.clone()).send(), app.post("/auth/register", body).send());
    let (won, lost) = if one.status == StatusCode::CREATED { (one, other) } else { (other, one) };
    lost.problem(409, "USERNAME_TAKEN");
    assert_eq!(won.expect(StatusCode::CREATED)["user_id"], app.login("ann").await.id);
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let app = TestApp::start().await;
    for (body, wrong) in [
        (json!({"username": "a b", "password": "short"}), &["password", "username"][..]),
        (json!({"username": "ann"}), &["password"]),
        (json!({"password": PASSWORD}), &["username"]),
        (json!({"username": 3, "password": PASSWORD}), &["username"]),
    ] {
        assert_eq!(app.post("/auth/register", body.clone()).send().await.wrong_fields(), wrong, "{body}");
    }
}
