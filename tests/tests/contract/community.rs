//! The community's accounts are the world's: who came by device plays.

use futures_util::{SinkExt, StreamExt};
use realmgate_tests::account::fresh_name;
use realmgate_tests::wait::PATIENCE;
use realmgate_tests::{Api, Gateway, InWorld};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::backend::{Backend, on_every_backend};
use crate::servers::world;

on_every_backend!(who_came_by_device_plays_until_the_account_is_deleted, friends_see_in_which_map_who_lets_them_is,);

async fn who_came_by_device_plays_until_the_account_is_deleted(backend: Backend) {
    let world = world(backend).await;
    // The first account administers the realm, and stays.
    device(&world.api()).await;
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

/// A new account by device: its id and its calls.
async fn device(api: &Api) -> (String, Api, String) {
    let tokens = api.post("/api/v1/login/device", json!({"device_id": fresh_name("device ")})).await.json(200);
    let text = |name: &str| tokens["data"][name].as_str().expect("text").to_owned();
    let token = text("access_token");
    (text("user_id"), api.with_token(&token), token)
}

async fn friends_see_in_which_map_who_lets_them_is(backend: Backend) {
    let world = world(backend).await;
    let ((ann_id, ann, ann_token), (ben_id, ben, ben_token)) = (device(&world.api()).await, device(&world.api()).await);
    ann.post("/api/v1/friends", json!({"target_user_id": ben_id})).await.json(201);
    ben.post("/api/v1/friends", json!({"target_user_id": ann_id})).await.json(201);
    ann.patch("/api/v1/me/show_map", json!({"show_map": true})).await.json(200);
    let url = ben.socket_url(&format!("/socket/websocket?token={ben_token}&vsn=2.0.0"));
    let (mut socket, _) = connect_async(url).await.expect("the socket opens");
    let join = json!(["1", "1", format!("user:{ben_id}"), "phx_join", {}]).to_string();
    socket.send(Message::Text(join.into())).await.expect("it is open");
    // What the next event says of Ann that is about where she is.
    let mut seen = async || loop {
        let message =
            timeout(PATIENCE, socket.next()).await.expect("an event").expect("it is open").expect("a message");
        let frame: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
        if frame[3] == "friend_updated" {
            let ann = frame[4]["friends"][&ann_id].clone();
            return (ann["is_online"] == true, ann["map_id"].as_u64());
        }
    };
    assert_eq!(seen().await, (false, None), "as things stand");

    let classes = ann.get("/character-classes").await.json(200);
    let body = json!({"name": fresh_name("Hero "), "class_id": classes[0]["id"]});
    let character = ann.post("/characters", body).await.json(201)["id"].as_str().expect("text").to_owned();
    let mut gateway = Gateway::open(world.gateway(), &ann_token).await;
    assert_eq!(seen().await, (true, None), "she is at the gateway");
    let data = gateway.entered(&character).await;
    let player = InWorld::connect(&data).await;
    let map = Some(data["map_id"].as_u64().expect("a number"));
    assert_eq!(seen().await, (true, map), "she is in the world");
    assert_eq!(ben.get("/api/v1/me/friends").await.json(200)["data"][0]["map_id"].as_u64(), map);
    ann.delete("/api/v1/logout").await.json(200);
    player.until_left().await;
    while seen().await != (false, None) {}
}
