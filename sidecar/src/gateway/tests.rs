//! The gateway's socket over a real connection.

use std::time::Duration;

use futures_util::{SinkExt, Stream, StreamExt};
use realmgate_platform::config::Origins;
use realmgate_platform::testing::soon;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::service::world::testing::{Client, TestWorld};

fn url(world: &TestWorld) -> String {
    format!("ws://{}/ws", world.state().addrs.gateway)
}

/// The next message on a socket that sends what no client of ours sends.
async fn heard(socket: &mut (impl Stream<Item = Result<Message, Error>> + Unpin)) -> Value {
    let message = soon("a gateway message", socket.next()).await.unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_is_taken_from_query_header_and_subprotocol() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let url = url(&world);
    let mut by_query = Client::open(&format!("{url}?token={}", player.token), &[]).await;
    let welcome = by_query.expect("welcome").await;
    assert_eq!(welcome["message"], "Connected to Gateway");
    assert_eq!(welcome["user_id"], player.account.to_string());
    let header = format!("Bearer {}", player.token);
    let mut by_header = Client::open(&url, &[("authorization", &header)]).await;
    by_header.expect("welcome").await;
    let protocols = format!("bearer, {}", player.token);
    let mut by_subprotocol = Client::open(&url, &[("sec-websocket-protocol", &protocols)]).await;
    by_subprotocol.expect("welcome").await;
    assert_eq!(by_query.closed().await, (4001, "Replaced".to_owned()));
    assert_eq!(by_header.closed().await, (4001, "Replaced".to_owned()));
}

#[tokio::test]
async fn a_bad_token_is_told_after_the_handshake() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let url = url(&world);
    for query in ["", "?token=", "?token=forged"] {
        let mut client = Client::open(&format!("{url}{query}"), &[]).await;
        assert_eq!(client.closed().await, (1008, "Invalid token".to_owned()), "{query}");
    }
    world.clock.advance(Duration::from_secs(16 * 60));
    let mut client = Client::open(&format!("{url}?token={}", player.token), &[]).await;
    assert_eq!(client.closed().await, (1008, "Invalid token".to_owned()), "expired");
}

#[tokio::test]
async fn opening_a_socket_is_a_call_of_the_account() {
    let world = TestWorld::start_with(|config| config.limits.calls_per_min = 1).await;
    let player = world.player("Ann").await;
    let url = format!("{}?token={}", url(&world), player.token);
    Client::open(&url, &[]).await.expect("welcome").await;
    assert_eq!(Client::open(&url, &[]).await.closed().await, (1008, "Rate limited".to_owned()));
}

#[tokio::test]
async fn tokens_in_the_query_can_be_turned_off() {
    let world = TestWorld::start_with(|config| config.gateway.query_token = false).await;
    let player = world.player("Ann").await;
    let mut client = Client::open(&format!("{}?token={}", url(&world), player.token), &[]).await;
    assert_eq!(client.closed().await, (1008, "Invalid token".to_owned()));
    let header = format!("Bearer {}", player.token);
    Client::open(&url(&world), &[("authorization", &header)]).await.expect("welcome").await;
}

#[tokio::test]
async fn pages_of_other_origins_may_not_connect() {
    let world = TestWorld::start_with(|config| {
        config.gateway.origins = Origins::parse(Some("https://play.example")).unwrap();
    })
    .await;
    let player = world.player("Ann").await;
    let url = format!("{}?token={}", url(&world), player.token);
    assert_eq!(Client::refused(&url, &[("origin", "https://evil.example")]).await, 403);
    let mut client = Client::open(&url, &[("origin", "https://play.example")]).await;
    client.expect("welcome").await;
    player.connect().await;
}

