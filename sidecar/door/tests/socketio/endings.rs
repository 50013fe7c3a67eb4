//! How a mirror ends, and what each side sees of it.

use realmgate_door::socketio::Settings;
use realmgate_platform::testing::{a_moment, soon};
use serde_json::json;

use crate::Joined;
use crate::fake::{End, FakeService, Seen, text};
use crate::world::{Door, Login, service};

/// A client that has joined `/shop` and `/forum`.
async fn in_two() -> (Door, Login, End, End, End) {
    let (shop, forum) = (FakeService::listen().await, FakeService::listen().await);
    let services = [service("shop", "/", shop.address), service("forum", "/", forum.address)];
    let door = Door::open(Settings::default(), services).await;
    let login = door.login(1).await;
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": login.token})).await;
    let (shop, _) = shop.join("/").await;
    client.confirmed("/shop").await;
    client.ask("/forum", &json!({"token": login.token})).await;
    let (forum, _) = forum.join("/").await;
    client.confirmed("/forum").await;
    (door, login, client, shop, forum)
}

#[tokio::test]
async fn client_that_leaves_is_one_that_left_at_the_service() {
    let (_door, _login, mut client, mut shop, mut forum) = in_two().await;
    client.send(r#"42/shop,["last"]"#).await;
    client.send("41/shop,").await;
    assert_eq!(shop.until_closed().await, [text(r#"42["last"]"#), text("41")]);
    client.send(r#"42/forum,["on"]"#).await;
    assert_eq!(forum.next().await, text(r#"42["on"]"#));
}

#[tokio::test]
async fn client_whose_connection_closes_does_not_leave() {
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    client.send(r#"42/shop,["last"]"#).await;
    drop(client);
    // Without DISCONNECT the service keeps the session, which the client may recover.
    assert_eq!(socket.until_closed().await, [text(r#"42["last"]"#)]);
}

#[tokio::test]
async fn client_that_the_service_disconnects_is_disconnected() {
    let (_door, _login, mut client, mut shop, mut forum) = in_two().await;
    shop.send(r#"42["last"]"#).await;
    shop.send("41").await;
    assert_eq!(client.next().await, text(r#"42/shop,["last"]"#));
    assert_eq!(client.next().await, text("41/shop,"));
    shop.until_closed().await;
    forum.send(r#"42["on"]"#).await;
    assert_eq!(client.next().await, text(r#"42/forum,["on"]"#));
}

#[tokio::test]
async fn only_namespace_whose_service_is_lost_closes_the_connection() {
    let Joined { mut client, socket, .. } = Joined::new().await;
    drop(socket);
    // The official client reconnects by itself after this, and not after DISCONNECT.
    assert_eq!(client.until_closed().await, [text("1")]);
}

#[tokio::test]
async fn one_of_two_namespaces_whose_service_is_lost_is_disconnected() {
    let (_door, _login, mut client, shop, mut forum) = in_two().await;
    drop(shop);
    assert_eq!(client.next().await, text("41/shop,"));
    forum.send(r#"42["on"]"#).await;
    assert_eq!(client.next().await, text(r#"42/forum,["on"]"#));
}

#[tokio::test]
async fn service_without_pings_is_lost() {
    let shop = FakeService::listen().await;
    let door = Door::open(Settings::default(), [service("shop", "/", shop.address)]).await;
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": door.login(1).await.token})).await;
    let mut socket = shop.accept_with(500, 500).await;
    socket.end.joins("/").await;
    socket.end.send(r#"40{"sid":"s"}"#).await;
    client.confirmed("/shop").await;
    for _ in 0..3 {
        socket.end.send("2").await;
        assert_eq!(socket.end.next().await, text("3"));
    }
    assert_eq!(client.until_closed().await, [text("1")]);
}

#[tokio::test]
async fn login_that_ends_disconnects_its_sockets() {
    let (door, login, mut client, mut shop, mut forum) = in_two().await;
    let other = door.login(1).await;
    assert_eq!(door.access.open_sockets(), 2);
    door.log_out(&other).await;
    client.send(r#"42/shop,["on"]"#).await;
    assert_eq!(shop.next().await, text(r#"42["on"]"#), "another login of the account is another login");

    door.log_out(&login).await;
    let mut seen = [client.next_text().await, client.next_text().await];
    seen.sort();
    assert_eq!(seen, ["41/forum,", "41/shop,"]);
    assert_eq!(shop.until_closed().await, [text("41")]);
    assert_eq!(forum.until_closed().await, [text("41")]);
    drop((shop, forum));
    let empty = async {
        while door.access.open_sockets() > 0 {
            a_moment().await;
        }
    };
    soon("the end of both seats", empty).await;
}

#[tokio::test]
async fn shutdown_closes_all_connections() {
    let Joined { door, mut client, mut socket, .. } = Joined::new().await;
    let mut idle = End::connect(door.address).await;
    door.shutdown.cancel();
    assert_eq!(client.until_closed().await, [text("1")]);
    assert_eq!(socket.next().await, Seen::Closed);
    assert_eq!(idle.until_closed().await, [text("1")]);
}

#[tokio::test]
async fn lost_service_that_returns_is_joined_again() {
    let Joined { door, shop, login, mut client, socket } = Joined::new().await;
    let address = shop.address;
    drop((socket, shop));
    client.until_closed().await;
    // The client reconnects while the service is not back.
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": login.token})).await;
    let shop = FakeService::listen_at(address).await;
    let _socket = shop.join("/").await;
    client.confirmed("/shop").await;
}
