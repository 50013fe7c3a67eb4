//! WebSocket frames byte by byte, as no library would send them.

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

/// A whole frame, masked with zeros.
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | length),
        _ => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
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
