//! A service of a few lines, which takes as little of the load's core as possible. It behaves by the path of a request.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::socket_io;

/// Size of the small page, in bytes.
pub const ANSWER_BYTES: usize = 1_024;
/// Answers with [`ANSWER_BYTES`].
pub const PAGE: &str = "/1k";
/// Reads the request's body and answers with nothing.
pub const SINK: &str = "/sink";
/// Followed by a number: answers with that number of bytes.
pub const SOURCE: &str = "/source/";
/// Never answers.
pub const HANG: &str = "/hang";
/// Answers without end, as fast as it is read.
pub const FLOOD: &str = "/flood";
/// Closes the connection in the middle of its answer.
pub const DIE: &str = "/die";
/// How much is read or written at once of a large body, in bytes.
pub const CHUNK_BYTES: usize = 64 * 1_024;
/// The maximum size of a request's head, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1_024;

/// A running service. It ends with its value.
pub struct Service {
    /// Where it listens.
    pub addr: SocketAddr,
    accepting: AbortHandle,
}

impl Service {
    /// Starts it.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let page: Arc<[u8]> = answer(&[b'x'; ANSWER_BYTES]).into();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let page = page.clone();
                // A connection that breaks is the end of its task alone.
                tokio::spawn(async move { serve(stream, &page).await });
            }
        });
        Ok(Self { addr, accepting: accepting.abort_handle() })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Answers the requests of a connection, one after the other.
async fn serve(mut stream: TcpStream, page: &[u8]) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(4 * 1_024);
    loop {
        let end = loop {
            if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut received).await? == 0 || received.len() > MAX_HEAD_BYTES {
                return Ok(());
            }
        };
        let head = std::str::from_utf8(&received[..end])?;
        let path = head.split(' ').nth(1).context("no path")?;
        let begins = |path: &str, with: &str| path.strip_prefix(with).map(str::to_owned);
        if path == PAGE {
            stream.write_all(page).await?;
            received.drain(..end);
        } else if path == SINK {
            let length = content_length(head)?;
            let begun = (received.len() - end) as u64;
            drain(&mut stream, length.saturating_sub(begun)).await?;
            stream.write_all(&answer(b"")).await?;
            received.clear();
        } else if let Some(length) = begins(path, SOURCE) {
            pour(&mut stream, length.parse()?).await?;
            received.clear();
        } else if path == HANG {
            // The door gives up and closes.
            while stream.read(&mut [0; 64]).await? > 0 {}
            return Ok(());
        } else if path == FLOOD {
            return pour(&mut stream, u64::MAX).await;
        } else if path == DIE {
            stream.write_all(&page[..page.len() / 2]).await?;
            return Ok(());
        } else if path.starts_with(socket_io::PATH) {
            return socket_io::serve(stream, received).await;
        } else {
            bail!("an unknown path: {path}");
        }
    }
}

fn content_length(head: &str) -> Result<u64> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(length.context("no length")?.1.trim().parse()?)
}

/// Reads this number of bytes.
pub async fn drain(stream: &mut TcpStream, mut bytes: u64) -> Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    while bytes > 0 {
        match stream.read(&mut buffer).await? {
            0 => bail!("closed with {bytes} bytes left"),
            read => bytes = bytes.saturating_sub(read as u64),
        }
    }
    Ok(())
}

/// Writes an answer with a body of this number of bytes.
async fn pour(stream: &mut TcpStream, bytes: u64) -> Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {bytes}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    fill(stream, bytes).await
}

/// Writes this number of bytes.
pub async fn fill(stream: &mut TcpStream, mut bytes: u64) -> Result<()> {
    let chunk = vec![b'x'; CHUNK_BYTES];
    while bytes > 0 {
        let next = bytes.min(CHUNK_BYTES as u64);
        stream.write_all(&chunk[..next as usize]).await?;
        bytes -= next;
    }
    Ok(())
}
