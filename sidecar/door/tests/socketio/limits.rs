//! What clients and services may not do, and that others do not notice it.

use std::time::Duration;

use realmgate_door::socketio::Settings;
use realmgate_platform::testing::{a_moment, soon};
use serde_json::json;

use crate::fake::{End, FakeService, Seen, text};
use crate::world::{Door, service};
use crate::{Joined, join};

#[tokio::test]
async fn messages_out_of_order_close_the_connection() {
    let cases: [&[&str]; 9] = [
        &["4"],
        &["49"],
        &["45[]"],
        &["4517-/shop,[]"],
        &["451-/shop,[]", "42/shop,[]"],
        &["44/shop,{}"],
        &["40/forum,[]"],
        &["40/shop,{}"],
        &["7"],
    ];
    for case in cases {
        let Joined { mut client, mut socket, .. } = Joined::new().await;
        for message in case {
            client.send(*message).await;
        }
        assert!(client.until_closed().await.iter().all(|seen| *seen == text("1")), "{case:?}");
        assert_eq!(socket.next().await, Seen::Closed, "{case:?}");
    }
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    client.send_binary([1]).await;
    assert_eq!(socket.next().await, Seen::Closed);
    assert_eq!(client.until_closed().await, [text("1")], "an attachment without a packet");
}

#[tokio::test]
async fn messages_out_of_order_of_a_service_end_its_mirror() {
    let cases: [&[&str]; 6] = [&["451-[]", "42[]"], &["40{}"], &["44{}"], &["45[]"], &["4"], &["42[\"\x1e42[]\"]"]];
    for case in cases {
        let Joined { mut client, mut socket, .. } = Joined::new().await;
        for message in case {
            socket.send(*message).await;
        }
        assert_eq!(client.next().await, text("41/shop,"), "{case:?}");
        socket.until_closed().await;
    }
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    socket.send_binary([1]).await;
    assert_eq!(client.next().await, text("41/shop,"), "an attachment without a packet");
}

#[tokio::test]
async fn packet_above_the_limit_ends_the_mirror() {
    let limit = service("shop", "/", ([127, 0, 0, 1], 1).into()).limits.max_packet_bytes;
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    client.send("452-/shop,[]").await;
    client.send_binary(vec![0; limit / 2]).await;
    client.send_binary(vec![0; limit / 2]).await;
    assert_eq!(client.next().await, text("41/shop,"));
    assert_eq!(socket.until_closed().await, [text("41")]);

    let Joined { mut client, mut socket, .. } = Joined::new().await;
    socket.send(format!("42[\"{}\"]", "x".repeat(limit))).await;
    assert_eq!(client.next().await, text("41/shop,"));
    socket.until_closed().await;

    let Joined { mut client, mut socket, .. } = Joined::new().await;
    socket.send("42[]").await;
    socket.send_binary([]).await;
    assert_eq!(client.next().await, text("42/shop,[]"));
    assert_eq!(client.next().await, text("41/shop,"));
}

#[tokio::test]
async fn message_above_every_limit_closes_the_connection() {
    let settings = Settings { max_packet_bytes: 64 << 10, ..Settings::default() };
    let Joined { mut client, mut socket, .. } = Joined::with(settings).await;
    client.send(format!("42/shop,[\"{}\"]", "x".repeat(128 << 10))).await;
    client.until_closed().await;
    assert_eq!(socket.next().await, Seen::Closed);
}

#[tokio::test]
async fn client_that_sends_too_many_messages_is_closed() {
    // CONNECT counts as ten.
    let settings = Settings { inflow_messages: 29, ..Settings::default() };
    let joined = Joined::with(settings).await;
    let (mut other, mut others_socket) = joined.another().await;
    let Joined { mut client, mut socket, .. } = joined;
    for _ in 0..20 {
        client.send("42/shop,[]").await;
    }
    client.until_closed().await;
    let received = socket.until_closed().await;
    assert!(received.iter().all(|seen| *seen == text("42[]")) && received.len() == 19, "{received:?}");
    other.send("42/shop,[]").await;
    assert_eq!(others_socket.next().await, text("42[]"), "another client goes on");
}

#[tokio::test]
async fn client_that_sends_too_many_bytes_is_closed() {
    let settings = Settings { inflow_bytes: 0, max_packet_bytes: 10_000, ..Settings::default() };
    let Joined { mut client, mut socket, .. } = Joined::with(settings).await;
    for _ in 0..2 {
        client.send(format!("42/shop,[\"{}\"]", "x".repeat(6_000))).await;
    }
    client.until_closed().await;
    assert_eq!(socket.until_closed().await.len(), 1);
}

