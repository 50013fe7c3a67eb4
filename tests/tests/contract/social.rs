//! Whispers, the chat of a map and the log-out between a player in the world and a user at the realtime socket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::realm::{ChatScope, ClientMessage};
use realmgate_tests::account::fresh_name;
use realmgate_tests::wait::PATIENCE;
use realmgate_tests::{Api, Gateway, InWorld};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::backend::{Backend, on_every_backend};
use crate::servers::world;

on_every_backend!(a_player_in_the_world_and_a_user_at_a_socket_talk);

/// How long a first event may take to cross to another replica before it is sent again.
const ONCE_MORE: Duration = Duration::from_secs(2);

/// A user at the realtime socket.
struct Social {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    user: String,
    last: u32,
}

impl Social {
    async fn open(api: &Api, user_id: &str, token: &str) -> Self {
        let url = api.socket_url(&format!("/socket/websocket?token={token}&vsn=2.0.0"));
        let (socket, _) = connect_async(url).await.expect("the socket opens");
        let mut social = Self { socket, user: format!("user:{user_id}"), last: 0 };
        let user = social.user.clone();
        social.push_on(&user, "phx_join", json!({})).await;
        social
    }

    async fn frame(&mut self) -> Value {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("a frame").expect("it is open");
        serde_json::from_str(message.expect("a message").to_text().expect("text")).expect("JSON")
    }

    /// Pushes, and waits for the reply, which must be good. Events before it are dropped.
    async fn push_on(&mut self, topic: &str, event: &str, payload: Value) {
        self.last += 1;
        let own = self.last.to_string();
        let join_ref = if event == "phx_join" { json!(own) } else { Value::Null };
        let frame = json!([join_ref, own, topic, event, payload]).to_string();
        self.socket.send(Message::Text(frame.into())).await.expect("it is open");
        loop {
            let frame = self.frame().await;
            if frame[1] == own {
                assert_eq!(frame[4]["status"], "ok", "{event}: {frame}");
                return;
            }
        }
    }

    async fn push(&mut self, event: &str, payload: Value) {
        let user = self.user.clone();
        self.push_on(&user, event, payload).await;
    }

    /// The payload of the next event of this name.
    async fn event(&mut self, event: &str) -> Value {
        loop {
            let frame = self.frame().await;
            if frame[3] == event {
                return frame[4].clone();
            }
        }
    }
}

/// A new account by device: its id, its user name, its calls and its token.
async fn device(api: &Api) -> (String, String, Api, String) {
    let tokens = api.post("/api/v1/login/device", json!({"device_id": fresh_name("device ")})).await.json(200);
    let text = |name: &str| tokens["data"][name].as_str().expect("text").to_owned();
    let token = text("access_token");
    (text("user_id"), text("username"), api.with_token(&token), token)
}

async fn a_player_in_the_world_and_a_user_at_a_socket_talk(backend: Backend) {
    let world = world(backend).await;
    let (ann_id, _, ann, ann_token) = device(&world.api()).await;
    let (ben_id, ben_name, ben, ben_token) = device(&world.api()).await;
    let name = fresh_name("Hero ");
    let classes = ann.get("/character-classes").await.json(200);
    let body = json!({"name": name, "class_id": classes[0]["id"]});
    let character = ann.post("/characters", body).await.json(201)["id"].as_str().expect("text").to_owned();
    let mut gateway = Gateway::open(world.gateway(), &ann_token).await;
    let data = gateway.entered(&character).await;
    let (mut player, map) = (InWorld::connect(&data).await, data["map_id"].clone());
    let mut at_ben = Social::open(&ben, &ben_id, &ben_token).await;
    let (topic, ben_name) = (format!("map:{map}"), format!("@{ben_name}"));
    at_ben.push_on(&topic, "phx_join", json!({})).await;

    at_ben.push("whisper", json!({"to": name.to_uppercase(), "text": "psst"})).await;
    assert_eq!(player.reads("psst").await, (ChatScope::Whisper, ben_name.clone()));
    let whisper = ClientMessage::Whisper { to: ben_name.clone(), text: "yes?".to_owned() };
    let received = loop {
        player.ask(&whisper);
        // The player stays in the world meanwhile.
        let answered = async {
            tokio::select! {
                received = at_ben.event("whisper") => received,
                said = player.reads("nobody says this") => panic!("{said:?}"),
            }
        };
        if let Ok(received) = timeout(ONCE_MORE, answered).await {
            break received;
        }
    };
    assert_eq!((&received["text"], &received["from"]["name"]), (&json!("yes?"), &json!(name)));
    assert_eq!(
        (&received["from"]["user_id"], &received["from"]["character"]["id"]),
        (&json!(ann_id), &json!(character))
    );

    at_ben.push_on(&topic, "chat", json!({"text": "hello, map"})).await;
    assert_eq!(player.reads("hello, map").await, (ChatScope::Channel, ben_name));
    player.ask(&ClientMessage::Chat { text: "hello, user".to_owned() });
    assert_eq!(player.reads("hello, user").await.0, ChatScope::Channel);
    let said = loop {
        let said = at_ben.event("chat").await;
        if said["text"] == "hello, user" {
            break said;
        }
    };
    assert_eq!((&said["from"]["name"], &said["map"]), (&json!(name), &map));

    let mut at_ann = Social::open(&ann, &ann_id, &ann_token).await;
    at_ann.push("log_out", json!({})).await;
    player.until_left().await;
    ann.get("/characters").await.json(401);
}
