//! `DELETE /characters/{id}`.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::testing::TestApp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A sidecar where log-ins last longer than deletions take.
async fn app() -> TestApp {
    TestApp::start_with(|settings| settings.access_token_seconds = 7 * 24 * 60 * 60).await
}

#[tokio::test]
async fn a_deleted_character_is_listed_until_it_is_gone_and_its_name_free() {
    let app = app().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    let path = format!("/characters/{zoe}");
    app.delete(&path).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);
    let list = async || app.get("/characters").bearer(&user.access).send().await.json();
    let deletes_at = list().await[0]["deletes_at_ms"].as_u64().expect("it is to be deleted");
    assert_eq!(deletes_at, app.state().clock.now_ms() + DAY.as_millis() as u64);
    let body = json!({"name": "Zoe", "class_id": "mage"});
    app.post("/characters", body).bearer(&user.access).send().await.problem(409, "NAME_TAKEN");

    app.advance(DAY / 2);
    app.delete(&path).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);
    assert_eq!(list().await[0]["deletes_at_ms"], deletes_at, "asking again puts nothing off");
    app.advance(DAY / 2 - Duration::from_secs(1));
    app.delete_due_characters().await;
    assert_eq!(list().await[0]["id"], zoe.as_str(), "its time has not come");
    app.advance(Duration::from_secs(1));
    app.delete_due_characters().await;
    assert_eq!(list().await, json!([]));
    app.delete(&path).bearer(&user.access).send().await.problem(404, "CHARACTER_NOT_FOUND");
    app.character(&user, "Zoe").await;
}

#[tokio::test]
async fn one_that_is_to_be_deleted_keeps_its_place() {
    let app = app().await;
    let user = app.register("ann").await;
    for letter in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        let made = app.character(&user, &format!("Zoe {letter}")).await;
        app.delete(&format!("/characters/{made}")).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);
    }
    let body = json!({"name": "Zoe X", "class_id": "mage"});
    app.post("/characters", body).bearer(&user.access).send().await.problem(409, "TOO_MANY_CHARACTERS");
}

#[tokio::test]
async fn without_a_grace_it_is_gone_at_once() {
    let app = TestApp::start_with(|settings| settings.characters.character_deletion_grace_h = 0).await;
    let user = app.register("ann").await;
    let path = format!("/characters/{}", app.character(&user, "Zoe").await);
    app.delete(&path).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);
    assert_eq!(app.get("/characters").bearer(&user.access).send().await.json(), json!([]));
    app.delete(&path).bearer(&user.access).send().await.problem(404, "CHARACTER_NOT_FOUND");
    app.character(&user, "Zoe").await;
}

#[tokio::test]
async fn only_its_owner_may() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    let zoe = app.character(&ann, "Zoe").await;
    app.delete(&format!("/characters/{zoe}")).bearer(&bob.access).send().await.problem(403, "FORBIDDEN");
    app.delete(&format!("/characters/{zoe}")).send().await.problem(401, "UNAUTHORIZED");
    for unknown in ["018f0000-0000-7000-8000-000000000001", "nonsense"] {
        let answer = app.delete(&format!("/characters/{unknown}")).bearer(&ann.access).send().await;
        answer.problem(404, "CHARACTER_NOT_FOUND");
    }
    assert_eq!(app.list(&ann).await[0]["deletes_at_ms"], Value::Null, "nobody has deleted it");
    app.delete(&format!("/characters/{zoe}")).bearer(&ann.access).send().await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn not_while_it_is_in_the_world() {
    // To be deleted later, or at once.
    for hours in [24, 0] {
        let app = TestApp::start_with(|settings| settings.characters.character_deletion_grace_h = hours).await;
        let user = app.register("ann").await;
        let zoe = app.character(&user, "Zoe").await;
        app.lock(&zoe).await;
        app.delete(&format!("/characters/{zoe}")).bearer(&user.access).send().await.problem(409, "CHARACTER_IN_WORLD");
        let listed = app.list(&user).await;
        assert_eq!((&listed[0]["id"], &listed[0]["deletes_at_ms"]), (&json!(zoe), &Value::Null), "{hours} h");
    }
}
