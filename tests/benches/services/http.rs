//! The least that speaks HTTP/1.1: the load shares its core with the databases, and is to leave it to them.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Connection {
    /// Opens it.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, heard: Vec::with_capacity(8 * 1_024) })
    }

    /// Sends a whole request; the status and body of its answer.
    pub async fn call(&mut self, request: &str) -> Result<(u16, &[u8])> {
        self.stream.write_all(request.as_bytes()).await?;
        self.heard.clear();
        loop {
            if let Some((status, body)) = whole(&self.heard)? {
                return Ok((status, &self.heard[body..]));
            }
            if self.stream.read_buf(&mut self.heard).await? == 0 {
                bail!("the server has closed: {}", String::from_utf8_lossy(&self.heard));
            }
        }
    }
}

/// The status of an answer that is there to its end, and where its body begins.
fn whole(heard: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(head) = heard.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let (lines, body) = (std::str::from_utf8(&heard[..head])?, head + 4);
    let status = lines.split(' ').nth(1).context("no status")?.parse()?;
    let length = lines.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.with_context(|| format!("no length: {lines}"))?;
    Ok((heard.len() >= body + length).then_some((status, body)))
}

/// A GET with a token.
pub fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n")
}

/// A POST of JSON.
pub fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// A call with a token and JSON.
pub fn send_as(method: &str, path: &str, token: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}
