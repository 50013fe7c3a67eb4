//! The least that speaks the channel protocol: ten thousand of these share a core with the rest of the load.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, interval};

/// How often a client says that it is there: the server closes who is silent for a minute.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(25);
const HEARTBEAT: &str = r#"[null,"h","phoenix","heartbeat",{}]"#;
const PING: u8 = 9;
const PONG: u8 = 10;
const CLOSE: u8 = 8;
const TEXT: u8 = 1;

/// Something that a socket was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// All were told of a new lobby.
    Created,
    /// The members of this one's lobby were told of one of them.
    Member,
}

/// What was told, to which socket, and when.
pub type Heard = (Told, usize, Instant);

/// An open socket.
pub struct Socket {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Socket {
    /// Opens one, and joins topics.
    pub async fn open(api: SocketAddr, token: &str, topics: &[String]) -> Result<Self> {
        let mut stream = TcpStream::connect(api).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /socket/websocket?token={token}&vsn=2.0.0 HTTP/1.1\r\nHost: {api}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut heard = Vec::new();
        let head = loop {
            ensure!(stream.read_buf(&mut heard).await? > 0, "closed: {}", String::from_utf8_lossy(&heard));
            if let Some(end) = heard.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        ensure!(heard.starts_with(b"HTTP/1.1 101"), "refused: {}", String::from_utf8_lossy(&heard));
        heard.drain(..head);
        let mut socket = Self { stream, heard };
        for topic in topics {
            socket.write(TEXT, format!(r#"["1","1","{topic}","phx_join",{{}}]"#).as_bytes()).await?;
            loop {
                let text = socket.text().await?;
                if contains(&text, b"\"phx_reply\"") {
                    ensure!(contains(&text, b"\"ok\""), "{topic}: {}", String::from_utf8_lossy(&text));
                    break;
                }
            }
        }
        Ok(socket)
    }

    /// Goes on to listen until the socket ends.
    pub async fn listen(mut self, number: usize, heard: UnboundedSender<Heard>) -> Result<()> {
        let mut heartbeat = interval(HEARTBEAT_EVERY);
        heartbeat.tick().await;
        loop {
            let text = tokio::select! {
                text = self.text() => text?,
                _ = heartbeat.tick() => {
                    self.write(TEXT, HEARTBEAT.as_bytes()).await?;
                    continue;
                }
            };
            let told = if contains(&text, b"\"lobby_created\"") {
                Told::Created
            } else if contains(&text, b"\"user_updated\"") && contains(&text, b"\"lobby:") {
                Told::Member
            } else {
                continue;
            };
            heard.send((told, number, Instant::now())).context("nobody listens any more")?;
        }
    }

    /// The next text. What was read of it stays when this is dropped.
    async fn text(&mut self) -> Result<Vec<u8>> {
        loop {
            while let Some((kind, payload)) = take(&mut self.heard) {
                match kind {
                    TEXT => return Ok(payload),
                    PING => self.write(PONG, &payload).await?,
                    CLOSE => bail!("the server closes: {payload:?}"),
                    _ => {}
                }
            }
            ensure!(self.stream.read_buf(&mut self.heard).await? > 0, "the server has gone");
        }
    }

    async fn write(&mut self, kind: u8, payload: &[u8]) -> Result<()> {
        // Masked, as clients must, with a mask of zeros.
        let mut frame = vec![0x80 | kind];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length)?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        Ok(self.stream.write_all(&frame).await?)
    }
}

/// Takes a frame that is there to its end: its kind, and what is in it.
fn take(heard: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (kind, short) = (heard.first()? & 0x0f, heard.get(1)? & 0x7f);
    let (begins, length) = match short {
        126 => (4, usize::from(u16::from_be_bytes(heard.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(heard.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let payload = heard.get(begins..begins + length)?.to_vec();
    heard.drain(..begins + length);
    Some((kind, payload))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
