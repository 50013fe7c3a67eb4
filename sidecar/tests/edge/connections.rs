//! Limits on what one client may take of a listener.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;

use crate::testing::TestApp;

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than the bound of a header and the kernel's buffers hold together, and far less than is sent within seconds.
const MOST_TAKEN: usize = 4 << 20;
/// What the kernel may hold of data that is not sent yet.
const SEND_BUFFER: u32 = 64 << 10;

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
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(SEND_BUFFER).unwrap();
    let mut stream = socket.connect(app.state().addrs.api).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ").await.unwrap();
    let endless = async {
        // Ends when the server has closed the connection.
        for _ in 0..MOST_TAKEN / 1_024 {
            if stream.write_all(&[b'x'; 1_024]).await.is_err() {
                return;
            }
        }
        panic!("{MOST_TAKEN} bytes of a header were taken");
    };
    timeout(PATIENCE, endless).await.expect("it is neither read nor refused");
}

#[tokio::test]
async fn too_large_a_header_is_431() {
    let app = TestApp::start().await;
    let long = |bytes| format!("X-Long: {}\r\n", "x".repeat(bytes));
    let many = |headers| "X-Many: x\r\n".repeat(headers);
    for (header, status) in [(long(15_000), "200"), (long(20_000), "431"), (many(90), "200"), (many(200), "431")] {
        let mut stream = TcpStream::connect(app.state().addrs.api).await.unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("it is answered").unwrap();
        let said = String::from_utf8_lossy(&answer);
        assert_eq!(said, format!("HTTP/1.1 {status}"), "a head of {} bytes", request.len());
    }
}
