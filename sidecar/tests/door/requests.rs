//! Requests by hand: paths with two meanings, lengths with two meanings, and bodies that are too large or too slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use realmgate_platform::testing::{a_moment, soon};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::by_hand::{exchange, rest, statuses};
use crate::place::{Place, answer, entry};
use crate::service::{RawService, Service, read_head};

/// A request that must never reach a service: it comes without a token.
const SMUGGLED: &str = "GET /shop/smuggled HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/// Size of a large body, in bytes.
const LARGE: u64 = 64 << 20;
const CHUNK: usize = 64 << 10;

/// A door in front of a service, and a token.
async fn shop(keys: &str) -> (Service, Place, String) {
    let service = Service::start();
    let place = Place::new(&entry("shop", &service.url(), keys)).await;
    let token = place.user("ann").await.access;
    (service, place, token)
}

/// Sends a request with this first line, and returns its status.
async fn status_of(place: &Place, token: &str, line: &str) -> Vec<u16> {
    let head = format!("{line}\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    statuses(&exchange(place.addr(), head).await)
}

#[tokio::test]
async fn path_with_two_meanings_is_refused() {
    let (service, place, token) = shop("").await;
    for path in [
        "/shop/../admin",
        "/shop/..",
        "/shop/./cart",
        "/../shop/cart",
        "/shop//cart",
        "//shop/cart",
        "/shop/%2e%2e/admin",
        "/shop/.%2E/admin",
        "/shop/%252e%252e/admin",
        "/shop/%2Fadmin",
        "/shop%2fcart",
        "/shop/%252fadmin",
        "/shop/\\..\\admin",
        "/shop/%5c..%5cadmin",
        "/shop/%00",
        "/shop/%0d%0aX-User-Id:%20x",
        "/shop/..;/admin",
        "/shop/%2e%2e%3b/admin",
        "/shop/%",
        "/shop/%zz",
        "http://localhost/shop/cart",
        "http://elsewhere.example/shop/cart",
        "*",
        "shop/cart",
        "/shop/a b",
        "/shop/\u{7f}",
    ] {
        assert_eq!(status_of(&place, &token, &format!("GET {path} HTTP/1.1")).await, [400], "{path}");
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[tokio::test]
async fn path_and_query_arrive_as_they_were_sent() {
    let (service, place, token) = shop("").await;
    for (path, target) in [
        ("/shop", "/"),
        ("/shop/", "/"),
        ("/shop?a=1", "/?a=1"),
        ("/shop/%C3%A9/100%25?q=%2e%2e/..//&x=%00;\\", "/%C3%A9/100%25?q=%2e%2e/..//&x=%00;\\"),
        ("/shop/a;v=1/b.c/...", "/a;v=1/b.c/..."),
        ("/shop/cart?token=theirs", "/cart?token=theirs"),
    ] {
        assert_eq!(status_of(&place, &token, &format!("GET {path} HTTP/1.1")).await, [200], "{path}");
        assert_eq!(service.seen().pop().unwrap().target, target);
    }
}

#[tokio::test]
async fn connect_and_trace_are_refused() {
    let (service, place, token) = shop("").await;
    for line in ["CONNECT localhost:80 HTTP/1.1", "CONNECT /shop/cart HTTP/1.1", "TRACE /shop/cart HTTP/1.1"] {
        let statuses = status_of(&place, &token, line).await;
        assert!(statuses == [405] || statuses == [400], "{line}: {statuses:?}");
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

/// A request with these headers and this body, in which another one is hidden; and what is left of it.
struct Smuggling {
    head: &'static str,
    body: String,
    /// The statuses that may come back.
    answers: &'static [&'static [u16]],
    /// The body that the service receives, if it sees the request.
    shown: Option<&'static str>,
}

fn smuggling(
    head: &'static str,
    body: impl Into<String>,
    answers: &'static [&'static [u16]],
    shown: Option<&'static str>,
) -> Smuggling {
    Smuggling { head, body: body.into(), answers, shown }
}

/// One of two lengths is used by us and the service alike, or the request is refused.
fn smugglings() -> Vec<Smuggling> {
    let chunked = format!("0\r\n\r\n{SMUGGLED}");
    let plain = format!("hello{SMUGGLED}");
    let refused: &[&[u16]] = &[&[400]];
    let own: &[&[u16]] = &[&[200], &[200, 401]];
    let mut all = vec![
        smuggling("Content-Length: 6\r\nTransfer-Encoding: chunked", &chunked, own, Some("")),
        smuggling("Transfer-Encoding: chunked\r\nContent-Length: 6", &chunked, own, Some("")),
        smuggling("Content-Length: 5\r\nContent-Length: 5", &plain, own, Some("hello")),
        smuggling("Connection: content-length\r\nContent-Length: 5", &plain, own, Some("hello")),
        smuggling("Connection: transfer-encoding\r\nTransfer-Encoding: chunked", &chunked, own, Some("")),
        smuggling("Transfer-Encoding: CHUNKED", &chunked, own, Some("")),
        smuggling(
            "Upgrade: h2c\r\nConnection: upgrade, http2-settings\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: 5",
            &plain,
            own,
            Some("hello"),
        ),
    ];
    let lengths = [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: 5,5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5a",
        "Content-Length:",
        "Content-Length: 99999999999999999999",
        "Content-Length : 5",
        "Content-Length: 5\r\n\tContent-Length: 6",
        "Content-Length:\r\n 5",
        "Content-Length: 5\u{b}",
        "Content-Length: 5\0",
        "Transfer-Encoding: chunked\r\nX: y\r\n folded",
    ];
    all.extend(lengths.map(|head| smuggling(head, &plain, refused, None)));
    let encodings = [
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding:",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "\tTransfer-Encoding: chunked",
    ];
    all.extend(encodings.map(|head| smuggling(head, &chunked, refused, None)));
    let chunks = [
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "\r\n5\r\nhello\r\n0\r\n\r\n",
        "5;a=\n\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
    ];
    all.extend(chunks.map(|chunk| {
        smuggling("Transfer-Encoding: chunked", format!("{chunk}{SMUGGLED}"), &[&[400], &[]], Some("broken"))
    }));
    all
}

#[tokio::test]
async fn length_with_two_meanings_hides_no_request() {
    let (service, place, token) = shop("").await;
    for Smuggling { head, body, answers, shown } in smugglings() {
        let before = service.seen().len();
        let request = format!(
            "POST /shop/cart HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{head}\r\n\r\n{body}"
        );
        let received = exchange(place.addr(), request).await;
        assert!(answers.contains(&&*statuses(&received)), "{head:?} {body:?}: {received}");
        let seen = service.seen().split_off(before);
        assert!(seen.len() <= 1 && seen.iter().all(|seen| seen.target == "/cart"), "{head:?} {body:?}: {seen:?}");
        match shown {
            Some("broken") => assert!(!received.contains("\"body\":\"hello"), "{head:?} {body:?}: {received}"),
            Some(shown) => {
                assert!(received.contains(&format!("\"body\":\"{shown}\"")), "{head:?} {body:?}: {received}");
                let seen = &seen[0];
                assert!(seen.all("content-length").len() + seen.all("transfer-encoding").len() <= 1, "{seen:?}");
                assert!(
                    !["connection", "upgrade", "http2-settings"].iter().any(|name| seen.headers.contains_key(*name)),
                    "{seen:?}"
                );
            }
            None => assert!(seen.is_empty(), "{head:?}: {seen:?}"),
        }
        // What the service's connections carry afterwards is in order.
        let shown = answer(place.get("/shop/after").bearer_auth(&token)).await.expect(StatusCode::OK);
        assert_eq!(shown["target"], "/after");
    }
}

#[tokio::test]
async fn head_that_is_too_large_is_refused() {
    let (service, place, token) = shop("").await;
    let long = "a".repeat(17 << 10);
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    for (path, headers) in [
        ("/shop/cart", format!("X-Long: {long}\r\n")),
        (&*format!("/shop/{long}"), String::new()),
        ("/shop/cart", many),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{headers}\
             Connection: close\r\n\r\n"
        );
        let received = exchange(place.addr(), request).await;
        assert!(matches!(*statuses(&received), [431 | 414] | []), "{received}");
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[tokio::test]
async fn body_over_the_limit_of_its_service_is_413() {
    let (service, place, token) = shop("max_body_bytes = 1000\nhttp = \"open\"").await;
    let post =
        |bytes: usize| place.call("POST".parse().unwrap(), "/shop/cart").bearer_auth(&token).body("x".repeat(bytes));
    answer(post(1_000)).await.expect(StatusCode::OK);
    answer(post(1_001)).await.problem(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(service.seen().len(), 1, "an announced length is refused at once");
    for (bytes, status) in [(1_000, 200), (1_001, 413)] {
        let body = format!("{bytes:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(bytes));
        let head =
            "POST /shop/cart HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        let received = exchange(place.addr(), format!("{head}{body}")).await;
        assert_eq!(statuses(&received), [status], "{received}");
        assert!(status == 200 || received.contains("PAYLOAD_TOO_LARGE"), "{received}");
    }
}

#[tokio::test]
async fn body_that_comes_too_slowly_is_cut_and_its_service_freed() {
    let (ends, mut ended) = mpsc::unbounded_channel();
    let service = RawService::start(move |mut stream, _| {
        let ends = ends.clone();
        async move {
            let (head, _) = read_head(&mut stream).await;
            if !head.starts_with("POST") {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            }
            rest(&mut stream).await;
            ends.send(head).unwrap();
        }
    });
    let keys = "http = \"open\"\nmax_requests = 1";
    let place = Place::new(&entry("shop", &service.url(), keys)).await;
    let mut slow = TcpStream::connect(place.addr()).await.unwrap();
    slow.write_all(b"POST /shop/cart HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhello").await.unwrap();
    let received = rest(&mut slow).await;
    assert_eq!(statuses(&received), [503]);
    assert!(received.contains("\"code\":\"TIMEOUT\""), "{received}");
    let head = soon("the end of the service's connection", ended.recv()).await.unwrap();
    assert!(head.starts_with("POST /cart"), "{head}");
    answer(place.get("/shop/cart")).await.expect(StatusCode::NO_CONTENT);
}

/// Counts bytes of bodies: `/up` those that it receives, `/down` those that it sends.
fn counting(sent: Arc<AtomicU64>) -> Router {
    let up = |body: Body| async {
        let sizes = body.into_data_stream().map(|chunk| chunk.map_or(0, |chunk| chunk.len() as u64));
        Json(json!({"received": sizes.fold(0, async |sum, size| sum + size).await}))
    };
    let down = move || async move {
        let chunks = stream::iter(0..LARGE / CHUNK as u64).map(move |_| {
            sent.fetch_add(CHUNK as u64, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(&[7; CHUNK]))
        });
        Body::from_stream(chunks)
    };
    Router::new().route("/up", post(up)).route("/down", get(down)).layer(DefaultBodyLimit::disable())
}

#[tokio::test]
async fn large_bodies_pass_both_ways_without_being_held() {
    let sent = Arc::<AtomicU64>::default();
    let service = Service::with(counting(sent.clone()));
    let keys = format!("http = \"open\"\nmax_body_bytes = {LARGE}");
    let place = Place::new(&entry("shop", &service.url(), &keys)).await;

    let mut up = TcpStream::connect(place.addr()).await.unwrap();
    let head =
        format!("POST /shop/up HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LARGE}\r\nConnection: close\r\n\r\n");
    up.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..LARGE / CHUNK as u64 {
        up.write_all(&[7; CHUNK]).await.unwrap();
    }
    let received = rest(&mut up).await;
    assert!(received.contains(&format!("{{\"received\":{LARGE}}}")), "{received}");

    let mut down = TcpStream::connect(place.addr()).await.unwrap();
    down.write_all(b"GET /shop/down HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    // While the client does not read, the service comes to wait: the door holds only a little.
    let (mut before, mut unchanged) = (0, 0);
    while unchanged < 20 {
        a_moment().await;
        let now = sent.load(Ordering::Relaxed);
        unchanged = if now == before && now > 0 { unchanged + 1 } else { 0 };
        before = now;
    }
    assert!(before < LARGE / 2, "{before} bytes are held");
    let (mut buffer, mut bytes) = (vec![0; CHUNK], 0);
    loop {
        match soon("the body", down.read(&mut buffer)).await.unwrap() {
            0 => break,
            read => bytes += buffer[..read].iter().filter(|byte| **byte == 7).count() as u64,
        }
    }
    assert_eq!(bytes, LARGE);
}

#[tokio::test]
async fn body_is_asked_for_after_the_token_is_checked() {
    let (service, place, token) = shop("").await;
    let head = |token: &str| {
        format!(
            "POST /shop/cart HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 5\r\n\
             Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
    };
    assert_eq!(statuses(&exchange(place.addr(), head("a.b.c")).await), [498]);
    let mut client = TcpStream::connect(place.addr()).await.unwrap();
    client.write_all(head(&token).as_bytes()).await.unwrap();
    let mut line = [0; 25];
    soon("the word to go on", client.read_exact(&mut line)).await.unwrap();
    assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"hello").await.unwrap();
    let received = rest(&mut client).await;
    assert!(received.contains("\"body\":\"hello\""), "{received}");
    assert_eq!(service.seen().len(), 1);
}
