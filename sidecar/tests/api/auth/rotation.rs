//! `JWT_SECRET` with several keys: the first signs, all are accepted.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::testing::TestApp;

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_replaced_without_logging_anybody_out() {
    let (old, new) = (format!("old:{}", STANDARD.encode([1; 32])), format!("new:{}", STANDARD.encode([2; 32])));
    let app = TestApp::start_with(|settings| settings.jwt_secret = Some(old.clone().into())).await;
    let before = app.register("ann").await;
    assert_eq!(kid(&before.access), "old");

    let both = format!("{new},{old}");
    let app = app.restart_with(|settings| settings.jwt_secret = Some(both.into())).await;
    app.get("/characters").bearer(&before.access).send().await.expect(StatusCode::OK);
    let during = app.login("ann").await;
    assert_eq!(kid(&during.access), "new");

    let app = app.restart_with(|settings| settings.jwt_secret = Some(new.into())).await;
    app.get("/characters").bearer(&during.access).send().await.expect(StatusCode::OK);
    app.get("/characters").bearer(&before.access).send().await.problem(401, "UNAUTHORIZED");
    let body = json!({"refresh_token": before.refresh});
    let after = app.post("/auth/refresh", body).send().await.expect(StatusCode::OK);
    assert_eq!(kid(after["access_token"].as_str().unwrap()), "new", "who slept through it refreshes");
}
