//! `GET /characters/{id}/internal`.

use axum::http::StatusCode;
use realmgate_sidecar::config::Settings;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn our_servers_see_every_character_on_both_listeners() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    app.lock(&zoe).await;
    let path = format!("/characters/{zoe}/internal");
    let token = app.service_token().to_owned();
    for call in [app.get(&path), app.get_internal(&path)] {
        let seen = call.bearer(&token).send().await.expect(StatusCode::OK);
        assert_eq!((&seen["id"], &seen["user_id"]), (&json!(zoe), &json!(user.id)));
        assert_eq!((&seen["name"], &seen["class_id"], &seen["level"]), (&json!("Zoe"), &json!("mage"), &json!(1)));
        assert_eq!((&seen["map_id"], &seen["position"]), (&json!(3), &json!({"x": 1.5, "y": -0.5})));
    }
}

#[tokio::test]
async fn nobody_else_does() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    let path = format!("/characters/{zoe}/internal");
    for call in [app.get(&path), app.get_internal(&path), app.get(&path).bearer(&user.access)] {
        call.send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
    }
}

#[tokio::test]
async fn an_open_registry_opens_it_as_long_as_nobody_from_outside_reaches_it() {
    let open = |settings: &mut Settings| settings.allow_unauthenticated_registry = true;
    let app = TestApp::start_with(open).await;
    let user = app.register("ann").await;
    let path = format!("/characters/{}/internal", app.character(&user, "Zoe").await);
    for call in [app.get(&path), app.get_internal(&path)] {
        assert_eq!(call.send().await.expect(StatusCode::OK)["user_id"], json!(user.id));
    }
    let exposed = TestApp::start_with(|settings| {
        open(settings);
        settings.api_addr = "0.0.0.0:0".parse().unwrap();
    });
    exposed.await.get_internal(&path).send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
}

#[tokio::test]
async fn unknown_characters_are_not_found() {
    let app = TestApp::start().await;
    let token = app.service_token().to_owned();
    for id in ["018f0000-0000-7000-8000-000000000001", "nonsense"] {
        let answer = app.get_internal(&format!("/characters/{id}/internal")).bearer(&token).send().await;
        answer.problem(404, "CHARACTER_NOT_FOUND");
    }
}
