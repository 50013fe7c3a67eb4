//! Limits on what one client may take of a listener.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;

use crate::testing::TestApp;

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_open_web_socket_has_its_place_until_it_ends() {
    let app = TestApp::start_with(|settings| settings.edge.max_connections = 1).await;
    let user = app.register("ann").await;
    let url = format!("ws://{}/ws?token={}", app.state().addrs.gateway, user.access);
    let (mut first, _) = connect_async(&url).await.unwrap();
    first.next().await.unwrap().unwrap();

    let mut second = Box::pin(connect_async(&url));
    assert!(timeout(Duration::from_millis(300), &mut second).await.is_err(), "there is no room for a second");
    drop(first);
    let (mut second, _) = timeout(PATIENCE, second).await.expect("there is room again").unwrap();
    assert!(second.next().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_header_that_does_not_end_is_refused() {
    let app = TestApp::start().await;
    let mut stream = TcpStream::connect(app.state().addrs.api).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ").await.unwrap();
    let endless = async {
        // Ends when the server has closed the connection.
        while stream.write_all(&[b'x'; 1_024]).await.is_ok() {}
    };
    timeout(PATIENCE, endless).await.expect("it reads forever");
}

#[tokio::test]
async fn too_large_a_header_is_431() {
    let app = TestApp::start().await;
    for header in [format!("X-Long: {}\r\n", "x".repeat(20_000)), "X-Many: x\r\n".repeat(200)] {
        let mut stream = TcpStream::connect(app.state().addrs.api).await.unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 64];
        let read = timeout(PATIENCE, stream.read(&mut answer)).await.expect("it is answered").unwrap();
        assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 431 "), "{answer:?}");
    }
}
