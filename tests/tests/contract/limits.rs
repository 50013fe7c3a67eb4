//! How often somebody may ask.

use std::time::Duration;

use realmgate_tests::account::fresh_name;
use realmgate_tests::{Account, Answer, Api, Gateway};
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::backend::{Backend, on_every_backend};
use crate::servers::sidecar;
use crate::sidecars::Sidecars;

on_every_backend!(
    ten_failed_log_ins_a_minute_are_enough_for_an_address,
    an_account_under_attack_from_everywhere_is_open_to_its_owner,
    registrations_have_a_rate_by_address,
    ten_registrations_a_minute_from_one_address_are_allowed_by_default,
    other_calls_have_a_rate_by_user,
    two_hundred_and_forty_calls_a_minute_are_allowed_by_default,
    sixty_gateway_messages_in_ten_seconds_are_enough,
);

/// The seconds after which it may be tried again.
#[track_caller]
fn assert_limited(answer: &Answer) -> u64 {
    answer.problem(429, "RATE_LIMITED");
    let seconds = answer.header("retry-after").and_then(|text| text.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| (1..=60).contains(&seconds)), "Retry-After: {seconds:?}");
    seconds.unwrap_or_default()
}

/// A wait of these seconds, told just now, ends `whole` seconds after what happened first, which was after `began`.
/// However slow this machine is, the wait and what has passed until now are no less together.
#[track_caller]
fn assert_ends(seconds: u64, whole: u64, began: Instant) {
    let together = Duration::from_secs(seconds) + began.elapsed();
    let is_whole = seconds <= whole && together >= Duration::from_secs(whole);
    assert!(is_whole, "{seconds} s more, {together:?} in all, and not {whole} s");
}

async fn fail(api: &Api, username: &str) -> Answer {
    api.post("/auth/login", json!({"username": username, "password": "wrong password"})).await
}

async fn ten_failed_log_ins_a_minute_are_enough_for_an_address(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let here = sidecar.api().from_source([127, 0, 0, 31].into());
    let account = Account::register(&here).await;
    let began = Instant::now();
    for _ in 0..10 {
        fail(&here, &account.username).await.problem(401, "INVALID_CREDENTIALS");
    }
    assert_ends(assert_limited(&fail(&here, &account.username).await), 60, began);
    assert_limited(&fail(&here, "somebody-else").await);
    assert_limited(&here.post("/auth/login", account.credentials()).await);
    let elsewhere = sidecar.api().from_source([127, 0, 0, 32].into());
    elsewhere.post("/auth/login", account.credentials()).await.json(200);
}

async fn an_account_under_attack_from_everywhere_is_open_to_its_owner(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("FAILED_LOGINS_PER_MIN", "3")]).await;
    let account = Account::register(&sidecar.api()).await;
    let from = |last: u8| sidecar.api().from_source([127, 0, 0, last].into());
    for last in 41..44 {
        fail(&from(last), &account.username).await.problem(401, "INVALID_CREDENTIALS");
    }
    assert_limited(&fail(&from(41), &account.username).await);
    from(44).post("/auth/login", account.credentials()).await.json(200);
}

async fn registrations_have_a_rate_by_address(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("LOOPBACK_REGISTRATIONS_PER_MIN", "2")]).await;
    let here = sidecar.api();
    let register = async |api: &Api| {
        api.post("/auth/register", json!({"username": fresh_name("many"), "password": "long enough"})).await
    };
    register(&here).await.json(201);
    register(&here).await.json(201);
    assert_limited(&register(&here).await);
    register(&here.from_source([127, 0, 0, 51].into())).await.json(201);
}

async fn ten_registrations_a_minute_from_one_address_are_allowed_by_default(backend: Backend) {
    // This machine may register more often than others, so the address is one that a proxy tells.
    let sidecar = Sidecars::start(backend, &[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let api = sidecar.api();
    let register = async |source: &str| {
        let body = json!({"username": fresh_name("many"), "password": "long enough"});
        let request = api.request(Method::POST, "/auth/register").header("x-forwarded-for", source);
        api.send(request.json(&body)).await
    };
    let began = Instant::now();
    let mut made = 0;
    // One of ten comes back each tenth of a minute, which a busy machine needs for some of them.
    let refused = loop {
        let answer = register("203.0.113.7").await;
        if answer.status != 201 {
            break answer;
        }
        made += 1;
        assert!(made <= 10 + began.elapsed().as_secs() / 6, "{made} in {:?}", began.elapsed());
    };
    assert!(made >= 10, "{made}");
    assert_ends(assert_limited(&refused), 6, began);
    register("203.0.113.8").await.json(201);
}

async fn other_calls_have_a_rate_by_user(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("CALLS_PER_MIN", "5")]).await;
    let (ann, bob) = (Account::register(&sidecar.api()).await, Account::register(&sidecar.api()).await);
    let (ann, bob) = (ann.calls(&sidecar.api()), bob.calls(&sidecar.api()));
    for _ in 0..5 {
        ann.get("/characters").await.json(200);
    }
    assert_limited(&ann.get("/characters").await);
    bob.get("/characters").await.json(200);
}

async fn two_hundred_and_forty_calls_a_minute_are_allowed_by_default(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    let api = Account::register(&api).await.calls(&api);
    let began = Instant::now();
    for call in 0..240 {
        assert_eq!(api.get("/characters").await.status, 200, "call {call}");
    }
    let (mut allowed, mut refused) = (240, None);
    while refused.is_none() && allowed < 480 {
        let answer = api.get("/characters").await;
        allowed += u64::from(answer.status == 200);
        refused = Some(answer).filter(|answer| answer.status != 200);
    }
    assert_limited(&refused.expect("one of the next 240 calls is refused"));
    // The allowance comes back at four a second, however long the calls have taken.
    let most = 240 + 4 * (began.elapsed().as_secs() + 1);
    assert!(allowed <= most, "{allowed} calls were allowed, and {most} may be");
}

async fn sixty_gateway_messages_in_ten_seconds_are_enough(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let mut gateway = Gateway::open(sidecar.gateway(), &account.access_token).await;
    let began = Instant::now();
    for _ in 0..60 {
        gateway.say(&json!({"event": "dance"})).await;
        gateway.expect_error("BAD_MESSAGE").await;
    }
    gateway.say(&json!({"event": "dance"})).await;
    gateway.expect_error("RATE_LIMITED").await;
    gateway.say(&json!({"event": "dance"})).await;
    let refused = gateway.expect("error").await;
    assert_eq!(refused["code"], "RATE_LIMITED");
    assert_ends(refused["retry_after"].as_u64().expect("how long to wait"), 10, began);
    gateway.close().await;
}
