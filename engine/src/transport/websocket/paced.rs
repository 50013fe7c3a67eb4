//! A socket that is read at a bounded rate, whatever its bytes are.
//!
//! Nobody else sees the parts of a message that never ends, or of a TLS record. Who sends more has to wait: its data stays
//! in the kernel's buffers, and then on its own machine.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// Bytes that a client may send in a second, in the long run. One that plays sends a tenth of it.
const BYTES_PER_SECOND: usize = 128 << 10;
/// Bytes that it may send at once.
const BURST_BYTES: usize = 128 << 10;
/// How long one that sends more has to wait before it is read again.
const PAUSE: Duration = Duration::from_millis(20);

/// The socket.
pub(super) struct Paced {
    socket: TcpStream,
    left: usize,
    filled_at: Instant,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self { socket, left: BURST_BYTES, filled_at: Instant::now(), pause: None }
    }

    fn fill(&mut self) {
        let now = Instant::now();
        self.left = filled(self.left, now.duration_since(self.filled_at));
        self.filled_at = now;
    }
}

/// What may be read after so long.
fn filled(left: usize, passed: Duration) -> usize {
    let gained = passed.as_micros().saturating_mul(BYTES_PER_SECOND as u128) / 1_000_000;
    left.saturating_add(usize::try_from(gained).unwrap_or(BURST_BYTES)).min(BURST_BYTES)
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        if self.left < buffer.remaining() {
            self.fill();
        }
        if self.left == 0 {
            let mut pause = Box::pin(sleep(PAUSE));
            // It has not passed yet; this is to be woken by it.
            let _ = pause.as_mut().poll(context);
            self.pause = Some(pause);
            return Poll::Pending;
        }
        let most = self.left.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut part))?;
        let read = part.filled().len();
        self.left -= read;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn so_much_is_gained_and_never_more_than_a_burst() {
        assert_eq!(filled(0, Duration::from_millis(500)), BYTES_PER_SECOND / 2);
        assert_eq!(filled(7, Duration::from_micros(100)), 7 + 13);
        assert_eq!(filled(7, Duration::MAX), BURST_BYTES);
    }

    #[tokio::test]
    async fn all_that_was_sent_is_read_though_it_is_more_than_a_burst() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (mut client, mut paced) = (client.unwrap(), Paced::new(accepted.unwrap().0));
        let sent: Vec<u8> = (0..BURST_BYTES + BURST_BYTES / 8).map(|at| at as u8).collect();
        let sending = async {
            client.write_all(&sent).await.unwrap();
            client.shutdown().await.unwrap();
        };
        let (started, mut read) = (Instant::now(), Vec::new());
        let (_, all) = tokio::join!(sending, paced.read_to_end(&mut read));
        all.unwrap();
        assert_eq!(read, sent);
        assert!(started.elapsed() >= PAUSE, "what is beyond a burst has to wait");
    }
}
