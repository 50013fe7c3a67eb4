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

    for (after, wait) in [(0, "86401"), (86_399, "2")] {
        app.advance(Duration::from_secs(after));
        let refused = patch(&app, &user, &zoe, json!({"name": "Zita"})).await;
        refused.problem(429, "RATE_LIMITED");
        assert_eq!(refused.header("retry-after"), Some(wait));
        let same = patch(&app, &user, &zoe, json!({"name": "Zora"})).await.expect(StatusCode::OK);
        assert_eq!(same["name"], "Zora", "a name that it has already is no renaming");
    }
    app.advance(Duration::from_secs(1));
    patch(&app, &user, &zoe, json!({"name": "zora"})).await.expect(StatusCode::OK);
    assert_eq!(app.list(&user).await[0]["name"], "zora");
}

#[tokio::test]
async fn an_appearance_takes_the_place_of_the_one_before() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    let list = async || app.list(&user).await[0]["appearance"].clone();
    assert_eq!(list().await, json!({}));
    let first =
        patch(&app, &user, &zoe, json!({"appearance": {"hair": "red", "skin": 3}})).await.expect(StatusCode::OK);
    assert_eq!(first["appearance"], json!({"hair": "red", "skin": 3}));
    patch(&app, &user, &zoe, json!({"appearance": {"hair": "white"}})).await.expect(StatusCode::OK);
    assert_eq!(list().await, json!({"hair": "white"}));
    patch(&app, &user, &zoe, json!({"appearance": null, "name": null})).await.expect(StatusCode::OK);
    assert_eq!(list().await, json!({"hair": "white"}), "what is not given stays");
    for bad in [json!([]), json!({"a": {"b": 1}}), json!({"a": "x".repeat(300)}), json!({"a": "\u{202e}"})] {
        assert_eq!(patch(&app, &user, &zoe, json!({"appearance": bad})).await.wrong_fields(), ["appearance"]);
    }
    assert_eq!(list().await, json!({"hair": "white"}), "what is refused changes nothing");
    patch(&app, &user, &zoe, json!({"appearance": {}})).await.expect(StatusCode::OK);
    assert_eq!(list().await, json!({}));
}

#[tokio::test]
async fn only_ones_own_out_of_the_world_and_not_to_be_deleted() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    let zoe = app.character(&ann, "Zoe").await;
    let refused = async |user: &User, status: u16, code: &str| {
        for change in [json!({"name": "Zora"}), json!({"appearance": {"hair": "red"}})] {
            patch(&app, user, &zoe, change).await.problem(status, code);
        }
    };
    refused(&bob, 403, "FORBIDDEN").await;
    app.delete(&format!("/characters/{zoe}")).bearer(&ann.access).send().await.expect(StatusCode::NO_CONTENT);
    refused(&ann, 409, "CHARACTER_DELETED").await;
    app.post(&format!("/characters/{zoe}/restore"), json!({})).bearer(&ann.access).send().await.expect(StatusCode::OK);
    app.lock(&zoe).await;
    refused(&ann, 409, "CHARACTER_IN_WORLD").await;
    let kept = &app.list(&ann).await[0];
    assert_eq!((&kept["name"], &kept["appearance"]), (&json!("Zoe"), &json!({})));
}
