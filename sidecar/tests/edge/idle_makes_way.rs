//! A listener that is nearly full: idle connections make way.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::testing::TestApp;

/// How long a test waits for anything: less than an idle connection may stay where there is room.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn who_asks_for_something_is_served_though_idle_ones_have_taken_all_places() {
    // Those who have sent nothing, and those who have sent half a request, each without the others.
    for sent in ["", "GET /healthz HTTP/1.1\r\nHost: loc"] {
        let app = TestApp::start_with(|settings| settings.edge.max_connections = 8).await;
        let addr = app.state().addrs.api;
        let mut idle = Vec::new();
        for _ in 0..8 {
            let mut stream = TcpStream::connect(addr).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            idle.push(stream);
        }
        let mut guest = TcpStream::connect(addr).await.unwrap();
        guest.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        let answered = timeout(PATIENCE, guest.read_exact(&mut answer)).await;
        answered.unwrap_or_else(|_| panic!("nobody makes way who has sent {sent:?}")).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200", "{sent:?}");
    }
}
