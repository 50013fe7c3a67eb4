//! Traces and errors leave for where an operator wants them, say nothing secret, and hold nothing up. The log of the first test is that
//! of this whole process; the others start a process each.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

mod listener;
mod processes;
#[expect(dead_code, reason = "the API's tests use the rest")]
#[path = "../testing/mod.rs"]
mod testing;

use axum::http::StatusCode;
use realmgate_platform::config::TelemetrySettings;
use realmgate_platform::telemetry::Telemetry;
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use listener::{Answers, Listener, attribute, events, spans};
use testing::{PASSWORD, TestApp};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";
const KEY: &str = "f00dfacef00dfacef00dfacef00dface";

#[test]
fn nothing_listens_to_the_log_unless_somebody_is_named() {
    let config = TelemetrySettings::default().resolve("sidecar", "gateway-1").unwrap();
    let (layers, _) = Telemetry::open(config).unwrap();
    assert_eq!(layers.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_traced_its_error_is_reported_and_neither_says_a_secret() {
    let listener = Listener::start(Answers::Well);
    let settings = TelemetrySettings {
        otel_exporter_otlp_endpoint: Some(listener.url("")),
        otel_exporter_otlp_headers: Some("x-team=wardens".into()),
        sentry_dsn: Some(listener.url("/42").replace("http://", &format!("http://{KEY}@")).into()),
        deployment_environment: "trial".to_owned(),
        ..TelemetrySettings::default()
    };
    let (layers, telemetry) = Telemetry::open(settings.resolve("sidecar", "gateway-7").unwrap()).unwrap();
    tracing_subscriber::registry().with(layers).init();
    let delivery = telemetry.deliver();

    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let parent = format!("00-{TRACE}-{SPAN}-01");
    let login = app.try_login("ann", PASSWORD).header("traceparent", &parent).send().await;
    login.expect(StatusCode::OK);
    assert_eq!(login.header("x-request-id"), Some(TRACE), "who begins a trace finds our log by it");
    let not_kept = format!("00-{}-{SPAN}-00", "1".repeat(32));
    app.get("/character-classes").header("traceparent", &not_kept).send().await;
    app.get("/characters?token=a-token-in-a-query").bearer(&user.access).header("x-request-id", "find-me").send().await;
    let call = json!({"plugin": "words of a player", "fn": "more of them", "args": ["a-secret-argument"]});
    app.post("/api/v1/hooks/call", call).bearer(&user.access).send().await;
    drop_table(&app, "characters").await;
    let failed = app.get("/characters").bearer(&user.access).header("x-request-id", "find-me-2").send().await;
    failed.problem(500, "INTERNAL");
    let panicked = tokio::spawn(async { panic!("it went wrong for ann@example.org at 203.0.113.9:4711") }).await;
    assert!(panicked.unwrap_err().is_panic());
    tracing::error!(target: "realmgate_community::test", password = PASSWORD, error = %format!("from 203.0.113.9: {}", user.refresh), map = 7, "of a test");
    tracing::error!(target: "some_library", "what libraries say");
    delivery.close().await;

    let posts = listener.posts();
    let told: Vec<Value> = posts.iter().filter(|post| post.path == "/v1/traces").flat_map(spans).collect();
    let named = |name: &str| told.iter().filter(|span| span["name"] == name).collect::<Vec<_>>();
    let [login] = named("POST /auth/login")[..] else { panic!("{told:#?}") };
    assert_eq!((&login["traceId"], &login["parentSpanId"], &login["kind"]), (&json!(TRACE), &json!(SPAN), &json!(2)));
    assert_eq!(attribute(login, "http.response.status_code"), json!({"intValue": "200"}));
    let began: u64 = login["startTimeUnixNano"].as_str().unwrap().parse().unwrap();
    let ended: u64 = login["endTimeUnixNano"].as_str().unwrap().parse().unwrap();
    assert!(began < ended && ended - began < 60_000_000_000, "{began} to {ended}");
    let within = told.iter().filter(|span| span["name"] == "database" && span["parentSpanId"] == login["spanId"]);
    let calls: Vec<Value> =
        within.inspect(|span| assert_eq!(span["traceId"], TRACE)).map(|span| attribute(span, "call")).collect();
    assert!(!calls.is_empty() && calls.iter().all(|call| call["stringValue"].is_string()), "{told:#?}");
    let [scripted] = named("POST /api/v1/hooks/call")[..] else { panic!("{told:#?}") };
    let scripts: Vec<&Value> =
        named("script").into_iter().filter(|span| span["parentSpanId"] == scripted["spanId"]).collect();
    let [script] = scripts[..] else { panic!("{told:#?}") };
    assert_eq!(script["status"]["code"], 2);
    assert_eq!(attribute(script, "plugin"), Value::Null, "no script has that name");
    let listed = named("GET /characters");
    let status = |span: &&Value| (attribute(span, "trace")["stringValue"].clone(), span["status"]["code"].clone());
    let statuses: Vec<_> = listed.iter().map(status).collect();
    assert_eq!(statuses, [(json!("find-me"), Value::Null), (json!("find-me-2"), json!(2))]);
    assert!(named("GET /character-classes").is_empty(), "it was not to be kept");

    let trace_posts = posts.iter().filter(|post| post.path == "/v1/traces");
    for post in trace_posts {
        assert_eq!((post.header("content-type"), post.header("x-team")), (Some("application/json"), Some("wardens")));
        let resource = &post.json()["resourceSpans"][0]["resource"];
        for (key, text) in [
            ("service.name", "sidecar"),
            ("service.instance.id", "gateway-7"),
            ("deployment.environment.name", "trial"),
        ] {
            assert_eq!(attribute(resource, key), json!({"stringValue": text}));
        }
    }
    reports_are_right(&posts, listed[1]);
    let all: String = posts.iter().map(|post| post.body.as_str()).collect();
    for secret in [
        PASSWORD,
        &user.access,
        &user.refresh,
        KEY,
        "a-token-in-a-query",
        "words of a player",
        "a-secret-argument",
        "203.0.113.9",
        "example.org",
    ] {
        assert!(!all.contains(secret), "{secret} was sent: {all}");
    }
}

fn reports_are_right(posts: &[listener::Post], of_request: &Value) {
    let reports: Vec<&listener::Post> = posts.iter().filter(|post| post.path == "/api/42/envelope/").collect();
    let auth = format!("sentry_key={KEY}");
    assert!(reports.iter().all(|post| post.header("x-sentry-auth").unwrap().contains(&auth)));
    assert!(reports.iter().all(|post| post.header("content-type") == Some("application/x-sentry-envelope")));
    let said = |event: &Value| {
        event["message"]["formatted"].as_str().or(event["exception"]["values"][0]["value"].as_str()).map(str::to_owned)
    };
    let wanted = ["request failed", "it went wrong for [address] at [address]", "of a test"];
    // What works in the background misses the table, too, and may say so meanwhile.
    let is_ours = |event: &Value| said(event).is_some_and(|text| wanted.contains(&&*text));
    let events: Vec<Value> = reports.iter().flat_map(|post| events(post)).filter(is_ours).collect();
    assert_eq!(events.iter().filter_map(said).collect::<Vec<_>>(), wanted);
    for event in &events {
        assert_eq!((&event["environment"], &event["tags"]["service"]), (&json!("trial"), &json!("sidecar")));
        assert!(event["release"].as_str().unwrap().starts_with("realmgate@"), "{event}");
    }
    let [failed, panicked, told] = &events[..] else { panic!("{events:#?}") };
    assert_eq!((&failed["level"], &failed["tags"]["request"]), (&json!("error"), &json!("find-me-2")));
    assert_eq!(failed["contexts"]["trace"]["trace_id"], of_request["traceId"], "it leads to the trace");
    assert_eq!(
        (&panicked["level"], &panicked["exception"]["values"][0]["mechanism"]["handled"]),
        (&json!("fatal"), &json!(false))
    );
    let place = panicked["tags"]["place"].as_str().unwrap();
    assert!(place.contains("tests/telemetry/main.rs:") && !place.starts_with('/'), "{place}");
    assert_eq!(
        told["contexts"]["fields"],
        json!({"password": "[hidden]", "error": "from [address]: [hidden]", "map": 7})
    );
}

async fn drop_table(app: &TestApp, table: &'static str) {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(app.data_dir().join("realmgate.db")).foreign_keys(false);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("ALTER TABLE {table} RENAME TO gone"))).execute(&pool).await.unwrap();
    pool.close().await;
}

realmgate_services::reaper!();
