//! WebSocket frames and HTTP requests byte by byte, as no library would send them.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::endpoints::ANSWER_WITHIN;

/// A text frame's opcode.
pub const TEXT: u8 = 1;
/// A ping's.
pub const PING: u8 = 9;
/// A pong's.
pub const PONG: u8 = 10;

/// What comes of an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// An answer with this status.
    Status(u16),
    /// The connection ended without one.
    Ended,
    /// Neither, in time.
    Nothing,
}

/// A whole frame, masked with zeros.
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length), _) if length < 126 => frame.push(0x80 | length),
        (_, Ok(length)) => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Sends bytes; whether they went in time. A server that reads no more, or has closed, takes none.
pub async fn send(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    matches!(timeout(ANSWER_WITHIN, stream.write_all(bytes)).await, Ok(Ok(())))
}

/// Reads on; whether the other side ends the connection in time.
pub async fn is_ended(stream: &mut TcpStream) -> bool {
    let to_the_end = async {
        let mut buffer = vec![0; 64 << 10];
        while matches!(stream.read(&mut buffer).await, Ok(length) if length > 0) {}
    };
    timeout(ANSWER_WITHIN / 2, to_the_end).await.is_ok()
}

/// Reads to the end of the connection; `None` if that does not come in time.
pub async fn whole(stream: &mut TcpStream) -> Option<String> {
    let mut answer = Vec::new();
    timeout(ANSWER_WITHIN, stream.read_to_end(&mut answer)).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// Waits for the answer to an HTTP request.
pub async fn status(stream: &mut TcpStream, within: Duration) -> Answered {
    let mut answer = Vec::new();
    let read = async {
        // `HTTP/1.1 503 `
        while answer.len() < 13 {
            match stream.read_buf(&mut answer).await {
                Ok(length) if length > 0 => {}
                _ => break,
            }
        }
    };
    if timeout(within, read).await.is_err() {
        return Answered::Nothing;
    }
    let code = answer.get(9..12).and_then(|code| str::from_utf8(code).ok()?.parse().ok());
    code.map_or(Answered::Ended, Answered::Status)
}
