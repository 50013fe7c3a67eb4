//! Requests that are refused before any rule is checked.

use axum::http::Method;
use serde_json::json;

use crate::testing::TestApp;

/// The largest body that is taken, in bytes.
const LARGEST: usize = 16 * 1_024;

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let app = TestApp::start().await;
    app.get("/nowhere").send().await.problem(404, "NOT_FOUND");
    app.call(Method::PUT, "/characters").send().await.problem(405, "METHOD_NOT_ALLOWED");
    app.get_internal("/auth/login").send().await.problem(404, "NOT_FOUND");
    app.get_gateway("/auth/login").send().await.problem(404, "NOT_FOUND");
    app.call_on(true, Method::PUT, "/map-registry/servers").send().await.problem(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn bodies_are_json_and_small() {
    let app = TestApp::start().await;
    let login = || app.call(Method::POST, "/auth/login");
    // Spaces behind it are a part of the body.
    let body = |bytes: usize| format!("{:<bytes$}", json!({"username": "ann", "password": "x"}).to_string());
    login().send().await.problem(415, "UNSUPPORTED_MEDIA_TYPE");
    login().body("text/plain", body(0)).send().await.problem(415, "UNSUPPORTED_MEDIA_TYPE");
    login().body("application/json", "{").send().await.problem(400, "BAD_REQUEST");
    login().body("application/json", "[]").send().await.problem(422, "VALIDATION_FAILED");
    login().body("application/json", body(LARGEST)).send().await.problem(401, "INVALID_CREDENTIALS");
    login().body("application/json", body(LARGEST + 1)).send().await.problem(413, "PAYLOAD_TOO_LARGE");
}
