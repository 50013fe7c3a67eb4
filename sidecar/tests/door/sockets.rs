//! WebSockets through the door.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use realmgate_platform::testing::soon;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use crate::by_hand::{exchange, rest, statuses};
use crate::place::{Place, Socket, answer, entry, until};
use crate::service::{CLOSE_CODE, RawService, Service, nowhere, read_head};

/// A door in front of a service, and a token of its user.
async fn shop(keys: &str) -> (Service, Place, String) {
    let service = Service::with(Router::new().route("/secret", get(|| async { "secret" })));
    let place = Place::new(&entry("shop", &service.url(), keys)).await;
    let token = place.user("ann").await.access;
    (service, place, token)
}

fn refusal(opened: Result<(Socket, axum::http::HeaderMap), crate::testing::Answer>) -> crate::testing::Answer {
    opened.err().expect("it is refused")
}

#[tokio::test]
async fn token_in_the_query_opens_a_socket_and_is_not_passed_on() {
    let (service, place, token) = shop("").await;
    for (query, passed_on) in [
        (format!("?token={token}"), ""),
        (format!("?a=1&token={token}&b=2"), "?a=1&b=2"),
        (format!("?a=%20&token={token}&token=x"), "?a=%20"),
    ] {
        let (mut socket, _) = Socket::try_open(place.addr(), &format!("/shop/socket{query}"), &[])
            .await
            .unwrap_or_else(|refused| panic!("{refused:?}"));
        assert!(!socket.text().await.is_empty());
        let seen = service.seen().pop().unwrap();
        assert_eq!(seen.target, format!("/socket{passed_on}"));
        assert!(!seen.headers.values().any(|value| value.to_str().unwrap().contains(&token)), "{seen:?}");
    }
    // Of a request that is no WebSocket, the query is its service's.
    answer(place.get(&format!("/shop/cart?token={token}"))).await.problem(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn text_and_binary_pass_both_ways_unchanged() {
    let (_service, place, token) = shop("").await;
    let mut socket = Socket::open(place.addr(), "/shop/socket", &token).await;
    socket.text().await;
    let messages = [
        Message::Text("häuser".into()),
        Message::Binary(vec![0, 1, 255].into()),
        Message::Text(String::new().into()),
        Message::Binary(vec![7; 300_000].into()),
    ];
    for message in messages {
        socket.send(message.clone()).await;
        assert_eq!(socket.next().await, Some(message));
    }
    socket.send(Message::Ping(vec![1, 2].into())).await;
    assert_eq!(socket.next().await, Some(Message::Pong(vec![1, 2].into())));
}

#[tokio::test]
async fn subprotocol_is_negotiated_between_client_and_service() {
    let (service, place, token) = shop("").await;
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", &*authorization), ("sec-websocket-protocol", "chess, chat")];
    let (_socket, answered) =
        Socket::try_open(place.addr(), "/shop/socket", &headers).await.unwrap_or_else(|refused| panic!("{refused:?}"));
    assert!(["chess", "chat"].contains(&answered["sec-websocket-protocol"].to_str().unwrap()), "{answered:?}");
    assert_eq!(service.seen().pop().unwrap().all("sec-websocket-protocol"), ["chess, chat"]);
}

#[tokio::test]
async fn close_codes_pass_both_ways() {
    let (_service, place, token) = shop("").await;
    let mut socket = Socket::open(place.addr(), "/shop/socket", &token).await;
    socket.text().await;
    socket.say("close").await;
    let closed = CloseFrame { code: CloseCode::from(CLOSE_CODE), reason: "as you wish".into() };
    assert_eq!(socket.next().await, Some(Message::Close(Some(closed))));
    assert_eq!(socket.next().await, None);

    let mut socket = Socket::open(place.addr(), "/shop/socket", &token).await;
    socket.text().await;
    let closing = CloseFrame { code: CloseCode::from(4_001), reason: "enough".into() };
    socket.send(Message::Close(Some(closing.clone()))).await;
    assert_eq!(socket.next().await, Some(Message::Close(Some(closing))), "the service repeats what it was sent");
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn socket_without_messages_ends_after_the_idle_timeout() {
    let (_service, place, token) = shop("idle_timeout_s = 0.3\nmax_sockets = 1").await;
    for _ in 0..2 {
        let mut socket = Socket::open(place.addr(), "/shop/socket", &token).await;
        socket.text().await;
        assert_eq!(socket.next().await, None);
    }
}

#[tokio::test]
async fn refusal_of_the_service_is_passed_on() {
    let refuse = || async { (StatusCode::IM_A_TEAPOT, [("x-why", "tea")], "no coffee") };
    let service = Service::with(Router::new().route("/refused", get(refuse)));
    let place = Place::new(&entry("shop", &service.url(), "sockets = \"open\"\nmax_sockets = 1")).await;
    for _ in 0..3 {
        let refused = refusal(Socket::try_open(place.addr(), "/shop/refused", &[]).await);
        assert_eq!((refused.status, refused.header("x-why")), (StatusCode::IM_A_TEAPOT, Some("tea")));
    }
}

#[tokio::test]
async fn page_is_not_read_as_a_socket() {
    let (_service, place, token) = shop("sockets = \"open\"").await;
    let received = exchange(place.addr(), handshake("/shop/secret", "Connection: close\r\n")).await;
    assert_eq!(statuses(&received), [502], "HTTP needs a token here: {received}");
    assert!(!received.contains("\r\n\r\nsecret"), "{received}");
    assert_eq!(answer(place.get("/shop/secret").bearer_auth(&token)).await.text, "secret");
}

#[tokio::test]
async fn other_upgrades_are_no_upgrades() {
    let (service, place, token) = shop("").await;
    for headers in
        ["Connection: upgrade\r\nUpgrade: h2c", "Connection: upgrade\r\nUpgrade: tcp, x", "Upgrade: websocket"]
    {
        let request = format!(
            "GET /shop/cart HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{headers}\r\n\
             Connection: close\r\n\r\n"
        );
        assert_eq!(statuses(&exchange(place.addr(), request).await), [200], "{headers}");
        assert!(!service.seen().pop().unwrap().headers.contains_key("upgrade"));
    }
}

#[tokio::test]
async fn page_of_a_foreign_origin_opens_no_socket() {
    let service = Service::start();
    let services = entry("shop", &service.url(), "");
    let place = Place::new(&services).await;
    let token = place.user("ann").await.access;
    let path = format!("/shop/socket?token={token}");
    for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
        let refused = refusal(Socket::try_open(place.addr(), &path, &[("origin", origin)]).await);
        refused.problem(403, "FORBIDDEN");
    }
    assert!(service.seen().is_empty());
    let own = format!("http://{}", place.addr());
    let (mut socket, _) = Socket::try_open(place.addr(), &path, &[("origin", &own)])
        .await
        .unwrap_or_else(|refused| panic!("{refused:?}"));
    socket.text().await;
}

#[tokio::test]
async fn service_with_its_maximum_of_sockets_is_503() {
    let (_service, place, token) = shop("max_sockets = 1").await;
    let mut socket = Socket::open(place.addr(), "/shop/socket", &token).await;
    socket.text().await;
    let path = format!("/shop/socket?token={token}");
    let refused = refusal(Socket::try_open(place.addr(), &path, &[]).await);
    refused.problem(503, "SERVICE_UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    answer(place.get("/shop/cart").bearer_auth(&token)).await.expect(StatusCode::OK);
    drop(socket);
    until("room", || async { Socket::try_open(place.addr(), &path, &[]).await.is_ok() }).await;
}

#[tokio::test]
async fn handshake_with_a_broken_service_is_502_or_504() {
    let answers = |bytes: &'static [u8]| {
        RawService::start(move |mut stream, _| async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(bytes).await;
        })
    };
    let (rubbish, page) = (answers(b"rubbish\r\n\r\n"), answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"));
    let silent = RawService::start(|mut stream, _| async move { drop(rest(&mut stream).await) });
    let keys = "sockets = \"open\"\nretries = 0\nconnect_timeout_s = 0.1\ntimeout_s = 0.2";
    for (url, status, code) in [
        (nowhere(), 502, "SERVICE_UNREACHABLE"),
        (rubbish.url(), 502, "SERVICE_UNREACHABLE"),
        (page.url(), 502, "SERVICE_UNREACHABLE"),
        (silent.url(), 504, "SERVICE_TIMEOUT"),
    ] {
        let place = Place::new(&entry("shop", &url, keys)).await;
        refusal(Socket::try_open(place.addr(), "/shop/socket", &[]).await).problem(status, code);
    }
}

#[tokio::test]
async fn socket_whose_service_dies_ends() {
    let service = RawService::start(|mut stream, _| async move {
        let (head, _) = read_head(&mut stream).await;
        let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).unwrap();
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        // With the beginning of a message.
        let _ = stream.write_all(&[answer.as_bytes(), &[0x81, 0x05, b'h']].concat()).await;
    });
    let place = Place::new(&entry("shop", &service.url(), "sockets = \"open\"")).await;
    let (mut socket, _) = soon("the socket", Socket::try_open(place.addr(), "/shop/socket", &[]))
        .await
        .unwrap_or_else(|refused| panic!("{refused:?}"));
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn client_that_sends_too_much_is_disconnected() {
    let (_service, place, token) = shop("").await;
    let mut socket = Socket::open(place.addr(), "/shop/socket", &token).await;
    socket.text().await;
    let flood = async {
        use futures_util::SinkExt;
        while socket.0.send(Message::Binary(vec![7; 64 << 10].into())).await.is_ok() {}
    };
    soon("the disconnect", flood).await;
}

/// A handshake by hand, with these other headers.
fn handshake(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}\r\n"
    )
}

