//! The community's accounts are the world's: who came by device plays.

use realmgate_tests::account::fresh_name;
use realmgate_tests::{Gateway, InWorld};
use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::servers::world;

on_every_backend!(who_came_by_device_plays_until_the_account_is_deleted);

async fn who_came_by_device_plays_until_the_account_is_deleted(backend: Backend) {
    let world = world(backend).await;
    let device = json!({"device_id": fresh_name("device ")});
    let tokens = world.api().post("/api/v1/login/device", device).await.json(200);
    let token = tokens["data"]["access_token"].as_str().expect("a token");
    let api = world.api().with_token(token);
    let classes = api.get("/character-classes").await.json(200);
    let body = json!({"name": fresh_name("Hero "), "class_id": classes[0]["id"]});
    let character = api.post("/characters", body).await.json(201)["id"].as_str().expect("text").to_owned();
    let mut gateway = Gateway::open(world.gateway(), token).await;
    let data = gateway.entered(&character).await;
    let mut player = InWorld::connect(&data).await;
    let start = player.position();
    assert_ne!(player.walk().await, start, "it walks");
    assert_eq!(api.get("/api/v1/me").await.json(200)["is_online"], true);
    assert_eq!(api.delete("/api/v1/me").await.json(200), json!({}));
    player.until_left().await;
    api.get("/api/v1/me").await.json(401);
}
