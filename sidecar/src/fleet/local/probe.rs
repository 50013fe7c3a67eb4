//! Checks whether a child is up and ticks, by its ready file and its health port.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the health port may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The part of a map server's `ready.json` that concerns us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ready {
    /// Address of the health checks and metrics.
    pub(super) admin: SocketAddr,
}

#[derive(Deserialize)]
struct File {
    pid: u32,
    admin: SocketAddr,
}

impl Ready {
    /// Reads the ready file of this process; `None` where it is missing or another process wrote it.
    pub(super) fn read(path: &Path, pid: u32) -> Option<Self> {
        let text = std::fs::read(path).ok()?;
        let file: File = serde_json::from_slice(&text).ok()?;
        (file.pid == pid).then_some(Self { admin: file.admin })
    }
}

/// Whether the health port answers 200.
pub(super) async fn is_ok(admin: SocketAddr, path: &str) -> bool {
    matches!(timeout(ANSWER_WITHIN, status(admin, path)).await, Ok(Ok(status)) if status.starts_with(b"200"))
}

/// The three digits after `HTTP/1.1 `. One request to one of our own programs needs no HTTP client.
async fn status(admin: SocketAddr, path: &str) -> io::Result<[u8; 3]> {
    let mut stream = TcpStream::connect(admin).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = [0; 12];
    stream.read_exact(&mut line).await?;
    Ok([line[9], line[10], line[11]])
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_ready_file_of_another_process_counts_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ready.json");
        assert_eq!(Ready::read(&path, 7), None);
        std::fs::write(&path, r#"{"pid": 7, "admin": "127.0.0.1:4", "maps": [1]}"#).unwrap();
        assert_eq!(Ready::read(&path, 7), Some(Ready { admin: "127.0.0.1:4".parse().unwrap() }));
        assert_eq!(Ready::read(&path, 8), None);
    }

    #[tokio::test]
    async fn only_200_is_well() {
        let answers = [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 204 No Content\r\n\r\n", false),
            ("HTTP/1.1 301 Moved Permanently\r\n\r\n", false),
            ("HTTP/1.1 404 Not Found\r\n\r\n", false),
            ("HTTP/1.1 500 Internal Server Error\r\n\r\n", false),
            ("HTTP/1.1 503 Busy\r\n\r\n", false),
            ("nonsense", false),
            ("nonsense that goes on and speaks of 200 OK\r\n\r\n", false),
        ];
        for (answer, well) in answers {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let answering = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
            assert_eq!(is_ok(addr, "/healthz").await, well, "{answer:?}");
            answering.await.unwrap();
            assert!(!is_ok(addr, "/healthz").await, "nobody listens any more");
        }
    }
}
