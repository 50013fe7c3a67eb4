//! `POST /auth/refresh`.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::rows::rows;
use crate::testing::{Answer, TestApp};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);
const SECOND: Duration = Duration::from_secs(1);

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.post("/auth/refresh", json!({"refresh_token": token})).send().await
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refresh_token_buys_a_new_pair() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    app.advance(Duration::from_secs(14 * 60));
    let next = refresh(&app, &user.refresh).await.expect(StatusCode::OK);
    assert_eq!(next["user_id"], user.id);
    assert_eq!(next["expires_in"], 900);
    assert_ne!(text(&next, "refresh_token"), user.refresh);
    app.advance(Duration::from_secs(2 * 60));
    app.get("/characters").bearer(&user.access).send().await.problem(401, "UNAUTHORIZED");
    app.get("/characters").bearer(&text(&next, "access_token")).send().await.expect(StatusCode::OK);
    refresh(&app, &text(&next, "refresh_token")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_token_whose_answer_was_lost_gives_the_same_next_one_for_thirty_seconds() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let both = tokio::join!(refresh(&app, &user.refresh), refresh(&app, &user.refresh));
    let next = both.0.expect(StatusCode::OK);
    assert_eq!(text(&next, "refresh_token"), text(&both.1.expect(StatusCode::OK), "refresh_token"));
    app.advance(29 * SECOND);
    let again = refresh(&app, &user.refresh).await.expect(StatusCode::OK);
    assert_eq!(text(&again, "refresh_token"), text(&next, "refresh_token"));
    // Every access token is good, and the next refresh token is.
    for tokens in [&next, &again] {
        app.get("/characters").bearer(&text(tokens, "access_token")).send().await.expect(StatusCode::OK);
    }
    refresh(&app, &text(&next, "refresh_token")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_comes_back_after_its_successor_was_used_kills_its_family() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let next = refresh(&app, &user.refresh).await.expect(StatusCode::OK);
    let last = refresh(&app, &text(&next, "refresh_token")).await.expect(StatusCode::OK);
    refresh(&app, &user.refresh).await.problem(401, "INVALID_REFRESH_TOKEN");
    refresh(&app, &text(&last, "refresh_token")).await.problem(401, "INVALID_REFRESH_TOKEN");
    app.get("/characters").bearer(&text(&last, "access_token")).send().await.problem(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_used_token_kills_its_family() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let elsewhere = app.login("ann").await;
    let next = refresh(&app, &user.refresh).await.expect(StatusCode::OK);

    app.advance(30 * SECOND);
    refresh(&app, &user.refresh).await.problem(401, "INVALID_REFRESH_TOKEN");
    refresh(&app, &text(&next, "refresh_token")).await.problem(401, "INVALID_REFRESH_TOKEN");
    app.get("/characters").bearer(&text(&next, "access_token")).send().await.problem(401, "UNAUTHORIZED");
    refresh(&app, &elsewhere.refresh).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn tokens_end_in_time() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    app.advance(QUARTER_HOUR - SECOND);
    assert_eq!(app.list(&user).await, json!([]));
    app.advance(SECOND);
    app.get("/characters").bearer(&user.access).send().await.problem(401, "UNAUTHORIZED");
    app.advance(30 * DAY - QUARTER_HOUR - SECOND);
    let next = refresh(&app, &user.refresh).await.expect(StatusCode::OK);
    app.advance(30 * DAY);
    refresh(&app, &text(&next, "refresh_token")).await.problem(401, "INVALID_REFRESH_TOKEN");
}

#[tokio::test]
async fn garbage_is_refused() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    for unknown in ["garbage", "not.a.token", &"x".repeat(256)] {
        refresh(&app, unknown).await.problem(401, "INVALID_REFRESH_TOKEN");
    }
    for no_token in ["", &"x".repeat(257)] {
        assert_eq!(refresh(&app, no_token).await.wrong_fields(), ["refresh_token"]);
    }
    refresh(&app, &user.refresh).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn what_expired_is_forgotten() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let sweep = async || app.state().store.sessions.sweep(app.state().clock.now_ms()).await.unwrap();
    assert_eq!(sweep().await, 0);
    refresh(&app, &user.refresh).await.expect(StatusCode::OK);
    app.advance(30 * DAY - SECOND);
    assert_eq!(sweep().await, 0);
    let living = app.login("ann").await;
    app.advance(SECOND);
    assert_eq!(sweep().await, 1, "a used one is not kept");
    assert_eq!((rows(&app, "sessions").await, rows(&app, "refresh_tokens").await), (1, 1), "the living one is left");
    refresh(&app, &living.refresh).await.expect(StatusCode::OK);
}
