//! `POST /characters/{id}/restore`.

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
async fn what_is_restored_stays() {
    let app = app().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    app.delete(&format!("/characters/{zoe}")).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);
    let path = format!("/characters/{zoe}/restore");
    for _ in 0..2 {
        let restored = app.post(&path, json!({})).bearer(&user.access).send().await.expect(StatusCode::OK);
        assert_eq!((&restored["name"], &restored["deletes_at_ms"]), (&json!("Zoe"), &Value::Null));
    }
    app.advance(2 * DAY);
    app.delete_due_characters().await;
    assert_eq!(app.get("/characters").bearer(&user.access).send().await.json()[0]["id"], zoe.as_str());
}

#[tokio::test]
async fn only_what_is_there_and_ones_own() {
    let app = app().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    let zoe = app.character(&ann, "Zoe").await;
    let path = format!("/characters/{zoe}/restore");
    app.delete(&format!("/characters/{zoe}")).bearer(&ann.access).send().await.expect(StatusCode::NO_CONTENT);
    app.post(&path, json!({})).bearer(&bob.access).send().await.problem(403, "FORBIDDEN");
    app.post(&path, json!({})).send().await.problem(401, "UNAUTHORIZED");
    assert!(app.list(&ann).await[0]["deletes_at_ms"].is_u64(), "it is still to be deleted");
    app.advance(DAY);
    app.delete_due_characters().await;
    app.post(&path, json!({})).bearer(&ann.access).send().await.problem(404, "CHARACTER_NOT_FOUND");
    assert_eq!(app.list(&ann).await, json!([]));
}
