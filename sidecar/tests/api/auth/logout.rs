//! `POST /auth/logout`.

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn a_logout_ends_its_own_log_in_alone() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let elsewhere = app.login("ann").await;
    app.post("/auth/logout", json!({})).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);

    app.get("/characters").bearer(&user.access).send().await.problem(401, "UNAUTHORIZED");
    let refresh = app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await;
    refresh.problem(401, "INVALID_REFRESH_TOKEN");
    assert_eq!(app.list(&elsewhere).await, json!([]));
    app.post("/auth/refresh", json!({"refresh_token": elsewhere.refresh})).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_logout_needs_a_token() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let logout = || app.post("/auth/logout", json!({}));
    for call in [logout(), logout().bearer("a.b.c"), logout().bearer(&user.refresh)] {
        call.send().await.problem(401, "UNAUTHORIZED");
    }
    assert_eq!(app.list(&user).await, json!([]), "nobody is logged out");
}
