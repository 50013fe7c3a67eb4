//! A Socket.IO server of a few lines: Engine.IO v4 over WebSocket. It accepts every namespace and returns every event.

use std::io::Cursor;
use std::time::Duration;

use anyhow::{Result, bail};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, join};
use tokio::net::TcpStream;
use tokio::time::interval;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::client::small;

/// The time between two pings.
const PING_EVERY: Duration = Duration::from_secs(25);

/// Serves a connection whose request was read already.
pub async fn serve(stream: TcpStream, received: Vec<u8>) -> Result<()> {
    let (read, write) = stream.into_split();
    let stream = join(Cursor::new(received).chain(read), write);
    let mut socket = accept_async_with_config(stream, Some(small())).await?;
    let id = Uuid::new_v4();
    let open = format!(
        r#"0{{"sid":"{id}","upgrades":[],"pingInterval":{},"pingTimeout":20000,"maxPayload":1000000}}"#,
        PING_EVERY.as_millis()
    );
    socket.send(Message::text(open)).await?;
    let mut pings = interval(PING_EVERY);
    pings.tick().await;
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            _ = pings.tick() => {
                socket.send(Message::text("2")).await?;
                continue;
            }
        };
        let Some(message) = message else { return Ok(()) };
        let Message::Text(packet) = message? else { continue };
        if let Some(rest) = packet.strip_prefix("40") {
            // `40`, `40{…}`, `40/name,` or `40/name,{…}`.
            let namespace = match rest.split_once(',') {
                Some((name, _)) if name.starts_with('/') => format!("{name},"),
                _ => String::new(),
            };
            let sid = Uuid::new_v4();
            socket.send(Message::text(format!(r#"40{namespace}{{"sid":"{sid}"}}"#))).await?;
        } else if packet.starts_with("42") {
            socket.send(Message::Text(packet)).await?;
        } else if packet.starts_with("41") {
            return Ok(());
        } else if packet.as_str() != "3" {
            bail!("an unknown packet: {packet}");
        }
    }
}
