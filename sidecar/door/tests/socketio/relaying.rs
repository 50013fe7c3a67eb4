//! Packets pass in order and unchanged but for their namespace.

use realmgate_door::socketio::Settings;
use serde_json::json;

use crate::fake::{End, FakeService, binary, text};
use crate::world::{Door, service};
use crate::{Joined, fake};

#[tokio::test]
async fn events_and_acknowledgements_pass_both_ways() {
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    client.send(r#"42/shop,7["buy",{"id":1}]"#).await;
    client.send(r#"42/shop,["second"]"#).await;
    assert_eq!(socket.next().await, text(r#"427["buy",{"id":1}]"#));
    assert_eq!(socket.next().await, text(r#"42["second"]"#));
    socket.send(r#"437["ok"]"#).await;
    socket.send(r#"420["ask","ü"]"#).await;
    assert_eq!(client.next().await, text(r#"43/shop,7["ok"]"#));
    assert_eq!(client.next().await, text(r#"42/shop,0["ask","ü"]"#));
    client.send(r"43/shop,0[]").await;
    assert_eq!(socket.next().await, text("430[]"));
}

#[tokio::test]
async fn attachments_pass_both_ways() {
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    client.send(r#"452-/shop,["a",{"_placeholder":true,"num":0}]"#).await;
    client.send_binary([1, 2]).await;
    client.send_binary([]).await;
    assert_eq!(socket.next().await, text(r#"452-["a",{"_placeholder":true,"num":0}]"#));
    assert_eq!(socket.next().await, binary([1, 2]));
    assert_eq!(socket.next().await, binary([]));
    socket.send("461-3[1]").await;
    socket.send_binary([9; 1_000]).await;
    assert_eq!(client.next().await, text("461-/shop,3[1]"));
    assert_eq!(client.next().await, binary([9; 1_000]));
}

#[tokio::test]
async fn attachments_stay_together_when_namespaces_share_a_connection() {
    let (shop, forum) = (FakeService::listen().await, FakeService::listen().await);
    let services = [service("shop", "/", shop.address), service("forum", "/deep/forum", forum.address)];
    let door = Door::open(Settings::default(), services).await;
    let auth = json!({"token": door.login(1).await.token});
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &auth).await;
    let (mut shop, _) = shop.join("/").await;
    client.confirmed("/shop").await;
    client.ask("/forum", &auth).await;
    let (mut forum, _) = forum.join("/deep/forum").await;
    client.confirmed("/forum").await;

    let rounds: u8 = 20;
    for round in 0..rounds {
        shop.send(r#"451-["s"]"#).await;
        forum.send(r#"451-/deep/forum,["f"]"#).await;
        forum.send_binary([2, round]).await;
        shop.send_binary([1, round]).await;
    }
    let mut next = [0, 0];
    for _ in 0..2 * rounds {
        let (which, mark) = match client.next_text().await.as_str() {
            r#"451-/shop,["s"]"# => (0, 1),
            r#"451-/forum,["f"]"# => (1, 2),
            other => panic!("{other}"),
        };
        assert_eq!(client.next().await, binary([mark, next[which]]), "in order and after its head");
        next[which] += 1;
    }
    client.send(r#"42/forum,["back"]"#).await;
    assert_eq!(forum.next().await, text(r#"42/deep/forum,["back"]"#));
}

#[tokio::test]
async fn burst_above_the_queue_reaches_a_client_that_reads() {
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    let packets = 1_000;
    let sending = async {
        for number in 0..packets {
            socket.send(format!(r#"42["n",{number}]"#)).await;
        }
        socket
    };
    let reading = async {
        for number in 0..packets {
            assert_eq!(client.next().await, text(format!(r#"42/shop,["n",{number}]"#)));
        }
    };
    tokio::join!(sending, reading);
}

#[tokio::test]
async fn packets_above_the_bytes_of_the_queue_wait_for_a_client_that_reads() {
    let Joined { mut client, mut socket, .. } =
        Joined::with(Settings { outflow_bytes: 1, ..Settings::default() }).await;
    for number in 0..50 {
        socket.send("451-[]").await;
        socket.send_binary([number; 1_000]).await;
    }
    for number in 0..50 {
        assert_eq!(client.next().await, text("451-/shop,[]"));
        assert_eq!(client.next().await, binary([number; 1_000]));
    }
}

#[tokio::test]
async fn packet_cannot_name_a_second_namespace() {
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    client.send(r#"42/shop,/admin,["x"]"#).await;
    assert_eq!(client.until_closed().await, [text("1")]);
    assert_eq!(socket.next().await, fake::Seen::Closed, "the service has received nothing of it");
}

#[tokio::test]
async fn packet_of_the_service_for_another_namespace_ends_the_mirror() {
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    socket.send(r#"42/forum,["forged"]"#).await;
    assert_eq!(client.next().await, text("41/shop,"));
    socket.until_closed().await;
}

#[tokio::test]
async fn packets_of_a_namespace_that_is_not_joined_are_dropped() {
    let Joined { mut client, mut socket, .. } = Joined::new().await;
    client.send(r#"451-/forum,["x"]"#).await;
    client.send_binary([1]).await;
    client.send(r#"42/shop,["y"]"#).await;
    assert_eq!(socket.next().await, text(r#"42["y"]"#));
}
