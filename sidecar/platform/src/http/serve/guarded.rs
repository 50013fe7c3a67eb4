//! A connection's socket. It holds the connection's slot as long as it is open, also after an upgrade. It does not
//! wait forever on a client that stops reading, and takes no more than it may where there is a limit.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::slots::ConnectionSlot;
use crate::http::WriteTimeout;

/// The window in which a connection's bytes are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// How many bytes a client may send in ten seconds. There is no limit at first: requests are limited one by one.
#[derive(Debug, Default)]
pub struct Inflow {
    /// In bytes; 0 for no limit.
    most: AtomicU32,
}

impl Inflow {
    /// Sets the limit, in bytes.
    pub fn limit(&self, most: u32) {
        self.most.store(most, Ordering::Relaxed);
    }
}

/// The socket, with its slot and its limits.
pub(super) struct Guarded {
    stream: TcpStream,
    /// How long a write may wait for the client.
    write_timeout: WriteTimeout,
    inflow: Arc<Inflow>,
    /// Bytes received since then.
    taken: u32,
    since: Option<Instant>,
    slot: ConnectionSlot,
}

impl Guarded {
    pub(super) fn new(stream: TcpStream, slot: ConnectionSlot, patience: Duration) -> Self {
        Self { stream, write_timeout: WriteTimeout::new(patience), inflow: Arc::default(), taken: 0, since: None, slot }
    }

    /// The limit of what this connection takes.
    pub(super) fn inflow(&self) -> Arc<Inflow> {
        self.inflow.clone()
    }

    /// The local address that the client connected to.
    pub(super) fn local_addr(&self) -> io::Result<std::net::SocketAddr> {
        self.stream.local_addr()
    }

    /// Counts received bytes. Returns false if they exceed the limit of the window.
    fn take(&mut self, bytes: usize) -> bool {
        let most = self.inflow.most.load(Ordering::Relaxed);
        if most == 0 {
            return true;
        }
        let now = Instant::now();
        if self.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            (self.since, self.taken) = (Some(now), 0);
        }
        self.taken = self.taken.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.taken <= most
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let came = buffer.filled().len() - before;
        if self.take(came) {
            return Poll::Ready(Ok(()));
        }
        self.slot.flooded();
        Poll::Ready(Err(io::Error::other("too many bytes")))
    }
}
impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.write_timeout.limit(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.write_timeout.limit(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
