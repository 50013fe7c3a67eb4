//! One connection through the link: what comes in at one end goes out at the other, in order, when its time has come.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::{Link, Mode};

/// Pieces under way in one direction; a sender that is faster is held up, as by a full socket buffer.
const UNDER_WAY: usize = 4_096;
/// Bytes read at once.
const PIECE: usize = 16 * 1024;

/// Something under way: bytes, or the end of them.
struct Piece {
    due: Instant,
    bytes: Vec<u8>,
}

/// Carries both directions until both have ended.
pub(super) async fn join(client: TcpStream, server: TcpStream, link: watch::Receiver<Link>, born: &Link) {
    // A proxy must not make the link slower than it is.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let silences = born.silences;
    tokio::join!(carry(from_client, to_server, link.clone(), silences), carry(from_server, to_client, link, silences));
}

/// Reads until the other side gives up, and never answers.
pub(super) async fn swallow(mut client: TcpStream) {
    let mut nothing = vec![0; PIECE];
    while client.read(&mut nothing).await.is_ok_and(|length| length > 0) {}
}

async fn carry(from: OwnedReadHalf, to: OwnedWriteHalf, link: watch::Receiver<Link>, silences: u64) {
    let (send, under_way) = mpsc::channel(UNDER_WAY);
    tokio::join!(read(from, send, link.clone(), silences), write(to, under_way, link, silences));
}

async fn read(mut from: OwnedReadHalf, send: mpsc::Sender<Piece>, link: watch::Receiver<Link>, silences: u64) {
    let mut buffer = vec![0; PIECE];
    loop {
        // A connection that broke ends like one that was closed: the link knows no more.
        let length = from.read(&mut buffer).await.unwrap_or(0);
        let (is_dead, delay) = now(&link, silences);
        if !is_dead {
            let piece = Piece { due: Instant::now() + delay, bytes: buffer[..length].to_vec() };
            // Nobody writes any more: the other end is gone.
            if send.send(piece).await.is_err() {
                return;
            }
        }
        if length == 0 {
            return;
        }
    }
}

async fn write(
    mut to: OwnedWriteHalf,
    mut under_way: mpsc::Receiver<Piece>,
    link: watch::Receiver<Link>,
    silences: u64,
) {
    while let Some(piece) = under_way.recv().await {
        sleep_until(piece.due).await;
        if now(&link, silences).0 {
            break;
        }
        let written = match piece.bytes.is_empty() {
            true => to.shutdown().await,
            false => to.write_all(&piece.bytes).await,
        };
        if written.is_err() {
            return;
        }
    }
    // Dropping the half would say goodbye, which a dead connection does not. The reader of the same end keeps the
    // connection's task alive until the other side has given up.
    if now(&link, silences).0 {
        while under_way.recv().await.is_some() {}
        to.forget();
    }
}

/// Whether the connection is dead, and how late it is if not.
fn now(link: &watch::Receiver<Link>, silences: u64) -> (bool, Duration) {
    let link = link.borrow();
    let delay = match link.mode {
        Mode::Delay(by) => by,
        Mode::Pass | Mode::Cut | Mode::HalfOpen => Duration::ZERO,
    };
    (link.silences != silences, delay)
}
