//! `GET /watch` and `POST /watch`. What a map server answers is tested with the locks: `sidecar/src/service/world/tests/watch.rs`.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

const GUESSER: &str = "203.0.113.9";
const OPERATOR: &str = "198.51.100.1";

#[tokio::test]
async fn nothing_is_told_without_the_service_token() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    for token in [None, Some("a guess"), Some(&*user.access)] {
        for call in [app.get("/watch"), app.post("/watch", json!({"map_id": 1}))] {
            let call = call.from(GUESSER);
            let call = if let Some(token) = token { call.bearer(token) } else { call };
            let answer = call.send().await;
            answer.problem(401, "SERVICE_TOKEN_REQUIRED");
        }
    }
    let token = app.service_token().to_owned();
    let listed = app.get("/watch").bearer(&token).from(OPERATOR).send().await.expect(StatusCode::OK);
    assert_eq!(listed, json!([]), "nothing is hosted");
}

#[tokio::test]
async fn who_guesses_is_stopped_and_the_operator_is_not() {
    let app = TestApp::start_with(|settings| settings.failed_logins_per_min = 3).await;
    let token = app.service_token().to_owned();
    for _ in 0..3 {
        app.get("/watch").bearer("a guess").from(GUESSER).send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
    }
    for guess in ["another guess", &token] {
        let answer = app.get("/watch").bearer(guess).from(GUESSER).send().await;
        answer.problem(429, "RATE_LIMITED");
        assert!(answer.header("retry-after").is_some(), "even the right token is not looked at");
    }
    for _ in 0..4 {
        app.get("/watch").bearer(&token).from(OPERATOR).send().await.expect(StatusCode::OK);
    }
    app.advance(Duration::from_secs(61));
    app.get("/watch").bearer(&token).from(GUESSER).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn calls_are_counted_by_address() {
    let app = TestApp::start_with(|settings| settings.calls_per_min = 2).await;
    let token = app.service_token().to_owned();
    for _ in 0..2 {
        app.get("/watch").bearer(&token).from(OPERATOR).send().await.expect(StatusCode::OK);
    }
    app.get("/watch").bearer(&token).from(OPERATOR).send().await.problem(429, "RATE_LIMITED");
    app.get("/watch").bearer(&token).from(GUESSER).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn what_nobody_hosts_is_not_found_and_what_is_no_wish_is_refused() {
    let app = TestApp::start().await;
    let token = app.service_token().to_owned();
    for nowhere in [json!({"map_id": 1}), json!({"map_id": 1, "channel": 7}), json!({"map_id": 1, "server_id": "a b"})]
    {
        app.post("/watch", nowhere).bearer(&token).send().await.problem(404, "MAP_NOT_FOUND");
    }
    for wrong in [json!({}), json!({"map_id": "one"}), json!({"map_id": -1}), json!({"map_id": 1, "channel": "x"})] {
        app.post("/watch", wrong).bearer(&token).send().await.problem(422, "VALIDATION_FAILED");
    }
}
