//! `GET /characters`.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn one_sees_ones_own_oldest_first() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    for (user, name) in [(&ann, "Zoe"), (&bob, "Tom"), (&ann, "Ada"), (&ann, "Kim")] {
        app.character(user, name).await;
        app.advance(Duration::from_secs(1));
    }
    // Older than one that was stored before it.
    app.execute("UPDATE characters SET created_at_ms = 1 WHERE name = 'Ada'").await;
    let list = app.list(&ann).await;
    for (list, names) in [(&list, &["Ada", "Zoe", "Kim"][..]), (&app.list(&bob).await, &["Tom"])] {
        let listed: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(listed, names);
    }
    assert_eq!(list[0]["class_name"], "Mage");
    assert_eq!(list[0]["level"], 1);
}

#[tokio::test]
async fn new_characters_stand_where_their_map_server_lets_them_begin() {
    let app = TestApp::start().await;
    let ann = app.register("ann").await;
    app.character(&ann, "Zoe").await;
    let position = async || app.list(&ann).await[0]["position"].take();
    assert_eq!(position().await, json!({"x": 0.0, "y": 0.0}), "no server says it");
    let server = json!({
        "id": "one", "name": "One", "ip": "127.0.0.1", "port": 4001, "supported_maps": [7, 8], "max_players": 2,
        "spawns": {"8": {"x": 1.0, "y": 1.0}, "7": {"x": 32.5, "y": 8.25}},
    });
    let register = app.post_internal("/map-registry/register", server).bearer(app.service_token());
    register.send().await.expect(StatusCode::CREATED);
    assert_eq!(position().await, json!({"x": 32.5, "y": 8.25}));
    app.execute("UPDATE characters SET map_id = 8, x = 1024, y = 2048").await;
    assert_eq!(position().await, json!({"x": 1.0, "y": 2.0}), "where it was when it left the world");
}

#[tokio::test]
async fn a_token_has_to_be_good() {
    let app = TestApp::start().await;
    app.get("/characters").send().await.problem(401, "UNAUTHORIZED");
    let answer = app.get("/characters").bearer("a.b.c").send().await;
    answer.problem(401, "UNAUTHORIZED");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    let service = app.service_token().to_owned();
    app.get("/characters").bearer(&service).send().await.problem(401, "UNAUTHORIZED");

    let user = app.register("ann").await;
    let (claims, signature) = user.access.rsplit_once('.').expect("a signature");
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{claims}.{first}{}", &signature[1..]);
    app.get("/characters").bearer(&forged).send().await.problem(401, "UNAUTHORIZED");
    app.get("/characters").bearer(&user.refresh).send().await.problem(401, "UNAUTHORIZED");
    assert_eq!(app.list(&user).await, json!([]));
}
