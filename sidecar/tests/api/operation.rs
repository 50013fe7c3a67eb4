//! Health, metrics, status and the document.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use realmgate_platform::testing::{a_moment, soon};
use serde_json::{Value, json};

use crate::authorization;
use crate::testing::{Answer, Call, TestApp};

#[tokio::test]
async fn it_lives_and_is_ready_by_dependency() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/healthz").send().await.expect(StatusCode::OK), json!({"status": "ok"}));
    let ready = app.get("/readyz").send().await.expect(StatusCode::OK);
    assert_eq!(ready, json!({"status": "ready", "checks": {"database": "ok"}}));
}

#[tokio::test]
async fn with_a_database_that_takes_no_writes_it_is_not_ready_until_it_does() {
    let app = TestApp::start().await;
    let until = async |status: StatusCode| {
        let changed = async {
            while app.get("/readyz").send().await.status != status {
                app.advance(Duration::from_secs(1));
                a_moment().await;
            }
        };
        soon("readiness changes", changed).await;
    };
    until(StatusCode::OK).await;
    let full = "CREATE TRIGGER full BEFORE UPDATE ON write_probe BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    app.execute(full).await;
    until(StatusCode::SERVICE_UNAVAILABLE).await;
    let unready = app.get("/readyz").send().await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unready, json!({"status": "unready", "checks": {"database": "failing"}}));
    app.execute("DROP TRIGGER full").await;
    until(StatusCode::OK).await;
}