#[tokio::test]
async fn connection_above_the_maximum_is_closed_and_its_place_is_given_back() {
    let settings = Settings { max_connections: 2, ..Settings::default() };
    let joined = Joined::with(settings).await;
    let second = End::connect(joined.door.address).await;
    let mut third = End::connect(joined.door.address).await;
    third.until_closed().await;
    drop(second);
    let free = async {
        loop {
            let mut client = End::connect(joined.door.address).await;
            client.ask("/none", &json!({})).await;
            match client.next().await {
                Seen::Closed => a_moment().await,
                _ => return,
            }
        }
    };
    soon("a free place", free).await;
}

#[tokio::test]
async fn connection_without_a_namespace_is_closed() {
    let settings = Settings { join_within: Duration::from_millis(100), ..Settings::default() };
    let door = Door::open(settings, []).await;
    let mut idle = End::connect(door.address).await;
    assert_eq!(idle.until_closed().await, [text("1")]);
}

#[tokio::test]
async fn connection_that_has_left_its_namespaces_is_closed() {
    let settings = Settings { join_within: Duration::from_secs(1), ..Settings::default() };
    let Joined { mut client, mut socket, .. } = Joined::with(settings).await;
    client.send("41/shop,").await;
    assert_eq!(client.until_closed().await, [text("1")]);
    assert_eq!(socket.until_closed().await, [text("41")]);
}

#[tokio::test]
async fn client_that_does_not_answer_pings_is_closed() {
    let ping_interval = Duration::from_millis(500);
    let settings = Settings { ping_interval, ping_timeout: ping_interval, ..Settings::default() };
    // Its pings are answered by `End::next`, which this client does not call.
    let Joined { client, mut socket, .. } = Joined::with(settings).await;
    assert_eq!(socket.next().await, Seen::Closed);
    drop(client);
}

#[tokio::test]
async fn number_of_namespaces_is_bounded() {
    let shop = FakeService::listen().await;
    let services: Vec<_> = (0..17).map(|number| service(&format!("s{number}"), "/", shop.address)).collect();
    let door = Door::open(Settings::default(), services).await;
    let login = door.login(1).await;
    let mut client = End::connect(door.address).await;
    let mut sockets = Vec::new();
    for number in 0..16 {
        client.ask(&format!("/s{number}"), &json!({"token": login.token})).await;
        sockets.push(shop.join("/").await);
        client.confirmed(&format!("/s{number}")).await;
    }
    client.ask("/s16", &json!({"token": login.token})).await;
    assert_eq!(client.refused("/s16").await["data"], json!({"code": "RATE_LIMITED", "status": 429}));
}

#[tokio::test]
async fn client_that_does_not_read_is_closed_and_others_are_not() {
    let settings = Settings { slow_after: Duration::from_millis(200), ..Settings::default() };
    let joined = Joined::with(settings).await;
    let (mut other, mut others_socket) = joined.another().await;
    let Joined { client, mut socket, .. } = joined;
    let packet = format!("42[\"{}\"]", "x".repeat(32 << 10));
    // The kernel's buffers take some megabytes.
    let flooding = async { while socket.try_send(packet.clone()).await {} };
    soon("the end of the slow client's socket", flooding).await;
    others_socket.send("42[]").await;
    assert_eq!(other.next().await, text("42/shop,[]"));
    drop(client);
}

#[tokio::test]
async fn service_that_does_not_read_loses_its_client_and_others_do_not() {
    let settings = Settings {
        slow_after: Duration::from_millis(200),
        inflow_messages: usize::MAX,
        inflow_bytes: usize::MAX / 2,
        ..Settings::default()
    };
    let joined = Joined::with(settings).await;
    let (mut other, mut others_socket) = joined.another().await;
    let Joined { mut client, socket, .. } = joined;
    let packet = format!("42/shop,[\"{}\"]", "x".repeat(32 << 10));
    let flooding = async { while client.try_send(packet.clone()).await {} };
    soon("the end of the client", flooding).await;
    other.send("42/shop,[]").await;
    assert_eq!(others_socket.next().await, text("42[]"));
    drop(socket);
}

#[tokio::test]
async fn client_that_joins_and_closes_many_times_leaves_nothing() {
    let Joined { door, shop, login, client, socket } = Joined::new().await;
    for _ in 0..10 {
        let (client, mut socket) = join(&door, &shop, &login).await;
        drop(client);
        socket.until_closed().await;
    }
    drop((client, socket));
    let empty = async {
        while door.access.open_sockets() > 0 {
            a_moment().await;
        }
    };
    soon("the end of all seats", empty).await;
}
