//! `POST /auth/login`.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU8;
use std::task::Poll;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use realmgate_platform::error::Error;
use serde_json::json;

use crate::testing::{PASSWORD, TestApp};

#[tokio::test]
async fn the_right_password_logs_in() {
    let app = TestApp::start().await;
    let registered = app.register("Ann").await;
    app.try_login("ann", &PASSWORD.to_uppercase()).send().await.problem(401, "INVALID_CREDENTIALS");
    let user = app.login("ann").await;
    assert_eq!(user.id, registered.id);
    assert_ne!(user.refresh, registered.refresh);
    assert_eq!(app.list(&user).await, json!([]));
    app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn wrong_and_unknown_are_the_same() {
    let app = TestApp::start_with(|settings| settings.failed_logins_per_min = 2).await;
    app.register("ann").await;
    for (status, code) in [(401, "INVALID_CREDENTIALS"), (401, "INVALID_CREDENTIALS"), (429, "RATE_LIMITED")] {
        let said = async |name: &str, from: &str| {
            let mut answer = app.try_login(name, "not her password").from(from).send().await;
            assert!(answer.headers.remove("x-request-id").is_some(), "each request has a name of its own");
            (answer.problem(status, code), answer.headers)
        };
        let (wrong, unknown) = (said("ann", "203.0.113.1").await, said("bob", "203.0.113.2").await);
        assert_eq!(wrong, unknown, "nothing tells which");
    }
}

#[tokio::test]
async fn empty_fields_are_named() {
    let app = TestApp::start().await;
    for (body, wrong) in [
        (json!({}), &["password", "username"][..]),
        (json!({"username": "", "password": ""}), &["password", "username"]),
        (json!({"username": "ann", "password": ""}), &["password"]),
        (json!({"password": "x"}), &["username"]),
    ] {
        assert_eq!(app.post("/auth/login", body.clone()).send().await.wrong_fields(), wrong, "{body}");
    }
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let app = TestApp::start_with(|settings| {
        settings.passwords.queue = 1;
        settings.passwords.threads = NonZeroU8::new(1);
    })
    .await;
    let user = app.register("ann").await;
    let here = IpAddr::from(Ipv4Addr::LOCALHOST).into();
    let _busy = app.state().passwords.turn(here, "somebody").await.unwrap();
    let mut waits = Box::pin(app.try_login("ann", "x").send());
    // Poll until the log-in is in the queue and has got as far as it can.
    while full(&app).await.is_none() {
        assert!(futures_util::poll!(&mut waits).is_pending());
        tokio::task::yield_now().await;
    }
    let registering = app.post("/auth/register", json!({"username": "bob", "password": PASSWORD}));
    for call in [app.try_login("bob", "x"), registering] {
        let refused = call.send().await;
        refused.problem(503, "OVERLOADED");
        assert_eq!(refused.header("retry-after"), Some("2"));
    }

    // Users who are logged in already notice nothing of the flood.
    app.get("/characters").bearer(&user.access).send().await.expect(StatusCode::OK);
    app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await.expect(StatusCode::OK);
    app.post("/auth/logout", json!({})).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn one_account_that_asks_too_often_at_once_is_told_so() {
    let app = TestApp::start_with(|settings| settings.passwords.threads = NonZeroU8::new(1)).await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    let here = IpAddr::from(Ipv4Addr::LOCALHOST).into();
    let busy = app.state().passwords.turn(here, "somebody").await.unwrap();
    let names = ["ann", "ann", "ann", "ann", "ann", "bob"];
    let mut asked: FuturesUnordered<_> = names.into_iter().map(|name| app.try_login(name, PASSWORD).send()).collect();
    for _ in 0..3 {
        let answer = asked.next().await.unwrap();
        answer.problem(429, "RATE_LIMITED");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    drop(busy);
    let mut let_in = Vec::new();
    while let Some(answer) = asked.next().await {
        let_in.push(answer.expect(StatusCode::OK)["user_id"].clone());
    }
    let times = |id: &str| let_in.iter().filter(|user| *user == id).count();
    assert_eq!((times(&ann.id), times(&bob.id)), (2, 1), "two of the one may wait, and whoever else");
}

#[tokio::test]
async fn who_goes_away_does_not_wait_any_more() {
    let app = TestApp::start_with(|settings| {
        settings.passwords.queue = 1;
        settings.passwords.threads = NonZeroU8::new(1);
    })
    .await;
    let here = IpAddr::from(Ipv4Addr::LOCALHOST).into();
    let busy = app.state().passwords.turn(here, "somebody").await.unwrap();
    let mut waits = Box::pin(app.try_login("ann", "x").send());
    while full(&app).await.is_none() {
        assert!(futures_util::poll!(&mut waits).is_pending());
        tokio::task::yield_now().await;
    }
    drop(waits);
    assert!(full(&app).await.is_none(), "its place is free");
    drop(busy);
}

/// The refusal if there is no place in the queue.
async fn full(app: &TestApp) -> Option<Error> {
    let here = IpAddr::from(Ipv4Addr::LOCALHOST).into();
    let mut turn = Box::pin(app.state().passwords.turn(here, "somebody else"));
    match futures_util::poll!(&mut turn) {
        Poll::Ready(turn) => turn.err(),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn an_unknown_user_costs_a_password_hash_as_a_wrong_password_does() {
    let app = TestApp::start_with(|settings| settings.failed_logins_per_min = 1_000).await;
    app.register("ann").await;
    // The quickest of several, in turns: other load on the machine only ever makes one slower.
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
