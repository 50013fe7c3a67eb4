//! `DELETE /characters/{id}`.

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn a_deleted_character_is_gone_and_its_name_free() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    let path = format!("/characters/{zoe}");
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
    app.delete("/characters/nonsense").bearer(&ann.access).send().await.problem(404, "CHARACTER_NOT_FOUND");
}

#[tokio::test]
async fn not_while_it_is_in_the_world() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    app.lock(&zoe).await;
    app.delete(&format!("/characters/{zoe}")).bearer(&user.access).send().await.problem(409, "CHARACTER_IN_WORLD");
}
