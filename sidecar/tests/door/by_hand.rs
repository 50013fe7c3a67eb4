//! Requests that no HTTP library writes.

use std::net::SocketAddr;

use realmgate_platform::testing::soon;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends these bytes and returns everything that comes back until the connection ends. A reset ends it too.
pub async fn exchange(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    // The door may answer and close while it is still being sent to.
    let (received, _) = tokio::join!(rest(&mut reading), writing.write_all(bytes.as_ref()));
    received
}

/// Everything that comes until the connection ends.
pub async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut received = Vec::new();
    let mut buffer = [0; 16 << 10];
    let reading = async {
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(bytes) => received.extend_from_slice(&buffer[..bytes]),
            }
        }
    };
    soon("the end of the connection", reading).await;
    String::from_utf8_lossy(&received).into_owned()
}

/// The statuses of all answers in what was received.
pub fn statuses(received: &str) -> Vec<u16> {
    let heads = received.split("HTTP/1.1 ").skip(1);
    heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
}