#[tokio::test]
async fn what_is_no_message_is_answered_and_the_socket_stays_open() {
    let world = TestWorld::start().await;
    let mut client = world.player("Ann").await.connect().await;
    for bad in ["not json", r#"{"event":"dance","data":{}}"#, r#"{"event":"enter_world","data":{}}"#, "{}"] {
        client.send_text(bad).await;
        assert_eq!(client.expect_error().await, "BAD_MESSAGE", "{bad}");
    }
    client.send("leave_world", json!({})).await;
    client.expect("leave_world_success").await;

    let binary = format!("{}?token={}", url(&world), world.player("Ben").await.token);
    let (mut socket, _) = soon("the handshake", tokio_tungstenite::connect_async(binary)).await.unwrap();
    assert_eq!(heard(&mut socket).await["event"], "welcome");
    let leave = r#"{"event":"leave_world"}"#;
    socket.send(Message::binary(leave)).await.unwrap();
    assert_eq!(heard(&mut socket).await["code"], "BAD_MESSAGE", "messages are text");
    socket.send(Message::text(leave)).await.unwrap();
    assert_eq!(heard(&mut socket).await["event"], "leave_world_success");
}

#[tokio::test]
async fn too_many_messages_are_refused_until_the_window_has_passed() {
    let world = TestWorld::start_with(|config| config.limits.gateway_messages_per_10s = 3).await;
    let mut client = world.player("Ann").await.connect().await;
    for expected in ["BAD_MESSAGE", "BAD_MESSAGE", "BAD_MESSAGE", "RATE_LIMITED"] {
        client.send_text("{}").await;
        assert_eq!(client.expect_error().await, expected);
    }
    for (left, expected) in [(Duration::from_millis(9_999), "RATE_LIMITED"), (Duration::from_millis(1), "BAD_MESSAGE")]
    {
        world.clock.advance(left);
        client.send_text("{}").await;
        assert_eq!(client.expect_error().await, expected);
    }
}

#[tokio::test]
async fn whoever_goes_on_sending_too_often_is_left() {
    let world = TestWorld::start_with(|config| config.limits.gateway_messages_per_10s = 3).await;
    let mut client = world.player("Ann").await.connect().await;
    // A message that is let through again begins the count anew.
    for refused in [59, 60] {
        for sent in 0..3 + refused {
            client.send_text("{}").await;
            let expected = if sent < 3 { "BAD_MESSAGE" } else { "RATE_LIMITED" };
            assert_eq!(client.expect_error().await, expected, "{sent}");
        }
        world.clock.advance(Duration::from_secs(10));
    }
    assert_eq!(client.closed().await, (1008, "Rate limited".to_owned()));
}

#[tokio::test]
async fn a_new_socket_is_no_new_allowance() {
    let world = TestWorld::start_with(|config| {
        config.limits.gateway_messages_per_10s = 1;
        config.limits.calls_per_min = 2;
    })
    .await;
    let player = world.player("Ann").await;
    let mut first = player.connect().await;
    first.send_text("{}").await;
    assert_eq!(first.expect_error().await, "BAD_MESSAGE");
    let mut second = player.connect().await;
    second.send_text("{}").await;
    assert_eq!(second.expect_error().await, "RATE_LIMITED", "messages count by account");
    let mut third = Client::open(&format!("{}?token={}", url(&world), player.token), &[]).await;
    assert_eq!(third.closed().await, (1008, "Rate limited".to_owned()), "and so do sockets");
}

#[tokio::test]
async fn a_message_of_more_than_4_kib_ends_the_socket() {
    let world = TestWorld::start().await;
    let mut client = world.player("Ann").await.connect().await;
    client.send_text(&"x".repeat(4_096)).await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE");
    client.send_text(&"x".repeat(4_097)).await;
    assert_eq!(client.closed().await, (1009, "The message is larger than 4 KiB".to_owned()));

    // Nor may its parts be longer together.
    let ben = format!("{}?token={}", url(&world), world.player("Ben").await.token);
    let (mut socket, _) = soon("the handshake", tokio_tungstenite::connect_async(ben)).await.unwrap();
    assert_eq!(heard(&mut socket).await["event"], "welcome");
    for (part, is_last) in [(Data::Text, false), (Data::Continue, true)] {
        let part = Frame::message("x".repeat(2_049), OpCode::Data(part), is_last);
        socket.send(Message::Frame(part)).await.unwrap();
    }
    let closed = soon("a close", socket.next()).await.unwrap().unwrap();
    assert!(matches!(&closed, Message::Close(Some(frame)) if u16::from(frame.code) == 1009), "{closed:?}");
}
