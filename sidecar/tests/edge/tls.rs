//! TLS on the three listeners.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use realmgate_platform::metrics_recorder;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use crate::certificates::{Certificates, believing};
use crate::testing::{PASSWORD, TestApp};

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

async fn start(certificates: &Certificates) -> TestApp {
    TestApp::start_with(|settings| certificates.put_into(settings)).await
}

async fn shake_hands(addr: SocketAddr, believed: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(addr).await?;
    let name = ServerName::IpAddress(addr.ip().into());
    timeout(PATIENCE, TlsConnector::from(believed).connect(name, stream)).await.expect("a handshake takes no time")
}

#[tokio::test]
async fn every_listener_speaks_it() {
    let certificates = Certificates::new();
    let app = start(&certificates).await;
    let (client, addrs) = (certificates.client(), app.state().addrs);

    let body = json!({"username": "ann", "password": PASSWORD}).to_string();
    let request = client.post(format!("https://{}/auth/register", addrs.api)).body(body);
    let registered = request.header("content-type", "application/json").send().await.unwrap();
    assert_eq!(registered.status(), 201);
    let registered: Value = registered.json().await.unwrap();
    let access = registered["access_token"].as_str().unwrap();

    let servers = client.get(format!("https://{}/map-registry/servers", addrs.directory));
    assert_eq!(servers.bearer_auth(app.service_token()).send().await.unwrap().status(), 200);

    let url = format!("wss://{}/ws?token={access}", addrs.gateway);
    let connector = Some(Connector::Rustls(certificates.believed()));
    let (mut socket, _) = connect_async_tls_with_config(url, None, true, connector).await.unwrap();
    let welcome = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(&welcome, Message::Text(text) if text.contains("Connected to Gateway")), "{welcome:?}");

    let url = format!("wss://{}/map-link", addrs.directory);
    let connector = Some(Connector::Rustls(certificates.believed()));
    let refused = connect_async_tls_with_config(url, None, true, connector).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "the map link is there, and wants its token: {refused}");
}

#[tokio::test]
async fn plain_http_is_not_answered() {
    let certificates = Certificates::new();
    let app = start(&certificates).await;
    let addrs = app.state().addrs;
    for addr in [addrs.api, addrs.directory, addrs.gateway] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        // A reset is an answer too.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is closed");
        assert!(!String::from_utf8_lossy(&answer).contains("HTTP/"), "{answer:?}");
    }
}

#[tokio::test]
async fn who_never_finishes_a_handshake_holds_up_nobody() {
    let certificates = Certificates::new();
    let app = start(&certificates).await;
    let addr = app.state().addrs.api;
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(TcpStream::connect(addr).await.unwrap());
    }
    let answer = timeout(PATIENCE, certificates.client().get(format!("https://{addr}/healthz")).send());
    assert_eq!(answer.await.expect("it is answered meanwhile").unwrap().status(), 200);
    drop(idle);
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart() {
    let figures = metrics_recorder::install().expect("no other test of this program has one");
    let certificates = Certificates::new();
    let app = start(&certificates).await;
    let addr = app.state().addrs.api;
    let old = certificates.believed();
    let mut open = shake_hands(addr, old.clone()).await.unwrap();

    let mut looks = interval(Duration::from_millis(50));
    std::fs::write(certificates.certificate(), "half a file").unwrap();
    let seen = async {
        while !figures.render().contains("realmgate_tls_reloads_total{result=\"failed\"}") {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, seen).await.expect("nobody looks at the file");
    assert!(shake_hands(addr, old.clone()).await.is_ok(), "a broken file changes nothing");
    let new = believing(&certificates.renew());
    let shown = async {
        while shake_hands(addr, new.clone()).await.is_err() {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, shown).await.expect("the new certificate is never shown");
    assert!(shake_hands(addr, old).await.is_err(), "the old one is not shown any more");

    open.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, open.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "an open connection goes on: {answer}");
}
