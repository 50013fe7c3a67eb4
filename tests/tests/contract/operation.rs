//! What operators and programs rely on around the routes: health, metrics, the document, problem documents.

use realmgate_tests::binaries::workspace;
use realmgate_tests::home::read;
use realmgate_tests::{Account, until};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::servers::sidecar;

on_every_backend!(
    health_and_readiness_are_told_on_both_ports,
    the_document_is_the_one_that_people_read,
    metrics_are_for_this_machine_and_for_the_service_token,
    internal_routes_are_not_on_the_public_port,
    what_is_refused_before_a_route_acts_is_a_problem_document,
    browsers_may_call_from_pages_of_this_machine_only,
);

async fn health_and_readiness_are_told_on_both_ports(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let checks = match backend {
        Backend::Sqlite => json!({"database": "ok"}),
        Backend::Postgres | Backend::Replicas => json!({"database": "ok", "redis": "ok"}),
    };
    for api in [sidecar.api(), sidecar.directory_without_token()] {
        assert_eq!(api.get("/healthz").await.json(200), json!({"status": "ok"}));
        let ready = api.get("/readyz").await.json(200);
        assert_eq!((&ready["status"], &ready["checks"]), (&json!("ready"), &checks), "by dependency: {ready}");
    }
}

async fn the_document_is_the_one_that_people_read(backend: Backend) {
    let document = sidecar(backend).await.api().get("/openapi.json").await.json(200);
    let file = read(&workspace().join("docs/openapi.json"));
    assert_eq!(document, serde_json::from_str::<Value>(&file).expect("JSON"), "as the file that people read");
}

async fn metrics_are_for_this_machine_and_for_the_service_token(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let service_token = sidecar.service_token();
    for api in [sidecar.api(), sidecar.directory_without_token()] {
        // A request is counted when it was answered, so one that asks for the figures does not find itself in them.
        until("a replica that was asked before shows its figures", async || {
            let metrics = api.get("/metrics").await;
            assert_eq!(metrics.status, 200);
            assert!(metrics.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
            metrics.text.contains("realmgate_http_requests_total").then_some(())
        })
        .await;
        // A proxy on this machine makes the whole world look like this machine.
        let proxied = || api.request(Method::GET, "/metrics").header("x-forwarded-for", "203.0.113.7");
        api.send(proxied()).await.problem(401, "SERVICE_TOKEN_REQUIRED");
        api.send(proxied().bearer_auth("wrong")).await.problem(401, "SERVICE_TOKEN_REQUIRED");
        assert_eq!(api.send(proxied().bearer_auth(&service_token)).await.status, 200);
    }
}

async fn internal_routes_are_not_on_the_public_port(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api().with_token(&sidecar.service_token());
    // Somebody is online: who is not would not be found by the route either.
    let online = json!({"userId": "x", "gatewayId": "gateway-test"});
    sidecar.directory().post("/session/online", online.clone()).await.json(200);
    for (method, path) in [
        (Method::GET, "/map-registry/servers"),
        (Method::GET, "/map-registry/map/1"),
        (Method::GET, "/map-registry/proof"),
        (Method::POST, "/map-registry/register"),
        (Method::POST, "/map-registry/heartbeat"),
        (Method::DELETE, "/map-registry/server/x"),
        (Method::POST, "/session/online"),
        (Method::GET, "/session/x"),
        (Method::DELETE, "/session/x"),
        (Method::GET, "/sessions"),
        (Method::GET, "/map-link"),
    ] {
        api.send(api.request(method, path)).await.problem(404, "NOT_FOUND");
    }
    assert_eq!(sidecar.directory().get("/session/x").await.json(200), online);
    sidecar.directory().get("/characters").await.problem(404, "NOT_FOUND");
}

async fn what_is_refused_before_a_route_acts_is_a_problem_document(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    api.get("/no-such-route").await.problem(404, "NOT_FOUND");
    api.get("/auth/login").await.problem(405, "METHOD_NOT_ALLOWED");
    // A connection each: one whose body was not read to its end is closed.
    let send = async |kind: &str, body: String| {
        let api = sidecar.api();
        api.send(api.request(Method::POST, "/auth/login").header(CONTENT_TYPE, kind).body(body)).await
    };
    let json = "application/json";
    send(json, "{\"username\":".to_owned()).await.problem(400, "BAD_REQUEST");
    send("text/plain", "hello".to_owned()).await.problem(415, "UNSUPPORTED_MEDIA_TYPE");
    send(json, " ".repeat(20_000)).await.problem(413, "PAYLOAD_TOO_LARGE");
    let unauthorized = api.get("/characters").await;
    unauthorized.problem(401, "UNAUTHORIZED");
    assert_eq!(unauthorized.header("www-authenticate"), Some("Bearer"));
}

async fn browsers_may_call_from_pages_of_this_machine_only(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = Account::register(&sidecar.api()).await.calls(&sidecar.api());
    let from = async |origin: &str| api.send(api.request(Method::GET, "/characters").header("origin", origin)).await;
    // Before a call with a token, a browser asks whether the page may make it.
    let asked = async |origin: &str| {
        let asking = api.request(Method::OPTIONS, "/characters").header("origin", origin);
        let asking = asking.header("access-control-request-method", "PATCH");
        api.send(asking.header("access-control-request-headers", "authorization,content-type")).await
    };
    for own in ["http://localhost:8080", "http://127.0.0.1"] {
        let answer = from(own).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(own)));
        let may = asked(own).await;
        assert_eq!(may.header("access-control-allow-origin"), Some(own));
        let methods = may.header("access-control-allow-methods").unwrap_or_default();
        assert!(["GET", "POST", "PATCH", "DELETE"].iter().all(|method| methods.contains(method)), "{methods}");
        let headers = may.header("access-control-allow-headers").unwrap_or_default();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
    }
    for evil in ["https://evil.example", "http://localhost.evil.example", "null"] {
        assert_eq!(from(evil).await.header("access-control-allow-origin"), None, "{evil}");
        assert_eq!(asked(evil).await.header("access-control-allow-origin"), None, "{evil}");
    }
    let page = sidecar.api().get("/").await;
    assert_eq!((page.status, page.header("x-content-type-options")), (200, Some("nosniff")));
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
}

#[tokio::test]
async fn a_sidecar_ends_well_on_sigterm() {
    let sidecar = realmgate_tests::SidecarProcess::start(&[]).await;
    assert_eq!(sidecar.ready.pid, sidecar.process.pid());
    assert!(sidecar.home.data_dir().join("sidecar/ready.json").is_file());
    sidecar.api().post("/auth/login", json!({})).await.problem(422, "VALIDATION_FAILED");
    sidecar.process.terminate();
    assert_eq!(sidecar.process.finished().await.code, Some(0));
    assert!(!sidecar.ready_file.exists() && !sidecar.home.data_dir().join("sidecar/ready.json").exists());
}
