//! `POST /auth/login`.

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn the_right_password_logs_in() {
    let app = TestApp::start().await;
    let registered = app.register("Ann").await;
    let user = app.login("ann").await;
    assert_eq!(user.id, registered.id);
    assert_ne!(user.refresh, registered.refresh);
    app.get("/characters").bearer(&user.access).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn wrong_and_unknown_are_the_same() {
    let app = TestApp::start().await;
    app.register("ann").await;
    let wrong = app.try_login("ann", "not her password").send().await.problem(401, "INVALID_CREDENTIALS");
    let unknown = app.try_login("bob", "not her password").send().await.problem(401, "INVALID_CREDENTIALS");
    assert_eq!(wrong, unknown, "nothing tells which");
}

#[tokio::test]
async fn empty_fields_are_named() {
    let app = TestApp::start().await;
    let problem = app.post("/auth/login", json!({})).send().await.problem(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"].as_object().unwrap().len(), 2, "{problem}");
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let app = TestApp::start_with(|settings| settings.password_queue = 1).await;
    app.register("ann").await;
    let _busy = app.state().passwords.turn().await.unwrap();
    let _waits = tokio::spawn(app.try_login("ann", "x").send());
    // The spawned one takes the only place in the queue as soon as it is polled.
    let answer = loop {
        tokio::task::yield_now().await;
        let answer = tokio::time::timeout(std::time::Duration::from_millis(50), app.try_login("ann", "x").send()).await;
        if let Ok(answer) = answer {
            break answer;
        }
    };
    answer.problem(503, "OVERLOADED");
    assert!(answer.header("retry-after").is_some());
}
