//! `POST /auth/register`.

use axum::http::StatusCode;
use serde_json::json;

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
}

#[tokio::test]
async fn the_access_token_says_what_the_contract_says() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let part = |at: usize| {
        use base64::Engine;
        let text = user.access.split('.').nth(at).unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
    };
    let (header, claims) = (part(0), part(1));
    assert_eq!(header["alg"], "HS256");
    assert!(header["kid"].is_string());
    assert_eq!(claims["userId"], user.id);
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 900);
    assert!(claims["jti"].is_string() && claims["sid"].is_string());
}

#[tokio::test]
async fn a_name_is_taken_in_any_case() {
    let app = TestApp::start().await;
    app.register("ann").await;
    let body = json!({"username": "ANN", "password": PASSWORD});
    app.post("/auth/register", body).send().await.problem(409, "USERNAME_TAKEN");
}

#[tokio::test]
async fn of_two_at_once_one_gets_the_name() {
    let app = TestApp::start().await;
    let body = json!({"username": "ann", "password": PASSWORD});
    let (one, other) =
        tokio::join!(app.post("/auth/register", body.clone()).send(), app.post("/auth/register", body).send());
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let app = TestApp::start().await;
    let problem = app
        .post("/auth/register", json!({"username": "a b", "password": "short"}))
        .send()
        .await
        .problem(422, "VALIDATION_FAILED");
    assert!(problem["errors"]["username"][0].is_string(), "{problem}");
    assert!(problem["errors"]["password"][0].is_string(), "{problem}");

    let problem = app.post("/auth/register", json!({"username": "ann"})).send().await.problem(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"].as_object().unwrap().len(), 1, "a missing field is wrong too: {problem}");

    let problem = app
        .post("/auth/register", json!({"username": 3, "password": PASSWORD}))
        .send()
        .await
        .problem(422, "VALIDATION_FAILED");
    assert!(problem["errors"]["username"][0].is_string(), "{problem}");
}
