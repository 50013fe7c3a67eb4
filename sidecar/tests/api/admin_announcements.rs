//! What administrators say to every player.

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn an_announcement_is_one_line_that_players_can_read() {
    let app = TestApp::start().await;
    // The first account is the administrator.
    let admin = app.register("warden").await;
    let announce = async |text: &str| {
        app.post("/api/v1/admin/announcements", json!({"text": text})).bearer(&admin.access).send().await
    };
    for text in ["The realm restarts at noon", &"x".repeat(240)] {
        let announced = announce(text).await.expect(StatusCode::OK);
        assert_eq!(announced["data"], json!({"servers": 0, "players": 0}));
    }
    for wrong in ["", " ", "two\nlines", "\u{202e}cod.exe", &"x".repeat(241)] {
        let refused = announce(wrong).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused["errors"]["text"].is_array(), "{refused}");
    }
}