#[tokio::test]
async fn message_right_after_the_handshake_arrives() {
    let (_service, place, _) = shop("sockets = \"open\"").await;
    // A text, then a close, with a mask of zeros.
    let messages = b"\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0";
    let received = exchange(place.addr(), [handshake("/shop/socket", "").as_bytes(), messages].concat()).await;
    assert_eq!(statuses(&received), [101]);
    assert!(
        received.ends_with("\u{fffd}\0\u{fffd}\u{2}hi\u{fffd}\0"),
        "the user's id, which is empty, the text, the close: {received:?}"
    );
}

#[tokio::test]
async fn handshake_with_a_body_hides_no_request_and_takes_no_place_for_long() {
    let (service, place, _) = shop("sockets = \"open\"\nmax_sockets = 1\nidle_timeout_s = 0.3").await;
    let hidden = "GET /shop/smuggled HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for headers in ["Content-Length: 1000\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
        let before = service.seen().len();
        let received = exchange(place.addr(), format!("{}0\r\n\r\n{hidden}", handshake("/shop/socket", headers))).await;
        assert!(statuses(&received).len() <= 2, "{headers}: {received}");
        assert!(service.seen()[before..].iter().all(|seen| seen.target == "/socket"), "{:?}", service.seen());
        until("room", || async { Socket::try_open(place.addr(), "/shop/socket", &[]).await.is_ok() }).await;
        until("room", || async { Socket::try_open(place.addr(), "/shop/socket", &[]).await.is_ok() }).await;
    }
}
