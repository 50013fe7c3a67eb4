//! Keeps out the packets of whoever was refused before it had a session.
//!
//! The library gives us a connection only once it is a session. Before that nobody but the peer can end one: the library's
//! own tasks hold it while the peer leaves them waiting. But a connection of which nothing is heard ends by itself.

use std::collections::HashMap;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;
use wtransport::quinn::udp::{RecvMeta, Transmit};
use wtransport::quinn::{AsyncUdpSocket, UdpPoller};

use crate::transport::tasks::SILENCE;

/// How long an address is barred: its connection has ended by then.
const BARRED_FOR: Duration = SILENCE.saturating_add(Duration::from_secs(2));

/// Addresses whose packets are dropped.
#[derive(Debug, Default)]
pub(super) struct Barrier(Mutex<HashMap<SocketAddr, Instant>>);

impl Barrier {
    /// Drops what comes from an address for a while.
    fn bar(&self, address: SocketAddr) {
        let now = Instant::now();
        let mut barred = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        barred.retain(|_, until| *until > now);
        barred.insert(address, now + BARRED_FOR);
    }

    fn keeps_out(&self, address: &SocketAddr) -> bool {
        let barred = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        barred.get(address).is_some_and(|until| *until > Instant::now())
    }
}

/// A connection that is no session yet: its address is barred, unless it becomes one.
pub(super) struct Applicant {
    barrier: Arc<Barrier>,
    address: Option<SocketAddr>,
}

impl Applicant {
    pub(super) fn new(barrier: &Arc<Barrier>, address: SocketAddr) -> Self {
        Self { barrier: barrier.clone(), address: Some(address) }
    }

    /// It is a session, which can be closed.
    pub(super) fn pass(mut self) {
        self.address = None;
    }
}

impl Drop for Applicant {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            self.barrier.bar(address);
        }
    }
}

/// The socket behind the barrier.
#[derive(Debug)]
pub(super) struct Barred {
    pub(super) socket: Arc<dyn AsyncUdpSocket>,
    pub(super) barrier: Arc<Barrier>,
}

impl AsyncUdpSocket for Barred {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        self.socket.clone().create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit) -> io::Result<()> {
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        context: &mut Context,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = ready!(self.socket.poll_recv(context, buffers, meta))?;
        for datagrams in meta.iter_mut().take(received) {
            if self.barrier.keeps_out(&datagrams.addr) {
                datagrams.len = 0;
            }
        }
        Poll::Ready(Ok(received))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}
