//! Rate limits: 429 with `Retry-After`.

use std::time::Duration;

use axum::http::StatusCode;
use realmgate_sidecar::config::Settings;
use serde_json::json;

use crate::testing::{Answer, PASSWORD, TestApp};

/// Checks that an answer is a refusal, for this many seconds.
#[track_caller]
fn assert_limited(answer: &Answer, seconds: u32) {
    answer.problem(429, "RATE_LIMITED");
    assert_eq!(answer.header("retry-after"), Some(&*seconds.to_string()));
}

#[tokio::test]
async fn failed_log_ins_stop_a_source_but_not_the_owner_elsewhere() {
    let app = TestApp::start().await;
    app.register("ann").await;
    app.register("bob").await;
    for _ in 0..10 {
        app.try_login("ann", "a wrong guess").from("203.0.113.9").send().await.problem(401, "INVALID_CREDENTIALS");
    }
    assert_limited(&app.try_login("ann", "a wrong guess").from("203.0.113.9").send().await, 61);
    for anybody in ["ann", "bob"] {
        assert_limited(&app.try_login(anybody, PASSWORD).from("203.0.113.9").send().await, 61);
    }
    app.try_login("ann", PASSWORD).from("198.51.100.1").send().await.expect(StatusCode::OK);
    app.advance(Duration::from_secs(59));
    assert_limited(&app.try_login("ann", PASSWORD).from("203.0.113.9").send().await, 2);
    app.advance(Duration::from_secs(1));
    app.try_login("ann", PASSWORD).from("203.0.113.9").send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn right_passwords_are_not_counted() {
    let app = TestApp::start_with(|settings| settings.failed_logins_per_min = 2).await;
    app.register("ann").await;
    for _ in 0..5 {
        app.login("ann").await;
    }
}

#[tokio::test]
async fn an_account_logs_in_so_many_times_a_minute() {
    let app = TestApp::start_with(|settings| settings.log_ins_per_min = 3).await;
    app.register("ann").await;
    app.register("bob").await;
    for _ in 0..3 {
        app.login("ann").await;
        app.try_login("bob", "a wrong guess").send().await.problem(401, "INVALID_CREDENTIALS");
    }
    assert_limited(&app.try_login("ann", PASSWORD).send().await, 61);
    app.login("bob").await;
    app.advance(Duration::from_secs(59));
    assert_limited(&app.try_login("Ann", PASSWORD).from("198.51.100.1").send().await, 2);
    app.advance(Duration::from_secs(1));
    app.login("ann").await;
}

#[tokio::test]
async fn log_ins_are_calls_of_their_address() {
    let app = TestApp::start_with(|settings| settings.calls_per_min = 3).await;
    app.register("ann").await;
    for _ in 0..3 {
        app.try_login("ann", PASSWORD).from("203.0.113.9").send().await.expect(StatusCode::OK);
    }
    assert_limited(&app.try_login("ann", PASSWORD).from("203.0.113.9").send().await, 21);
    assert_limited(&app.get("/character-classes").from("203.0.113.9").send().await, 21);
    app.try_login("ann", PASSWORD).from("198.51.100.1").send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn registrations_are_limited_by_address_and_generous_on_loopback() {
    let app = TestApp::start_with(|settings| settings.registrations_per_min = 2).await;
    let register = async |name: &str, from: &str| {
        app.post("/auth/register", json!({"username": name, "password": PASSWORD})).from(from).send().await
    };
    register("ann1", "203.0.113.9").await.expect(StatusCode::CREATED);
    register("ann2", "203.0.113.9").await.expect(StatusCode::CREATED);
    assert_limited(&register("ann3", "203.0.113.9").await, 31);
    register("ann3", "203.0.113.10").await.expect(StatusCode::CREATED);
    for name in ["bob1", "bob2", "bob3"] {
        register(name, "127.0.0.1").await.expect(StatusCode::CREATED);
    }
}

#[tokio::test]
async fn an_address_registers_ten_accounts_a_minute_and_this_machine_600() {
    let app = TestApp::start_with(|settings| {
        let shipped = Settings::with_defaults("nowhere".into());
        settings.registrations_per_min = shipped.registrations_per_min;
        settings.loopback_registrations_per_min = shipped.loopback_registrations_per_min;
    })
    .await;
    app.register("ann").await;
    // A name that is taken is counted, and costs no password hash.
    let register = async |from: &str| {
        let body = json!({"username": "ann", "password": PASSWORD});
        app.post("/auth/register", body).from(from).send().await
    };
    // One comes back every 6 s, or ten in a second.
    for (from, most, wait) in [("203.0.113.9", 10, 7), ("127.0.0.2", 600, 1)] {
        for _ in 0..most {
            register(from).await.problem(409, "USERNAME_TAKEN");
        }
        assert_limited(&register(from).await, wait);
    }
}

#[tokio::test]
async fn a_load_test_on_this_machine_lifts_the_limit_of_new_accounts_as_the_document_says() {
    let document = include_str!("../../../docs/community.md");
    let (_, said) =
        document.split_once("`LOOPBACK_REGISTRATIONS_PER_MIN=").expect("docs/community.md names the setting");
    let lifted: u32 = said.split_once('`').and_then(|(number, _)| number.parse().ok()).expect("with a number");
    let app = TestApp::start_with(|settings| {
        settings.registrations_per_min = 10;
        settings.loopback_registrations_per_min = lifted;
    })
    .await;
    let device = async |number: u32, from: &str| {
        let body = json!({"device_id": format!("device {number}")});
        app.post("/api/v1/login/device", body).from(from).send().await
    };
    for number in 0..700 {
        device(number, "127.0.0.1").await.expect(StatusCode::OK);
    }
    for number in 700..710 {
        device(number, "203.0.113.9").await.expect(StatusCode::OK);
    }
    assert_eq!(device(710, "203.0.113.9").await.status, StatusCode::TOO_MANY_REQUESTS, "from elsewhere it stays");
}

#[tokio::test]
async fn what_proxies_claim_is_not_believed() {
    let app = TestApp::start_with(|settings| settings.registrations_per_min = 1).await;
    let register = async |name: &str, claim: &str| {
        app.post("/auth/register", json!({"username": name, "password": PASSWORD}))
            .from("203.0.113.9")
            .header("x-forwarded-for", claim)
            .send()
            .await
    };
    register("ann1", "1.1.1.1").await.expect(StatusCode::CREATED);
    assert_limited(&register("ann2", "2.2.2.2").await, 61);
}

#[tokio::test]
async fn behind_a_proxy_of_ours_each_client_is_itself() {
    let app = TestApp::start_with(|settings| {
        settings.registrations_per_min = 1;
        settings.edge.trusted_proxies = Some("192.0.2.0/24, 127.0.0.1".to_owned());
    })
    .await;
    let register = async |name: &str, from: &str, forwarded: &str| {
        let body = json!({"username": name, "password": PASSWORD});
        app.post("/auth/register", body).from(from).header("x-forwarded-for", forwarded).send().await
    };
    register("ann1", "192.0.2.1", "203.0.113.9").await.expect(StatusCode::CREATED);
    register("ann2", "192.0.2.2", "203.0.113.10").await.expect(StatusCode::CREATED);
    assert_limited(&register("ann3", "192.0.2.2", "203.0.113.9, 192.0.2.77").await, 61);
    let spoofed = register("ann3", "192.0.2.1", "198.51.100.1, 127.0.0.1, 203.0.113.9").await;
    assert_limited(&spoofed, 61);
    assert_limited(&register("ann3", "127.0.0.1", "127.0.0.1, 203.0.113.9").await, 61);
    assert_limited(&register("ann3", "203.0.113.9", "127.0.0.1").await, 61);
}

#[tokio::test]
async fn clients_of_a_proxy_on_this_machine_that_nobody_named_have_ordinary_limits() {
    let by_proxy = [
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("via", "1.1 proxy"),
        ("host", "realm.example"),
    ];
    for (header, value) in by_proxy {
        let app = TestApp::start_with(|settings| {
            settings.registrations_per_min = 1;
            settings.calls_per_min = 2;
            settings.allowed_origins = Some("https://realm.example".to_owned());
        })
        .await;
        let register = |name: &str| app.post("/auth/register", json!({"username": name, "password": PASSWORD}));
        register("ann1").header(header, value).send().await.expect(StatusCode::CREATED);
        assert_limited(&register("ann2").header(header, value).send().await, 61);
        for name in ["bob1", "bob2"] {
            register(name).send().await.expect(StatusCode::CREATED);
        }
        let classes = || app.get("/character-classes");
        for _ in 0..2 {
            classes().header(header, value).send().await.expect(StatusCode::OK);
        }
        assert_limited(&classes().header(header, value).send().await, 31);
        classes().send().await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn guesses_through_a_proxy_stop_the_guesser_alone() {
    let app = TestApp::start_with(|settings| {
        settings.failed_logins_per_min = 3;
        settings.edge.trusted_proxies = Some("192.0.2.1".to_owned());
    })
    .await;
    app.register("ann").await;
    let login = async |password: &str, client: &str| {
        app.try_login("ann", password).from("192.0.2.1").header("x-forwarded-for", client).send().await
    };
    for _ in 0..3 {
        login("a wrong guess", "203.0.113.9").await.problem(401, "INVALID_CREDENTIALS");
    }
    assert_limited(&login(PASSWORD, "203.0.113.9").await, 61);
    login(PASSWORD, "198.51.100.1").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn guesses_from_everywhere_lock_nobody_out() {
    let app = TestApp::start().await;
    app.register("ann").await;
    for host in 1..=30 {
        let guess = app.try_login("ann", "a wrong guess").from(&format!("203.0.113.{host}")).send().await;
        guess.problem(401, "INVALID_CREDENTIALS");
    }
    assert_limited(&app.try_login("ann", PASSWORD).from("203.0.113.7").send().await, 61);
    app.try_login("ann", PASSWORD).from("198.51.100.1").send().await.expect(StatusCode::OK);
    app.advance(Duration::from_secs(60));
    app.try_login("ann", PASSWORD).from("203.0.113.7").send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn other_calls_are_limited_by_user() {
    let app = TestApp::start_with(|settings| settings.calls_per_min = 5).await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    for _ in 0..5 {
        app.get("/characters").bearer(&ann.access).send().await.expect(StatusCode::OK);
    }
    for from in ["127.0.0.1", "203.0.113.9"] {
        assert_limited(&app.get("/characters").bearer(&ann.access).from(from).send().await, 13);
        app.get("/characters").bearer(&bob.access).from(from).send().await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn calls_without_a_user_are_limited_by_address() {
    let app = TestApp::start_with(|settings| settings.calls_per_min = 5).await;
    for _ in 0..5 {
        app.get("/character-classes").from("203.0.113.9").send().await.expect(StatusCode::OK);
    }
    let refresh = app.post("/auth/refresh", json!({"refresh_token": "x"}));
    for call in [app.get("/character-classes"), app.get("/status"), refresh] {
        assert_limited(&call.from("203.0.113.9").send().await, 13);
    }
    app.get("/character-classes").from("203.0.113.10").send().await.expect(StatusCode::OK);
    for _ in 0..6 {
        app.get("/character-classes").from("127.0.0.1").send().await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn calls_with_tokens_that_are_none_are_limited_by_address() {
    let app = TestApp::start_with(|settings| settings.calls_per_min = 2).await;
    for path in ["/characters", "/api/v1/me", "/api/v1/admin/users", "/metrics", "/characters/7/internal"] {
        let from = format!("203.0.113.{}", path.len());
        let call = || app.get(path).bearer("a.b.c").from(&from).send();
        for _ in 0..2 {
            assert_eq!(call().await.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        assert_eq!(call().await.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        let here = app.get(path).bearer("a.b.c").send().await;
        assert_ne!(here.status, StatusCode::TOO_MANY_REQUESTS, "{path}, from this machine");
    }
}
