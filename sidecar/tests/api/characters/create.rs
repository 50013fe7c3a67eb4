//! `POST /characters`.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::testing::TestApp;

#[tokio::test]
async fn a_character_comes_back_flat() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let body = json!({"name": "Zoë the Third", "class_id": "mage"});
    let made = app.post("/characters", body).bearer(&user.access).send().await.expect(StatusCode::CREATED);
    let id: Uuid = made["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    // The map is start_map of world.toml.
    let expected = json!({
        "id": id, "name": "Zoë the Third", "level": 1, "experience": 0, "class_id": "mage", "class_name": "Mage",
        "map_id": 7, "position": {"x": 0.0, "y": 0.0}, "in_world": false,
        "created_at_ms": app.state().clock.now_ms(), "deletes_at_ms": null, "appearance": {},
    });
    assert_eq!(made, expected);
    assert_eq!(app.list(&user).await, json!([expected]));
}

#[tokio::test]
async fn a_name_is_taken_in_any_case_and_by_anybody() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    // An I looks like an l, an i does not: that Iris and IRIS are one, their looks do not say.
    for (number, (name, same)) in [("Zoë", "ZOË"), ("Iris", "IRIS")].into_iter().enumerate() {
        app.character(&ann, name).await;
        let body = json!({"name": same, "class_id": "mage"});
        for user in [&bob, &ann] {
            app.post("/characters", body.clone()).bearer(&user.access).send().await.problem(409, "NAME_TAKEN");
        }
        assert_eq!(app.list(&bob).await, json!([]));
        assert_eq!(app.list(&ann).await.as_array().unwrap().len(), number + 1);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    for (body, wrong) in [
        (json!({"name": "x", "class_id": "mage"}), &["name"][..]),
        (json!({"name": "<script>", "class_id": "mage"}), &["name"]),
        (json!({"class_id": "mage"}), &["name"]),
        (json!({"name": "Zoe"}), &["class_id"]),
        (json!({"name": "Zoe", "class_id": "king"}), &["class_id"]),
        (json!({}), &["class_id", "name"]),
    ] {
        let answer = app.post("/characters", body.clone()).bearer(&user.access).send().await;
        assert_eq!(answer.wrong_fields(), wrong, "{body}");
    }
    assert_eq!(app.list(&user).await, json!([]));
}

#[tokio::test]
async fn an_account_has_eight() {
    let app = TestApp::start().await;
    let (user, bob) = (app.register("ann").await, app.register("bob").await);
    for letter in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        app.character(&user, &format!("Zoe {letter}")).await;
    }
    let body = json!({"name": "Zoe I", "class_id": "mage"});
    app.post("/characters", body).bearer(&user.access).send().await.problem(409, "TOO_MANY_CHARACTERS");
    assert_eq!(app.list(&user).await.as_array().unwrap().len(), 8);
    app.character(&bob, "Zoe I").await;
}

#[tokio::test]
async fn it_needs_a_token() {
    let app = TestApp::start().await;
    let body = json!({"name": "Zoe", "class_id": "mage"});
    app.post("/characters", body.clone()).send().await.problem(401, "UNAUTHORIZED");
    app.post("/characters", body).bearer("a.b.c").send().await.problem(401, "UNAUTHORIZED");
    let user = app.register("ann").await;
    app.character(&user, "Zoe").await;
}

#[tokio::test]
async fn names_that_look_alike_are_one() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    app.character(&ann, "Zxilda").await;
    let ask = async |name: &str| {
        let body = json!({"name": name, "class_id": "mage"});
        app.post("/characters", body).bearer(&bob.access).send().await
    };
    for same in ["Zxilda", "zxIlda", "ZxiIda", "Zxi1da", "Ｚxilda"] {
        ask(same).await.problem(409, "NAME_TAKEN");
    }
    for bad in
        ["Zxilda\u{3164}", "Zxilda\u{ffa0}", "\u{3164}\u{3164}\u{3164}", "Zxіlda", "Zxil\u{202e}da", "Admin", "G M"]
    {
        ask(bad).await.problem(422, "VALIDATION_FAILED");
    }
    let made = ask("Ｂｏｂ").await.expect(StatusCode::CREATED);
    assert_eq!(made["name"], "Bob", "a name is shown in its normal form");
}

#[tokio::test]
async fn an_account_makes_only_so_many_a_day() {
    let app = TestApp::start_with(|settings| {
        settings.characters.character_creations_per_day = 3;
        settings.characters.character_deletion_grace_h = 0;
        settings.access_token_seconds = 7 * 24 * 60 * 60;
    })
    .await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    for name in ["Zoe", "Zora", "Zita"] {
        let made = app.character(&ann, name).await;
        app.delete(&format!("/characters/{made}")).bearer(&ann.access).send().await.expect(StatusCode::NO_CONTENT);
    }
    let refused = async |wait: &str| {
        let body = json!({"name": "Zelda", "class_id": "mage"});
        let refused = app.post("/characters", body).bearer(&ann.access).send().await;
        refused.problem(429, "RATE_LIMITED");
        assert_eq!(refused.header("retry-after"), Some(wait));
    };
    refused("86401").await;
    app.character(&bob, "Bob").await;
    app.advance(Duration::from_secs(86_399));
    refused("2").await;
    app.advance(Duration::from_secs(1));
    app.character(&ann, "Zelda").await;
}