#[tokio::test]
async fn without_its_database_it_is_not_ready_but_lives() {
    let app = TestApp::start().await;
    app.state().store.close().await;
    let ready = app.get("/readyz").send().await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready, json!({"status": "unready", "checks": {"database": "failing"}}));
    assert_eq!(app.get("/healthz").send().await.expect(StatusCode::OK), json!({"status": "ok"}));
    let refused = app.try_login("ann", "whatever it is").send().await;
    refused.problem(503, "OVERLOADED");
    assert_eq!(refused.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn figures_are_for_this_machine_and_for_our_servers() {
    let app = TestApp::start().await;
    let token = app.service_token().to_owned();
    for directory in [false, true] {
        let figures = || app.call_on(directory, Method::GET, "/metrics");
        figures().send().await.expect(StatusCode::OK);
        for elsewhere in ["203.0.113.9", "10.1.2.3"] {
            figures().from(elsewhere).send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
            figures().from(elsewhere).bearer(&token).send().await.expect(StatusCode::OK);
        }
        for by_proxy in ["forwarded", "x-forwarded-for", "x-real-ip", "via"] {
            let proxied = figures().header(by_proxy, "203.0.113.9").send().await;
            proxied.problem(401, "SERVICE_TOKEN_REQUIRED");
        }
    }
}

#[tokio::test]
async fn a_page_whose_name_was_led_to_this_machine_reads_no_figures() {
    let app = TestApp::start().await;
    let figures = |host: &str| app.get("/metrics").header("host", host).send();
    for host in ["localhost:3000", "LOCALHOST", "127.0.0.1:3000", "127.0.0.1", "[::1]:3000", "[::1]"] {
        figures(host).await.expect(StatusCode::OK);
    }
    for host in ["evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", ""] {
        figures(host).await.problem(421, "MISDIRECTED");
    }
    figures("a-machine:3000").await.problem(401, "SERVICE_TOKEN_REQUIRED");
    let with_token = app.get("/metrics").header("host", "sidecar:3000").bearer(app.service_token());
    with_token.send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_registry_without_tokens_is_open_to_those_who_mean_this_machine() {
    let app = TestApp::start_with(|settings| settings.allow_unauthenticated_registry = true).await;
    let server = json!({"id": "map-1", "name": "x", "ip": "127.0.0.1", "port": 4001, "supported_maps": [1],
        "max_players": 1});
    let beat = json!({"id": "map-1", "current_players": 0, "load": 0.0});
    let online = json!({"userId": "u", "gatewayId": "g"});
    let calls = |host: &str| {
        let calls = [
            (app.post_internal("/map-registry/register", server.clone()), StatusCode::CREATED),
            (app.post_internal("/map-registry/heartbeat", beat.clone()), StatusCode::OK),
            (app.get_internal("/map-registry/servers"), StatusCode::OK),
            (app.get_internal("/map-registry/map/1"), StatusCode::OK),
            (app.post_internal("/session/online", online.clone()), StatusCode::OK),
            (app.call_on(true, Method::DELETE, "/session/u"), StatusCode::NO_CONTENT),
            (app.call_on(true, Method::DELETE, "/map-registry/server/map-1"), StatusCode::NO_CONTENT),
        ];
        calls.map(|(call, well)| (call.header("host", host), well))
    };
    for (call, _) in calls("evil.example:3001") {
        call.send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
    }
    for (call, well) in calls("localhost:3001") {
        call.send().await.expect(well);
    }
}

/// What `/readyz` warns of after a call from this address that a proxy has passed on.
async fn warnings_after(app: &TestApp, header: &str, from: &str) -> Value {
    app.get("/status").header(header, "198.51.100.7").from(from).send().await.expect(StatusCode::OK);
    let ready = app.get("/readyz").send().await.expect(StatusCode::OK);
    assert_eq!(ready["status"], "ready", "{ready}");
    ready["warnings"].clone()
}

#[tokio::test]
async fn a_proxy_that_nobody_named_is_told_of() {
    let app = TestApp::start().await;
    for stranger in ["203.0.113.9", "172.32.0.1", "100.128.0.1", "2001:db8::1"] {
        let warnings = warnings_after(&app, "x-forwarded-for", stranger).await;
        assert_eq!(warnings, json!(null), "a stranger may write what it likes: {stranger}");
    }
    assert_eq!(warnings_after(&app, "x-other", "10.1.2.3").await, json!(null), "no proxy has passed this on");
    for (header, proxy) in [
        ("x-forwarded-for", "10.1.2.3"),
        ("forwarded", "10.1.2.3"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-for", "172.16.0.1"),
        ("x-forwarded-for", "192.168.1.1"),
        ("x-forwarded-for", "169.254.0.1"),
        ("x-forwarded-for", "100.64.0.1"),
        ("x-forwarded-for", "::1"),
        ("x-forwarded-for", "fd00::1"),
        ("x-forwarded-for", "fe80::1"),
    ] {
        // Another one each time: it warns as long as it lives.
        let app = TestApp::start().await;
        let told = warnings_after(&app, header, proxy).await;
        let [Value::String(told)] = &told.as_array().expect("a warning")[..] else { panic!("{proxy}: {told}") };
        assert!(told.contains("TRUSTED_PROXIES") && !told.contains(proxy), "{told}");
    }

    let app = TestApp::start_with(|settings| settings.edge.trusted_proxies = Some("10.0.0.0/8".to_owned())).await;
    assert_eq!(warnings_after(&app, "x-forwarded-for", "10.1.2.3").await, json!(null), "that one is ours");
}

#[tokio::test]
async fn readiness_warns_while_strangers_can_reach_a_realm_without_an_administrator() {
    let exposed = TestApp::start_with(|settings| settings.api_addr = "0.0.0.0:0".parse().unwrap()).await;
    assert!(exposed.administrator_code().is_some());
    let warnings = async |app: &TestApp| {
        let ready = app.get("/readyz").send().await.expect(StatusCode::OK);
        ready["warnings"].as_array().cloned().unwrap_or_default()
    };
    let warned = warnings(&exposed).await;
    assert!(warned.len() == 1 && warned[0].as_str().unwrap().contains("no administrator"), "{warned:?}");
    exposed.register("ann").await;
    assert_eq!(warnings(&exposed).await, Vec::<Value>::new());
    assert_eq!(warnings(&TestApp::start().await).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_status_is_public() {
    let app = TestApp::start_with(|settings| settings.realm_name = Some("Testland".to_owned())).await;
    let asked = app.get("/status").from("203.0.113.9").header("host", "play.example");
    let status = asked.send().await.expect(StatusCode::OK);
    let expected = json!({
        "name": "Testland", "state": "online", "version": env!("CARGO_PKG_VERSION"), "players": 0,
        "gateway_port": app.state().addrs.gateway.port(), "maps": [],
    });
    assert_eq!(status, expected);
}

#[tokio::test]
async fn every_answer_but_a_preflights_tells_browsers_to_be_careful() {
    let app = TestApp::start().await;
    for (call, status, cached) in [
        (app.get("/healthz"), 200, "no-store"),
        (app.get("/characters"), 401, "no-store"),
        (app.get("/nowhere"), 404, "no-store"),
        (app.call(Method::PUT, "/characters"), 405, "no-store"),
        (app.post("/auth/login", json!({"username": "x".repeat(20_000)})), 413, "no-store"),
        (app.get_internal("/healthz"), 200, "no-store"),
        (app.get_internal("/nowhere"), 404, "no-store"),
        (app.get_gateway("/nowhere"), 404, "no-store"),
        // The page has no secrets, and may be kept as long as its browser asks whether it is still so.
        (app.get("/"), 200, "no-cache"),
        (app.get("/files/0/landing.js"), 404, "no-store"),
        (app.get("/assets/0/maps/tileset.png"), 404, "no-store"),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", cached),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name} of a {status}");
        }
    }
}

#[tokio::test]
async fn every_answer_has_a_name() {
    let app = TestApp::start().await;
    let preflight = || {
        let ask = app.call(Method::OPTIONS, "/auth/login").header("origin", "http://localhost:8000");
        ask.header("access-control-request-method", "POST")
    };
    let large = || app.post("/auth/login", json!({"username": "x".repeat(20_000)}));
    let calls: [&dyn Fn() -> Call; 7] = [
        &|| app.get("/healthz"),
        &|| app.get_internal("/healthz"),
        &|| app.get_gateway("/nowhere"),
        &|| app.get("/nowhere"),
        &|| app.call(Method::PUT, "/characters"),
        &preflight,
        &large,
    ];
    for (number, call) in calls.iter().enumerate() {
        let given = call().header("x-request-id", "web-1.2_3").send().await;
        assert_eq!(given.header("x-request-id"), Some("web-1.2_3"), "call {number}");
        let name = |answer: &Answer| answer.header("x-request-id").expect("a name").to_owned();
        let (first, second) = (name(&call().send().await), name(&call().send().await));
        assert!(first.len() == 32 && first != second, "call {number}: {first}, {second}");
        for bad in ["two words", &"x".repeat(65), "a\"b"] {
            assert_eq!(name(&call().header("x-request-id", bad).send().await).len(), 32, "call {number}: {bad}");
        }
    }
}

#[tokio::test]
async fn the_document_describes_every_route() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").send().await.expect(StatusCode::OK);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for (method, path) in authorization::routes() {
        let summary = &document["paths"][path][method.to_lowercase()]["summary"];
        assert!(summary.as_str().is_some_and(|text| !text.is_empty()), "{method} {path} has no summary");
    }
}

#[tokio::test]
async fn an_administrator_is_known_at_the_next_call() {
    let app = TestApp::start().await;
    app.register("first").await;
    let user = app.register("ann").await;
    let role = async || app.state().tokens.authenticate(&user.access).await.unwrap().role;
    assert_eq!(role().await, "player");
    assert!(app.state().store.accounts.set_role("ann", "admin").await.unwrap());
    assert_eq!(role().await, "admin");
}
