//! `GET /characters/{id}/internal`.

use axum::http::{Method, StatusCode};
use realmgate_sidecar::config::Settings;
use serde_json::json;

use crate::testing::TestApp;

#[tokio::test]
async fn our_servers_see_every_character_on_both_listeners() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    let zoe = app.character(&ann, "Zoe").await;
    app.lock(&zoe).await;
    let tom = app.character(&bob, "Tom").await;
    let token = app.service_token().to_owned();
    for (id, user, owner) in [(&zoe, &ann, "map:map-server-1"), (&tom, &bob, "none")] {
        // What its player sees of it, and two fields more.
        let mut expected = app.list(user).await[0].clone();
        (expected["user_id"], expected["lock_owner"]) = (json!(user.id), json!(owner));
        let path = format!("/characters/{id}/internal");
        for call in [app.get(&path), app.get_internal(&path)] {
            assert_eq!(call.bearer(&token).send().await.expect(StatusCode::OK), expected);
        }
    }
    let seen = app.list(&ann).await[0].clone();
    assert_eq!((&seen["id"], &seen["in_world"]), (&json!(zoe), &json!(true)));
    assert_eq!((&seen["map_id"], &seen["position"]), (&json!(3), &json!({"x": 1.5, "y": -0.5})));
}

#[tokio::test]
async fn nobody_else_does() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let zoe = app.character(&user, "Zoe").await;
    let path = format!("/characters/{zoe}/internal");
    let almost = format!("{}x", app.service_token());
    for port in [false, true] {
        let call = || app.call_on(port, Method::GET, &path);
        for call in [call(), call().bearer(&user.access), call().bearer(&almost)] {
            call.send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
        }
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
    // From this machine, but for somebody outside: a page whose name was led here, or a proxy's client.
    app.get(&path).header("host", "evil.example").send().await.problem(421, "MISDIRECTED");
    app.get(&path).header("x-forwarded-for", "203.0.113.9").send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
    let exposed = TestApp::start_with(|settings| {
        open(settings);
        settings.api_addr = "0.0.0.0:0".parse().unwrap();
    })
    .await;
    for call in [exposed.get(&path), exposed.get_internal(&path)] {
        call.send().await.problem(401, "SERVICE_TOKEN_REQUIRED");
    }
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
