//! `PATCH /characters/{id}`.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::testing::{Answer, TestApp, User};

async fn patch(app: &TestApp, user: &User, id: &str, body: Value) -> Answer {
    app.call(Method::PATCH, &format!("/characters/{id}")).json(body).bearer(&user.access).send().await
}

#[tokio::test]
async fn a_character_is_renamed_by_the_rules_of_names_and_not_too_often() {
    let app = TestApp::start_with(|settings| settings.access_token_seconds = 7 * 24 * 60 * 60).await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    app.character(&user, "Iris").await;
    patch(&app, &user, &zoe, json!({"name": "lris"})).await.problem(409, "NAME_TAKEN");
    patch(&app, &user, &zoe, json!({"name": "IRIS"})).await.problem(409, "NAME_TAKEN");
    patch(&app, &user, &zoe, json!({"name": "Zoe\u{200b}"})).await.problem(422, "VALIDATION_FAILED");
    let renamed = patch(&app, &user, &zoe, json!({"name": "Zora"})).await.expect(StatusCode::OK);
    assert_eq!((&renamed["name"], &renamed["id"]), (&json!("Zora"), &json!(zoe)));
    app.character(&user, "Zoe").await;

    let refused = patch(&app, &user, &zoe, json!({"name": "Zita"})).await;
    refused.problem(429, "RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), Some("86401"));
    patch(&app, &user, &zoe, json!({"name": "Zora"})).await.expect(StatusCode::OK);
    app.advance(Duration::from_secs(86_400));
    patch(&app, &user, &zoe, json!({"name": "zora"})).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_appearance_takes_the_place_of_the_one_before() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    let list = async || app.get("/characters").bearer(&user.access).send().await.json()[0]["appearance"].clone();
    assert_eq!(list().await, json!({}));
    let first =
        patch(&app, &user, &zoe, json!({"appearance": {"hair": "red", "skin": 3}})).await.expect(StatusCode::OK);
    assert_eq!(first["appearance"], json!({"hair": "red", "skin": 3}));
    patch(&app, &user, &zoe, json!({"appearance": {"hair": "white"}})).await.expect(StatusCode::OK);
    assert_eq!(list().await, json!({"hair": "white"}));
    patch(&app, &user, &zoe, json!({"appearance": null, "name": null})).await.expect(StatusCode::OK);
    assert_eq!(list().await, json!({"hair": "white"}), "what is not given stays");
    for bad in [json!([]), json!({"a": {"b": 1}}), json!({"a": "x".repeat(300)}), json!({"a": "\u{202e}"})] {
        patch(&app, &user, &zoe, json!({"appearance": bad})).await.problem(422, "VALIDATION_FAILED");
    }
    patch(&app, &user, &zoe, json!({"appearance": {}})).await.expect(StatusCode::OK);
    assert_eq!(list().await, json!({}));
}

#[tokio::test]
async fn only_ones_own_out_of_the_world_and_not_to_be_deleted() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    let zoe = app.character(&ann, "Zoe").await;
    let body = json!({"name": "Zora"});
    patch(&app, &bob, &zoe, body.clone()).await.problem(403, "FORBIDDEN");
    app.delete(&format!("/characters/{zoe}")).bearer(&ann.access).send().await.expect(StatusCode::NO_CONTENT);
    patch(&app, &ann, &zoe, body.clone()).await.problem(409, "CHARACTER_DELETED");
    app.post(&format!("/characters/{zoe}/restore"), json!({})).bearer(&ann.access).send().await.expect(StatusCode::OK);
    app.lock(&zoe).await;
    patch(&app, &ann, &zoe, body).await.problem(409, "CHARACTER_IN_WORLD");
}
