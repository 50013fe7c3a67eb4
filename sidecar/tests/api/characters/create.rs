//! `POST /characters`.

use axum::http::StatusCode;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn a_character_comes_back_flat() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let body = json!({"name": "Zoë the Third", "class_id": "mage"});
    let made = app.post("/characters", body).bearer(&user.access).send().await.expect(StatusCode::CREATED);
    assert!(made["id"].is_string());
    assert_eq!(made["name"], "Zoë the Third");
    assert_eq!(made["level"], 1);
    assert_eq!((&made["class_id"], &made["class_name"]), (&json!("mage"), &json!("Mage")));
    assert_eq!(made["map_id"], 7, "start_map of world.toml");
    assert_eq!(made["position"], json!({"x": 0.0, "y": 0.0}));
}

#[tokio::test]
async fn a_name_is_taken_in_any_case_and_by_anybody() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    app.character(&ann, "Zoë").await;
    let body = json!({"name": "ZOË", "class_id": "mage"});
    app.post("/characters", body).bearer(&bob.access).send().await.problem(409, "NAME_TAKEN");
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    for (body, field) in [
        (json!({"name": "x", "class_id": "mage"}), "name"),
        (json!({"name": "<script>", "class_id": "mage"}), "name"),
        (json!({"class_id": "mage"}), "name"),
        (json!({"name": "Zoe"}), "class_id"),
        (json!({"name": "Zoe", "class_id": "king"}), "class_id"),
    ] {
        let answer = app.post("/characters", body.clone()).bearer(&user.access).send().await;
        let problem = answer.problem(422, "VALIDATION_FAILED");
        assert!(problem["errors"][field][0].is_string(), "{body}: {problem}");
    }
}

#[tokio::test]
async fn an_account_has_eight() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    for letter in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        app.character(&user, &format!("Zoe {letter}")).await;
    }
    let body = json!({"name": "Zoe I", "class_id": "mage"});
    app.post("/characters", body).bearer(&user.access).send().await.problem(409, "TOO_MANY_CHARACTERS");
}

#[tokio::test]
async fn it_needs_a_token() {
    let app = TestApp::start().await;
    let body = json!({"name": "Zoe", "class_id": "mage"});
    app.post("/characters", body).send().await.problem(401, "UNAUTHORIZED");
}
