//! CORS: which pages may call the API.

use axum::http::Method;

use crate::testing::TestApp;

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
