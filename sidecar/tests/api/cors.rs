//! Which pages may call the API: by their origin (CORS), and by the name that they know this server by.

use axum::http::{Method, StatusCode};
use realmgate_sidecar::config::Settings;

use crate::testing::{Answer, TestApp};

/// Whether a page may call: its browser asks before some calls, and looks at the answers of all.
async fn allowed(app: &TestApp, origin: &str) -> bool {
    let call = |method| app.call(method, "/characters").header("origin", origin).header("host", "10.0.0.5:3000");
    let before = call(Method::OPTIONS).header("access-control-request-method", "POST").send().await;
    let answer = call(Method::GET).send().await;
    let [before, answer] = [&before, &answer].map(|said| said.header("access-control-allow-origin"));
    assert_eq!(before, answer, "{origin}");
    assert!(answer.is_none_or(|allowed| allowed == origin), "{answer:?} is more than {origin}");
    answer.is_some()
}

#[tokio::test]
async fn by_default_pages_of_this_machine_and_of_the_host_asked() {
    let app = TestApp::start().await;
    for page in ["http://localhost:5173", "http://127.0.0.1:5173", "http://[::1]:5173", "http://10.0.0.5:8080"] {
        assert!(allowed(&app, page).await, "{page}");
    }
    for page in ["https://evil.example", "http://localhost.evil.example", "http://10.0.0.6:8080"] {
        assert!(!allowed(&app, page).await, "{page}");
    }
}

#[tokio::test]
async fn or_the_listed_ones() {
    let listed = "https://play.example, http://10.0.0.9:5173";
    let app = TestApp::start_with(|settings| settings.allowed_origins = Some(listed.into())).await;
    assert!(allowed(&app, "https://play.example").await);
    assert!(allowed(&app, "http://10.0.0.9:5173").await);
    assert!(!allowed(&app, "https://evil.example").await);
    assert!(!allowed(&app, "http://localhost:5173").await);
    assert!(!allowed(&app, "http://10.0.0.5:8080").await, "nor those of the host asked");
}

/// `GET` of a page of this machine whose name is `host`.
async fn get(app: &TestApp, path: &str, host: &str) -> Answer {
    app.get(path).header("host", host).send().await
}

#[tokio::test]
async fn a_foreign_domain_that_leads_to_this_machine_reaches_no_route() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/status", "/characters", "/api/v1/users", "/admin", "/play", "/nowhere"] {
        get(&app, path, "evil.example:3000").await.problem(421, "MISDIRECTED");
    }
    let socket =
        app.get_gateway("/ws").header("host", "evil.example:3002").header("origin", "http://evil.example:3002");
    socket.send().await.problem(421, "MISDIRECTED");
    for host in ["localhost:3000", "127.0.0.1:3000", "my-machine:3000"] {
        get(&app, "/healthz", host).await.expect(StatusCode::OK);
    }
    let elsewhere = app.get("/healthz").from("203.0.113.9").header("host", "realm.example").send().await;
    elsewhere.expect(StatusCode::OK);
}

#[tokio::test]
async fn domains_that_the_operator_names_reach_it_over_loopback() {
    let known: [fn(&mut Settings); 3] = [
        |settings| settings.allowed_origins = Some("https://realm.example".to_owned()),
        |settings| settings.edge.trusted_proxies = Some("127.0.0.1".to_owned()),
        |settings| settings.mail.public_url = Some("https://realm.example".to_owned()),
    ];
    for change in known {
        let app = TestApp::start_with(change).await;
        get(&app, "/healthz", "realm.example").await.expect(StatusCode::OK);
    }
    let app = TestApp::start_with(known[2]).await;
    get(&app, "/healthz", "evil.example").await.problem(421, "MISDIRECTED");
}
