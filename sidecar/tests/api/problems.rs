//! Requests that are refused before any rule is checked.

use axum::http::Method;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let app = TestApp::start().await;
    app.get("/nowhere").send().await.problem(404, "NOT_FOUND");
    app.call(Method::PUT, "/characters").send().await.problem(405, "METHOD_NOT_ALLOWED");
    app.get_internal("/auth/login").send().await.problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn bodies_are_json_and_small() {
    let app = TestApp::start().await;
    let login = || app.call(Method::POST, "/auth/login");
    login().body("text/plain", "{}").send().await.problem(415, "UNSUPPORTED_MEDIA_TYPE");
    login().body("application/json", "{").send().await.problem(400, "BAD_REQUEST");
    login().body("application/json", "[]").send().await.problem(422, "VALIDATION_FAILED");
    let large = json!({"username": "x".repeat(17 * 1024), "password": "x"});
    login().json(large).send().await.problem(413, "PAYLOAD_TOO_LARGE");
}
