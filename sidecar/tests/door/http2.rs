//! HTTPS: HTTP/2 and HTTP/1.1 by ALPN, and the redirect from plain HTTP.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, Version};
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use realmgate_platform::testing::soon;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::by_hand::exchange;
use crate::certificates::Certificates;
use crate::place::{Place, entry};
use crate::service::Service;

const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// A door with TLS in front of a service at `/shop`.
struct Secure {
    certificates: Certificates,
    service: Service,
    place: Place,
    token: String,
    user: String,
}

impl Secure {
    async fn start() -> Self {
        let (certificates, service) = (Certificates::new(), Service::start());
        let services = entry("shop", &service.url(), "max_body_bytes = 10000000");
        let place = Place::with(&services, |settings| {
            certificates.put_into(settings);
            settings.edge.http_redirect_addr = "127.0.0.1:0".parse().ok();
        });
        let place = place.await;
        let url = format!("https://{}/api/v1/login/device", place.realm.app().state().addrs.api);
        let login =
            certificates.client().post(url).json(&serde_json::json!({"device_id": "ann"})).send().await.unwrap();
        let login: Value = login.json().await.unwrap();
        let text = |name: &str| login["data"][name].as_str().unwrap().to_owned();
        Self { certificates, service, token: text("access_token"), user: text("user_id"), place }
    }

    async fn connect(&self, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
        let mut config = ClientConfig::clone(&self.certificates.believed());
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let stream = TcpStream::connect(self.place.addr()).await.unwrap();
        let name = ServerName::IpAddress(self.place.addr().ip().into());
        soon("the handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap()
    }

    async fn http2(&self) -> SendRequest<Body> {
        let stream = TokioIo::new(self.connect(&[HTTP_2]).await);
        let (client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        client
    }

    fn request(&self, method: Method, path: &str, body: Body) -> Request<Body> {
        let url = format!("https://{}{path}", self.place.addr());
        let authorization = format!("Bearer {}", self.token);
        Request::builder()
            .method(method)
            .version(Version::HTTP_2)
            .uri(url)
            .header("authorization", authorization)
            .body(body)
            .unwrap()
    }
}

/// The request that the service shows in its answer.
async fn shown(client: &SendRequest<Body>, request: Request<Body>) -> Value {
    let answer = soon("the answer", client.clone().send_request(request)).await.unwrap();
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2));
    let body = soon("the body", answer.into_body().collect()).await.unwrap();
    serde_json::from_slice(&body.to_bytes()).unwrap()
}

#[tokio::test]
async fn protocol_is_what_the_client_offers() {
    let secure = Secure::start().await;
    for (offered, chosen) in [
        (&[HTTP_2, HTTP_1][..], Some(HTTP_2)),
        (&[HTTP_1, HTTP_2], Some(HTTP_2)),
        (&[HTTP_1], Some(HTTP_1)),
        (&[], None),
    ] {
        let mut stream = secure.connect(offered).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen, "{offered:?}");
        if chosen == Some(HTTP_2) {
            continue;
        }
        let request = format!(
            "GET /shop/cart HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            secure.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon("the answer", stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(&secure.user), "{answer}");
    }
    assert_eq!(secure.service.seen().pop().unwrap().all("x-forwarded-proto"), ["https"]);
}

#[tokio::test]
async fn requests_of_one_http2_connection_are_served_at_once() {
    let secure = Secure::start().await;
    let client = secure.http2().await;
    let mut events =
        soon("the events", client.clone().send_request(secure.request(Method::GET, "/shop/events", Body::empty())))
            .await
            .unwrap();
    let first = soon("an event", events.body_mut().frame()).await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, format!("data: {}\n\n", secure.user));
    let calls: FuturesUnordered<_> = (0..200)
        .map(|number| {
            let body = format!("{number} ").repeat(1_000);
            let request =
                secure.request(Method::POST, &format!("/shop/orders?number={number}"), Body::from(body.clone()));
            let client = &client;
            async move {
                let shown = shown(client, request).await;
                assert_eq!(
                    (&shown["target"], &shown["body"]),
                    (&format!("/orders?number={number}").into(), &body.into())
                );
            }
        })
        .collect();
    assert_eq!(calls.count().await, 200);
    drop(events);
}

