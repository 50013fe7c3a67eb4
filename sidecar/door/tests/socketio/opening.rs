//! How a client joins a namespace, and why it is refused.

use std::time::Duration;

use realmgate_door::dictionary;
use realmgate_door::socketio::Settings;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fake::{End, FakeService, text};
use crate::world::{Door, service};
use crate::{Joined, fake};

async fn shop() -> (FakeService, Door) {
    let shop = FakeService::listen().await;
    let door = Door::open(Settings::default(), [service("shop", "/", shop.address)]).await;
    (shop, door)
}

async fn refusal(door: &Door, namespace: &str, auth: Value) -> Value {
    let mut client = End::connect(door.address).await;
    client.ask(namespace, &auth).await;
    client.refused(namespace).await["data"].clone()
}

#[tokio::test]
async fn service_gets_the_user_in_headers_and_auth() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    let mut client = End::connect(door.address).await;
    let forged = json!({"token": login.token, "userId": "forged", "role": "admin", "sid": "forged", "lang": "de"});
    client.ask("/shop", &forged).await;
    let mut socket = shop.accept().await;
    let account = login.account.to_string();
    assert_eq!(socket.headers["x-user-id"], account.as_str());
    assert_eq!(socket.headers["x-user-role"], "player");
    assert_eq!(socket.uri, "/socket.io/?EIO=4&transport=websocket");
    let auth = socket.end.joins("/").await;
    assert_eq!(auth, json!({"userId": account, "role": "player", "lang": "de"}));
}

#[tokio::test]
async fn token_is_needed_and_checked() {
    let (_shop, door) = shop().await;
    let refused = refusal(&door, "/shop", json!({})).await;
    assert_eq!(refused, json!({"code": "UNAUTHORIZED", "status": 401}));
    let refused = refusal(&door, "/shop", json!({"token": "forged"})).await;
    assert_eq!(refused, json!({"code": "INVALID_TOKEN", "status": 498}));
    let refused = refusal(&door, "/shop", json!({"token": 7})).await;
    assert_eq!(refused, json!({"code": "UNAUTHORIZED", "status": 401}));
    let login = door.login(1).await;
    door.log_out(&login).await;
    let refused = refusal(&door, "/shop", json!({"token": login.token})).await;
    assert_eq!(refused, json!({"code": "INVALID_TOKEN", "status": 498}));
    assert_eq!(door.access.open_sockets(), 0);
}

#[tokio::test]
async fn open_service_needs_no_token() {
    let (shop, door) = shop().await;
    door.serve(dictionary::Service { sockets: dictionary::Access::Open, ..service("shop", "/", shop.address) });
    let login = door.login(1).await;
    let anonymous = json!({"userId": "forged", "a": 1});
    let with_user = json!({"userId": login.account.to_string(), "role": "player"});
    let cases = [
        (anonymous, json!({"a": 1})),
        (json!({"token": "forged"}), json!({})),
        (json!({"token": login.token}), with_user),
    ];
    for (auth, expected) in cases {
        let mut client = End::connect(door.address).await;
        client.ask("/shop", &auth).await;
        let (_socket, passed_on) = shop.join("/").await;
        client.confirmed("/shop").await;
        assert_eq!(passed_on, expected, "{auth}");
    }
}

