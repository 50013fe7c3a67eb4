//! A realm for those who develop: its answers say how long they took.

use axum::http::StatusCode;
use realmgate_sidecar::config::Settings;
use serde_json::Value;

use crate::backends::{Realm, on_every_backend};
use crate::testing::Answer;

on_every_backend!(
    develops =>
    answers_below_the_api_say_how_long_they_took,
    other_answers_do_not,
);

fn develops(settings: &mut Settings) {
    settings.telemetry.deployment_environment = "development".to_owned();
}

/// How many milliseconds an answer says that it took.
fn milliseconds(answer: &Answer) -> Option<f64> {
    answer.header("x-request-time")?.strip_suffix("ms")?.parse().ok()
}

async fn answers_below_the_api_say_how_long_they_took(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    for (path, status) in [
        ("/health", StatusCode::OK),
        ("/me", StatusCode::UNAUTHORIZED),
        ("/x", StatusCode::NOT_FOUND),
        ("/admin/users", StatusCode::UNAUTHORIZED),
    ] {
        let answer = realm.call("GET", path, Value::Null).send().await;
        assert_eq!(answer.status, status, "{path}");
        assert!(milliseconds(&answer).is_some(), "{path}: {:?}", answer.headers);
        assert!(answer.header("x-request-id").is_some(), "{path}: its name is beside it");
    }
    for path in ["/me", "/admin/users", "/admin/servers"] {
        let answer = realm.by(&admin, "GET", path, Value::Null).await;
        assert!(milliseconds(&answer).is_some(), "{path}: {:?}", answer.headers);
    }
    let page = realm.call("GET", "/health", Value::Null).header("origin", "http://localhost:8000").send().await;
    let shown = page.header("access-control-expose-headers").unwrap_or_default();
    assert!(shown.split(',').any(|name| name.trim() == "x-request-time"), "pages may read it: {shown}");
}

async fn other_answers_do_not(realm: Realm) {
    for path in ["/healthz", "/status", "/api/openapi", "/"] {
        let answer = realm.app().get(path).send().await;
        assert_eq!((answer.status, answer.header("x-request-time")), (StatusCode::OK, None), "{path}");
    }
}