#[tokio::test]
async fn http2_request_becomes_one_of_http1() {
    let secure = Secure::start().await;
    let client = secure.http2().await;
    let mut request = secure.request(Method::GET, "/shop/cart?a=1", Body::empty());
    for cookie in ["a=1", "realmgate-admin=secret", "b=2"] {
        request.headers_mut().append("cookie", cookie.parse().unwrap());
    }
    for (name, value) in [("x-user-id", "forged"), ("x_user_id", "forged"), ("te", "trailers")] {
        request.headers_mut().append(name, value.parse().unwrap());
    }
    let shown = shown(&client, request).await;
    assert_eq!(shown["target"], "/cart?a=1");
    let seen = secure.service.seen().pop().unwrap();
    assert_eq!((seen.all("cookie"), seen.all("x-user-id")), (vec!["a=1; b=2"], vec![&*secure.user]));
    assert!(!seen.headers.contains_key("te") && !seen.headers.contains_key("x_user_id"), "{seen:?}");
    let host = secure.place.addr().to_string();
    assert_eq!(seen.all("x-forwarded-host"), [&*host]);
    assert_eq!(seen.all("forwarded"), [format!("for=127.0.0.1;proto=https;host=\"{host}\"")]);
}

#[tokio::test]
async fn http2_trailers_and_path_tricks_do_not_pass() {
    let secure = Secure::start().await;
    let client = secure.http2().await;
    let trailers = [("x-user-id".parse().unwrap(), "forged".parse().unwrap())].into_iter().collect();
    let frames = [Frame::data(Bytes::from_static(b"hello")), Frame::trailers(trailers)].map(Ok::<_, Infallible>);
    let body = Body::new(StreamBody::new(stream::iter(frames)));
    let shown = shown(&client, secure.request(Method::POST, "/shop/orders", body)).await;
    assert_eq!(shown["body"], "hello");
    assert!(!shown.to_string().contains("forged"), "{shown}");
    for path in ["/shop/../admin", "/shop/%2e%2e/admin", "/shop//cart"] {
        let request = secure.request(Method::GET, path, Body::empty());
        let refused = soon("the answer", client.clone().send_request(request)).await.unwrap();
        assert_eq!(refused.status(), 400, "{path}");
    }
    let request = secure.request(Method::POST, "/shop/orders", Body::from(vec![7; 10_000_001]));
    let refused = soon("the answer", client.clone().send_request(request)).await.unwrap();
    assert_eq!(refused.status(), 413);
    assert_eq!(secure.service.seen().len(), 1);
}

#[tokio::test]
async fn socket_opens_over_tls() {
    let secure = Secure::start().await;
    let stream = secure.connect(&[HTTP_1]).await;
    let url = format!("wss://{}/shop/socket?token={}", secure.place.addr(), secure.token);
    let (mut socket, _) = soon("the handshake", client_async(url, stream)).await.unwrap();
    let first = soon("a message", socket.next()).await.unwrap().unwrap();
    assert_eq!(first, Message::Text(secure.user.into()));
}

#[tokio::test]
async fn plain_http_is_redirected_with_308() {
    let secure = Secure::start().await;
    let addrs = secure.place.realm.app().state().addrs;
    let request = "POST /shop/orders?a=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let answer = exchange(addrs.redirect.unwrap(), request).await;
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    assert!(
        answer.contains(&format!("\r\nlocation: https://localhost:{}/shop/orders?a=1\r\n", addrs.api.port())),
        "{answer}"
    );
    assert!(!exchange(secure.place.addr(), request).await.contains("HTTP/1.1 200"), "the door speaks TLS alone");
}
