//! The gateway client against a double of the gateway.

use axum::Router;
use axum::extract::ws::{CloseFrame, Message as WsMessage, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::routing::get;
use realmgate_protocol::entry::SpawnPosition;
use realmgate_protocol::ids::MapId;

use super::*;

/// A gateway that welcomes the token `good`, and knows only the character `hero`.
async fn gateway() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let upgrade = async |headers: HeaderMap, upgrade: WebSocketUpgrade| {
        let good = headers.get("authorization").is_some_and(|value| value == "Bearer good");
        upgrade.on_upgrade(move |socket| play(socket, good))
    };
    let routes = Router::new().route("/ws", get(upgrade));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("ws://{address}")
}

async fn play(mut socket: WebSocket, good: bool) {
    if !good {
        let close = CloseFrame { code: 1_008, reason: "Invalid token".into() };
        let _ = socket.send(WsMessage::Close(Some(close))).await;
        return;
    }
    let say = |value: Value| WsMessage::Text(value.to_string().into());
    let welcome = json!({ "event": "welcome", "data": { "message": "Connected to Gateway" } });
    let _ = socket.send(say(welcome)).await;
    while let Some(Ok(WsMessage::Text(text))) = socket.recv().await {
        let asked: Value = serde_json::from_str(&text).unwrap();
        let answer = if asked["data"]["character_id"] == "hero" {
            json!({ "event": "enter_world_success", "data": {
                "character_id": "hero", "map_name": "greenvale",
                "map_ip": "127.0.0.1", "map_port": 4001, "ticket": "t", "spawn_pos": { "x": 1.5, "y": 2 },
                "map_id": "1", "channel": asked["data"]["channel"], "server_id": "map-server-1",
                "connect_token": "c", "map_ws_url": "wss://maps.example/1",
                "map_wt_url": "https://maps.example/1", "map_wt_cert_sha256": null, "protocol_hash": "00000000000000ff", "expires_in": 30,
            } })
        } else {
            let data = json!({ "code": "CHARACTER_NOT_FOUND", "message": "No such character." });
            json!({ "event": "error", "code": "CHARACTER_NOT_FOUND", "message": "x", "data": data })
        };
        let _ = socket.send(say(answer)).await;
    }
}

#[tokio::test]
async fn an_admission_has_every_field() {
    let mut gateway = Gateway::connect(&gateway().await, "good").await.unwrap();
    let admission = gateway.enter_world("hero", Some(ChannelId(2))).await.unwrap();
    let expected = EntryGrant {
        character_id: Some("hero".to_owned()),
        map_ip: "127.0.0.1".to_owned(),
        map_port: 4001,
        ticket: "t".to_owned(),
        spawn_pos: Some(SpawnPosition { x: 1.5, y: 2.0 }),
        map_id: 1,
        map_name: Some("greenvale".to_owned()),
        channel: 2,
        server_id: "map-server-1".to_owned(),
        connect_token: "c".to_owned(),
        renet_connect_token: None,
        map_ws_url: Some("wss://maps.example/1".to_owned()),
        map_wt_url: Some("https://maps.example/1".to_owned()),
        map_wt_cert_sha256: None,
        protocol_hash: "00000000000000ff".to_owned(),
        expires_in: 30,
    };
    assert_eq!(admission, expected);
    assert_eq!(admission.map(), MapId(1));
}

#[tokio::test]
async fn the_message_of_the_welcome_is_kept() {
    let gateway = Gateway::connect(&gateway().await, "good").await.unwrap();
    assert_eq!(gateway.welcome(), "Connected to Gateway");
}

#[test]
fn a_logged_text_is_one_short_line() {
    assert_eq!(loggable("Connected to Gateway"), "Connected to Gateway");
    assert_eq!(loggable("\u{1b}[31mred\nlines\u{9b}"), " [31mred lines ");
    assert_eq!(loggable(&"é".repeat(1_000)).chars().count(), LOGGED_AT_MOST);
}

#[tokio::test]
async fn an_error_has_its_code_and_the_socket_goes_on() {
    let mut gateway = Gateway::connect(&gateway().await, "good").await.unwrap();
    let error = gateway.enter_world("nobody", None).await.unwrap_err();
    assert_eq!(error.code(), Some("CHARACTER_NOT_FOUND"));
    assert!(gateway.enter_world("hero", Some(ChannelId(1))).await.is_ok());
}

#[tokio::test]
async fn a_bad_token_is_told_by_the_close_code() {
    let error = Gateway::connect(&gateway().await, "bad").await.unwrap_err();
    assert!(matches!(error, GatewayError::Closed { code: 1_008, ref reason } if reason == "Invalid token"), "{error}");
    let replaced = GatewayError::Closed { code: 4_001, reason: "Invalid token".to_owned() };
    let wants_fresh = [&error, &replaced, &GatewayError::Silent].map(GatewayError::wants_fresh_tokens);
    assert_eq!(wants_fresh, [true, false, false]);
}

#[test]
fn an_error_may_have_its_fields_at_the_top_alone() {
    let said = read(r#"{"event":"error","code":"MAP_FULL","message":"m"}"#).unwrap();
    assert_eq!((said.event.as_str(), said.data["code"].as_str()), ("error", Some("MAP_FULL")));
    assert!(read("{}").is_err() && read("nonsense").is_err());
}
