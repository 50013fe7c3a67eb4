//! Characters as administrators find them.

use axum::http::StatusCode;
use serde_json::Value;

use crate::testing::TestApp;

fn names(found: &Value) -> Vec<&str> {
    found["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn characters_are_found_by_how_their_names_begin() {
    let app = TestApp::start().await;
    // The first account is the administrator.
    let admin = app.register("warden").await;
    for (user, name) in [("one", "Annabel"), ("two", "Ann"), ("three", "Berta")] {
        let user = app.register(user).await;
        app.character(&user, name).await;
    }
    let find = async |name: &str| {
        let call = app.get(&format!("/api/v1/admin/characters?name={name}")).bearer(&admin.access);
        call.send().await.expect(StatusCode::OK)
    };
    assert_eq!(names(&find("aNN").await), ["Ann", "Annabel"]);
    assert_eq!(names(&find("Annab").await), ["Annabel"]);
    assert_eq!(names(&find("").await), ["Ann", "Annabel", "Berta"], "any, by name");
    assert_eq!(names(&find("Zoe").await), [""; 0]);
    let berta = find("Berta").await["data"][0]["id"].as_str().unwrap().to_owned();
    let read = app.get(&format!("/api/v1/admin/characters/{berta}")).bearer(&admin.access);
    assert_eq!(read.send().await.expect(StatusCode::OK)["data"]["name"], "Berta");
}
