//! CORS: which pages may call the API.

use axum::http::Method;

use crate::testing::TestApp;

async fn allowed(app: &TestApp, origin: &str) -> bool {
    let answer = app
        .call(Method::OPTIONS, "/characters")
        .header("origin", origin)
        .header("host", "10.0.0.5:3000")
        .header("access-control-request-method", "POST")
        .send()
        .await;
    answer.header("access-control-allow-origin") == Some(origin)
}

#[tokio::test]
async fn by_default_pages_of_this_machine_and_of_the_host_asked() {
    let app = TestApp::start().await;
    assert!(allowed(&app, "http://localhost:5173").await);
    assert!(allowed(&app, "http://10.0.0.5:8080").await);
    assert!(!allowed(&app, "https://evil.example").await);
}

#[tokio::test]
async fn or_the_listed_ones() {
    let app = TestApp::start_with(|settings| settings.allowed_origins = Some("https://play.example".into())).await;
    assert!(allowed(&app, "https://play.example").await);
    assert!(!allowed(&app, "http://localhost:5173").await);
    assert!(!allowed(&app, "http://10.0.0.5:8080").await, "nor those of the host asked");
}
