//! Services behind TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::uri::Scheme;
use realmgate_door::socketio::Settings;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{RootCertStore, ServerConfig};
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::fake::{End, FakeService, text};
use crate::world::{Door, service};

/// Terminates TLS in front of an address. Returns its port, and what to trust.
async fn terminate(behind: SocketAddr) -> (u16, RootCertStore) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certified.cert.der().clone()], key.into()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
            let mut behind = TcpStream::connect(behind).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut tls, &mut behind).await });
        }
    });
    (port, roots)
}

#[tokio::test]
async fn service_behind_tls_is_reached_if_its_certificate_is_trusted() {
    let shop = FakeService::listen().await;
    let (port, roots) = terminate(shop.address).await;
    let mut secure = service("shop", "/", shop.address);
    secure.urls[0].scheme = Scheme::HTTPS;
    secure.urls[0].authority = format!("localhost:{port}").parse().unwrap();

    let door = Door::open_trusting(roots, Settings::default(), [secure.clone()]).await;
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": door.login(1).await.token})).await;
    let (mut socket, _) = shop.join("/").await;
    client.confirmed("/shop").await;
    socket.send("42[1]").await;
    assert_eq!(client.next().await, text("42/shop,[1]"));

    let door = Door::open(Settings::default(), [secure]).await;
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": door.login(1).await.token})).await;
    assert_eq!(client.refused("/shop").await["data"]["code"], "SERVICE_UNREACHABLE");
}