#[tokio::test]
async fn unknown_namespace_is_refused_and_the_connection_stays() {
    let (shop, door) = shop().await;
    door.serve(dictionary::Service { sockets: dictionary::Access::Off, ..service("off", "/", shop.address) });
    let login = door.login(1).await;
    let mut client = End::connect(door.address).await;
    for namespace in ["/forum", "/off"] {
        client.ask(namespace, &json!({"token": login.token})).await;
        assert_eq!(client.refused(namespace).await["data"], json!({"code": "NOT_FOUND", "status": 404}));
    }
    client.send(r#"40{"token":"x"}"#).await;
    assert!(client.next_text().await.starts_with(r#"44{"data":{"code":"NOT_FOUND""#));
    client.ask("/shop", &json!({"token": login.token})).await;
    let _socket = shop.join("/").await;
    client.confirmed("/shop").await;
}

#[tokio::test]
async fn refusal_of_the_service_is_passed_on() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": login.token})).await;
    let mut socket = shop.accept().await;
    socket.end.joins("/").await;
    socket.end.send(r#"44{"message":"closed","data":{"until":9}}"#).await;
    assert_eq!(client.next().await, text(r#"44/shop,{"message":"closed","data":{"until":9}}"#));
    socket.end.until_closed().await;
    client.ask("/shop", &json!({"token": login.token})).await;
    let _socket = shop.join("/").await;
    client.confirmed("/shop").await;
}

#[tokio::test]
async fn unreachable_service_is_refused() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    drop(shop);
    let refused = refusal(&door, "/shop", json!({"token": login.token})).await;
    assert_eq!(refused, json!({"code": "SERVICE_UNREACHABLE", "status": 502}));
}

#[tokio::test]
async fn next_url_is_tried_when_one_is_unreachable() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    let dead = FakeService::listen().await.address;
    let mut both = service("shop", "/", shop.address);
    both.urls.extend(service("shop", "/", dead).urls);
    door.serve(both);
    for _ in 0..2 {
        let mut client = End::connect(door.address).await;
        client.ask("/shop", &json!({"token": login.token})).await;
        let _socket = shop.join("/").await;
        client.confirmed("/shop").await;
    }
}

#[tokio::test]
async fn service_that_answers_rubbish_is_refused() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    let auth = json!({"token": login.token});
    let unreachable = json!({"code": "SERVICE_UNREACHABLE", "status": 502});

    let (refused, ()) = tokio::join!(refusal(&door, "/shop", auth.clone()), async {
        let mut tcp = shop.accept_tcp().await;
        tcp.read_u8().await.unwrap();
        tcp.write_all(b"SSH-2.0-OpenSSH\r\n\r\n").await.unwrap();
    });
    assert_eq!(refused, unreachable);
    for rubbish in ["", "0", "0{}", "0[]", "hello", "42[]"] {
        let (refused, _socket) = tokio::join!(refusal(&door, "/shop", auth.clone()), async {
            let mut socket = shop.accept_raw().await;
            socket.end.send(rubbish).await;
            socket
        });
        assert_eq!(refused, unreachable, "{rubbish:?} for the handshake");
    }
    for rubbish in ["4", "40/forum,{}", "41", "1", "3", "é"] {
        let (refused, _socket) = tokio::join!(refusal(&door, "/shop", auth.clone()), async {
            let mut socket = shop.accept().await;
            socket.end.joins("/").await;
            socket.end.send(rubbish).await;
            socket
        });
        assert_eq!(refused, unreachable, "{rubbish:?} for CONNECT");
    }
}

#[tokio::test]
async fn service_that_does_not_answer_is_refused() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    let mut slow = service("shop", "/", shop.address);
    (slow.limits.connect, slow.limits.answer) = (Duration::from_millis(100), Duration::from_millis(100));
    door.serve(slow);
    let timed_out = json!({"code": "SERVICE_TIMEOUT", "status": 504});
    let (refused, _tcp) = tokio::join!(refusal(&door, "/shop", json!({"token": login.token})), shop.accept_tcp());
    assert_eq!(refused, timed_out, "the WebSocket's handshake");
    let (refused, _socket) = tokio::join!(refusal(&door, "/shop", json!({"token": login.token})), shop.accept());
    assert_eq!(refused, timed_out, "the answer to CONNECT");
}

#[tokio::test]
async fn service_with_the_maximum_of_sockets_is_refused() {
    let Joined { door, shop, login, client, mut socket } = Joined::new().await;
    let mut full = service("shop", "/", shop.address);
    full.limits.max_sockets = 1;
    door.serve(full);
    let refused = refusal(&door, "/shop", json!({"token": login.token})).await;
    assert_eq!(refused, json!({"code": "SERVICE_UNAVAILABLE", "status": 503}));
    drop(client);
    socket.until_closed().await;
    drop(socket);
    // The place is free when the door has seen the end of the socket.
    loop {
        let mut client = End::connect(door.address).await;
        client.ask("/shop", &json!({"token": login.token})).await;
        tokio::select! {
            _socket = shop.join("/") => {
                client.confirmed("/shop").await;
                return;
            }
            _refused = client.refused("/shop") => {}
        }
    }
}

#[tokio::test]
async fn session_is_recovered_by_its_own_user_alone() {
    let (shop, door) = shop().await;
    let (alice, eve) = (door.login(1).await, door.login(2).await);
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": alice.token})).await;
    let _socket = shop.join("/").await;
    let confirmed = client.confirmed("/shop").await;
    assert_eq!(confirmed["sid"], "s");
    let pid = confirmed["pid"].as_str().unwrap();
    assert_ne!(pid, "p", "the client does not get what the service trusts");

    for (login, pid, is_recovered) in [(&alice, pid, true), (&eve, pid, false), (&alice, "p", false)] {
        let mut client = End::connect(door.address).await;
        client.ask("/shop", &json!({"token": login.token, "pid": pid, "offset": "o"})).await;
        let (_socket, auth) = shop.join("/").await;
        assert_eq!(auth.get("pid"), is_recovered.then_some(&json!("p")), "{pid}");
        assert_eq!(auth.get("offset"), is_recovered.then_some(&json!("o")), "{pid}");
    }
}

#[tokio::test]
async fn events_before_the_confirmation_reach_the_service_after_it() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": login.token})).await;
    client.send(r#"42/shop,["early"]"#).await;
    let (mut socket, _) = shop.join("/").await;
    assert_eq!(socket.next().await, text(r#"42["early"]"#));
}

#[tokio::test]
async fn client_that_leaves_while_it_joins_gets_no_mirror() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": login.token})).await;
    let mut socket = shop.accept().await;
    socket.end.joins("/").await;
    client.send("41/shop,").await;
    assert_eq!(socket.end.next().await, fake::Seen::Closed);
    client.ask("/shop", &json!({"token": login.token})).await;
    let _socket = shop.join("/").await;
    client.confirmed("/shop").await;
}

#[tokio::test]
async fn events_before_the_answer_of_the_service_are_passed_on() {
    let (shop, door) = shop().await;
    let login = door.login(1).await;
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": login.token})).await;
    let mut socket = shop.accept().await;
    socket.end.joins("/").await;
    // A service that recovers a session sends what was missed before it confirms.
    socket.end.send(r#"451-["missed"]"#).await;
    socket.end.send_binary([1]).await;
    socket.end.send(r#"40{"sid":"s"}"#).await;
    assert_eq!(client.next().await, text(r#"451-/shop,["missed"]"#));
    assert_eq!(client.next().await, fake::binary([1]));
    client.confirmed("/shop").await;
}
