//! Socket.IO through the doors of a realm: each client has a socket of its own at the service, and a login that ends closes them at
//! every door. How packets are relayed is tested in `sidecar/door/tests/socketio`.

use std::net::SocketAddr;

use axum::http::StatusCode;
use futures_util::{SinkExt, StreamExt};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::backends::{Player, Realm, on_every_backend};
use crate::place::{Socket, answer, client, dictionary, door_of};
use crate::service::RawService;

on_every_backend!(settings =>
    event_comes_back_with_the_user_of_its_client,
    ended_login_closes_its_sockets_at_every_door,
);

fn settings(settings: &mut Settings) {
    let url = RawService::start(|stream, _| serve(stream)).keep();
    let services = format!("[services.shop]\nurl = \"{url}\"\n[services.shop.socket_io]\nnamespace = \"/shop\"\n");
    settings.services_file = dictionary(&services);
}

/// A Socket.IO service: it confirms a client, and answers each event with the id of its user.
async fn serve(stream: TcpStream) {
    let mut socket = accept_async(stream).await.unwrap();
    let open =
        json!({"sid": "engine", "upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 100_000});
    socket.send(Message::text(format!("0{open}"))).await.unwrap();
    let mut user = String::new();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        if let Some(auth) = text.strip_prefix("40") {
            let auth: Value = serde_json::from_str(auth).unwrap();
            assert!(auth.get("token").is_none(), "the token stays at the door");
            user = auth["userId"].as_str().unwrap().to_owned();
            socket.send(Message::text("40{\"sid\":\"socket\"}")).await.unwrap();
        } else if text.starts_with("42") {
            socket.send(Message::text(format!("42[\"user\",\"{user}\"]"))).await.unwrap();
        }
    }
}

/// The next packet for a client, which answers the pings before it.
async fn packet(socket: &mut Socket) -> String {
    loop {
        match socket.text().await.as_str() {
            "2" => socket.say("3").await,
            packet => return packet.to_owned(),
        }
    }
}

/// A client that has joined `/shop`.
async fn join(door: SocketAddr, player: &Player) -> Socket {
    let opened = Socket::try_open(door, "/socket.io/?EIO=4&transport=websocket", &[]).await;
    let (mut socket, _) = opened.unwrap_or_else(|refused| panic!("{refused:?}"));
    assert!(socket.text().await.starts_with("0{"));
    socket.say(&format!("40/shop,{}", json!({"token": player.access}))).await;
    assert_eq!(packet(&mut socket).await, "40/shop,{\"sid\":\"socket\"}");
    socket
}

/// Sends an event, and checks whose answer comes.
async fn asks(socket: &mut Socket, player: &Player) {
    socket.say("42/shop,[\"who\"]").await;
    assert_eq!(packet(socket).await, format!("42/shop,[\"user\",\"{}\"]", player.id));
}

fn doors(realm: &Realm) -> Vec<SocketAddr> {
    let mut doors = Vec::new();
    realm.each(|app| doors.push(door_of(app)));
    doors
}

async fn event_comes_back_with_the_user_of_its_client(realm: Realm) {
    let (ann, ben) = (realm.device("ann").await, realm.device("ben").await);
    for door in doors(&realm) {
        let (mut of_ann, mut of_ben) = (join(door, &ann).await, join(door, &ben).await);
        asks(&mut of_ann, &ann).await;
        asks(&mut of_ben, &ben).await;
    }
}

async fn ended_login_closes_its_sockets_at_every_door(realm: Realm) {
    let (ann, ben) = (realm.device("ann").await, realm.device("ben").await);
    let mut sockets = Vec::new();
    for door in doors(&realm) {
        sockets.push((join(door, &ann).await, join(door, &ben).await));
    }
    let app = realm.app();
    let ended = client().post(format!("http://{}/auth/logout", app.state().addrs.api)).bearer_auth(&ann.access);
    answer(ended.json(&json!({}))).await.expect(StatusCode::NO_CONTENT);
    for (mut of_ann, mut of_ben) in sockets {
        assert_eq!(packet(&mut of_ann).await, "41/shop,");
        asks(&mut of_ben, &ben).await;
    }
    for door in doors(&realm) {
        let opened = Socket::try_open(door, "/socket.io/?EIO=4&transport=websocket", &[]).await;
        let (mut socket, _) = opened.unwrap_or_else(|refused| panic!("{refused:?}"));
        assert!(socket.text().await.starts_with("0{"));
        socket.say(&format!("40/shop,{}", json!({"token": ann.access}))).await;
        let refused = packet(&mut socket).await;
        assert!(refused.starts_with("44/shop,") && refused.contains("INVALID_TOKEN"), "{refused}");
    }
}
