//! Health, metrics, the page and the document.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::testing::{Answer, Call, TestApp};

#[tokio::test]
async fn it_lives_and_is_ready_by_dependency() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/healthz").send().await.expect(StatusCode::OK), json!({"status": "ok"}));
    let ready = app.get("/readyz").send().await.expect(StatusCode::OK);
    assert_eq!(ready["status"], "ready");
    assert_eq!(ready["checks"]["database"], "ok");
}

#[tokio::test]
async fn without_its_database_it_is_not_ready_but_lives() {
    let app = TestApp::start().await;
    app.state().store.close().await;
    let ready = app.get("/readyz").send().await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready["checks"]["database"], "failing");
    app.get("/healthz").send().await.expect(StatusCode::OK);
    let refused = app.try_login("ann", "whatever it is").send().await;
    refused.problem(503, "OVERLOADED");
    assert!(refused.header("retry-after").is_some());
}

#[tokio::test]
async fn figures_are_for_this_machine_and_for_our_servers() {
    let app = TestApp::start().await;
    let token = app.service_token().to_owned();
    app.get("/metrics").send().await.expect(StatusCode::OK);
    app.get_internal("/metrics").send().await.expect(StatusCode::OK);
    app.get("/metrics").from("203.0.113.9").send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
    app.get("/metrics").from("203.0.113.9").bearer(&token).send().await.expect(StatusCode::OK);
    let proxied = app.get("/metrics").header("x-forwarded-for", "203.0.113.9").send().await;
    proxied.problem(401, "SERVICE_TOKEN_REQUIRED");
}

#[tokio::test]
async fn a_page_whose_name_was_led_to_this_machine_reads_no_figures() {
    let app = TestApp::start().await;
    let figures = |host: &str| app.get("/metrics").header("host", host).send();
    for host in ["localhost:3000", "LOCALHOST", "127.0.0.1:3000", "127.0.0.1", "[::1]:3000", "[::1]"] {
        figures(host).await.expect(StatusCode::OK);
    }
    for host in ["evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", ""] {
        figures(host).await.problem(401, "SERVICE_TOKEN_REQUIRED");
    }
    let with_token = app.get("/metrics").header("host", "sidecar:3000").bearer(app.service_token());
    with_token.send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_registry_without_tokens_is_open_to_those_who_mean_this_machine() {
    let app = TestApp::start_with(|settings| settings.allow_unauthenticated_registry = true).await;
    let servers = |host: &str| app.get_internal("/map-registry/servers").header("host", host).send();
    servers("localhost:3001").await.expect(StatusCode::OK);
    servers("evil.example:3001").await.problem(401, "SERVICE_TOKEN_REQUIRED");
}

#[tokio::test]
async fn a_proxy_that_nobody_named_is_told_of() {
    let app = TestApp::start().await;
    let warnings = async || app.get("/readyz").send().await.expect(StatusCode::OK)["warnings"].clone();
    assert_eq!(warnings().await, json!(null));
    let from = |peer: &str| app.get("/status").header("x-forwarded-for", "198.51.100.7").from(peer);
    from("203.0.113.9").send().await.expect(StatusCode::OK);
    assert_eq!(warnings().await, json!(null), "a stranger may write what it likes");
    from("10.1.2.3").send().await.expect(StatusCode::OK);
    let told = warnings().await;
    let told = told[0].as_str().expect("a warning");
    assert!(told.contains("TRUSTED_PROXIES") && !told.contains("10.1.2.3"), "{told}");
    assert_eq!(app.get("/readyz").send().await.expect(StatusCode::OK)["status"], "ready");

    let app = TestApp::start_with(|settings| settings.edge.trusted_proxies = Some("10.0.0.0/8".to_owned())).await;
    app.get("/status").header("x-forwarded-for", "198.51.100.7").from("10.1.2.3").send().await.expect(StatusCode::OK);
    let ready = app.get("/readyz").send().await.expect(StatusCode::OK);
    assert_eq!(ready["warnings"], json!(null), "that one is ours");
}

#[tokio::test]
async fn the_status_is_public() {
    let app = TestApp::start_with(|settings| settings.realm_name = "Testland".to_owned()).await;
    let asked = app.get("/status").from("203.0.113.9").header("host", "play.example");
    let status = asked.send().await.expect(StatusCode::OK);
    assert_eq!((&status["name"], &status["state"]), (&json!("Testland"), &json!("online")));
    assert_eq!((&status["players"], &status["maps"]), (&json!(0), &json!([])));
    assert!(status["gateway_port"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    for (path, kind) in [("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css")] {
        let answer = app.get(path).send().await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("content-type").unwrap().starts_with(kind));
        assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        assert!(!answer.text.contains("://"), "{path} names another host");
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/characters", "/nowhere"] {
        let answer = app.get(path).send().await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
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
    let calls: [&dyn Fn() -> Call; 6] = [
        &|| app.get("/healthz"),
        &|| app.get_internal("/healthz"),
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
    let paths = document["paths"].as_object().unwrap();
    for (path, verb) in [
        ("/auth/register", "post"),
        ("/auth/login", "post"),
        ("/auth/refresh", "post"),
        ("/auth/logout", "post"),
        ("/character-classes", "get"),
        ("/characters", "get"),
        ("/characters", "post"),
        ("/characters/{id}", "delete"),
        ("/characters/{id}/internal", "get"),
        ("/status", "get"),
        ("/healthz", "get"),
        ("/readyz", "get"),
        ("/metrics", "get"),
        ("/openapi.json", "get"),
    ] {
        let summary = &paths[path][verb]["summary"];
        assert!(summary.as_str().is_some_and(|text| !text.is_empty()), "{verb} {path} has no summary");
    }
}

#[tokio::test]
async fn an_administrator_is_known_at_the_next_call() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let role = async || app.state().tokens.authenticate(&user.access).await.unwrap().role;
    assert_eq!(role().await, "player");
    assert!(app.state().store.accounts.set_role("ann", "admin").await.unwrap());
    assert_eq!(role().await, "admin");
}
