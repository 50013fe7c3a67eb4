//! `POST /auth/login`.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::{PASSWORD, TestApp};

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
    let user = app.register("ann").await;
    let _busy = app.state().passwords.turn().await.unwrap();
    let _waits = tokio::spawn(app.try_login("ann", "x").send());
    // The spawned one takes the only place in the queue as soon as it is polled.
    let answer = loop {
        tokio::task::yield_now().await;
        let answer = tokio::time::timeout(Duration::from_millis(50), app.try_login("ann", "x").send()).await;
        if let Ok(answer) = answer {
            break answer;
        }
    };
    answer.problem(503, "OVERLOADED");
    assert!(answer.header("retry-after").is_some());
    let registering = app.post("/auth/register", json!({"username": "bob", "password": PASSWORD})).send().await;
    registering.problem(503, "OVERLOADED");

    // Who is in already notices nothing of the flood.
    app.get("/characters").bearer(&user.access).send().await.expect(StatusCode::OK);
    app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await.expect(StatusCode::OK);
    app.post("/auth/logout", json!({})).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_unknown_user_takes_as_long_as_a_wrong_password() {
    let app = TestApp::start_with(|settings| settings.failed_logins_per_min = 1_000).await;
    app.register("ann").await;
    // The quickest of some, in turns: what else the machine does only ever makes one slower.
    let (mut wrong, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..12 {
        for (user, quickest) in [("ann", &mut wrong), ("nobody", &mut unknown)] {
            let began = tokio::time::Instant::now();
            app.try_login(user, "not her password").send().await.problem(401, "INVALID_CREDENTIALS");
            *quickest = began.elapsed().min(*quickest);
        }
    }
    // Without a hash it would be hundreds of times quicker; a busy machine is not that uneven.
    assert!(unknown > wrong / 8 && wrong > unknown / 8, "{wrong:?} and {unknown:?}");
}

#[tokio::test]
async fn a_hash_of_another_program_is_taken_and_renewed() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let stored = async || app.state().store.accounts.find_password("ann").await.unwrap().unwrap().password_hash;
    let ours = stored().await;
    let theirs = bcrypt::hash(PASSWORD, 4).unwrap();
    app.state().store.accounts.renew_password("ann", &ours, &theirs).await.unwrap();
    assert_eq!(stored().await, theirs);

    app.try_login("ann", "not her password").send().await.problem(401, "INVALID_CREDENTIALS");
    assert_eq!(stored().await, theirs, "only the right password can be hashed anew");
    assert_eq!(app.login("ann").await.id, user.id);
    assert!(stored().await.starts_with("$argon2id$"));
    app.login("ann").await;

    app.state().store.accounts.renew_password("ann", "another hash", &theirs).await.unwrap();
    assert!(stored().await.starts_with("$argon2id$"), "what has been changed meanwhile stays");
}
