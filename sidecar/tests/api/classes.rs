//! `GET /character-classes`.

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn classes_are_as_designers_wrote_them() {
    let app = TestApp::start().await;
    let classes = app.get("/character-classes").send().await.expect(StatusCode::OK);
    let expected = json!([
        {"id": "warrior", "name": "Warrior", "description": "Stands in front."},
        {"id": "mage", "name": "Mage", "description": ""},
    ]);
    assert_eq!(classes, expected);
}
