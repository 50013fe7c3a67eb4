//! The server's UDP socket, and the waker of the thread that waits for it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use socket2::{Domain, Protocol, Socket, Type};

/// A tick's inputs of a thousand clients come in one burst; the kernel's default buffer loses most of them.
const BUFFER_BYTES: usize = 4 << 20;

/// Binds the socket, with large buffers as far as the kernel allows.
pub(in crate::transport) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    socket.set_send_buffer_size(BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    let (receive, send) = (socket.recv_buffer_size()?, socket.send_buffer_size()?);
    tracing::info!(%address, receive_bytes = receive, send_bytes = send, "UDP socket bound");
    // Linux reports twice what it grants, for its own bookkeeping.
    if receive < BUFFER_BYTES {
        tracing::warn!(
            receive_bytes = receive,
            wanted_bytes = BUFFER_BYTES,
            "the UDP receive buffer is small: raise net.core.rmem_max, or inputs are lost in bursts"
        );
    }
    Ok(socket.into())
}

/// The thread's end of its waker: readable once that was used.
#[derive(Debug)]
pub(super) struct Woken(OwnedFd);

impl Woken {
    /// Waits to be woken again.
    pub(super) fn clear(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Woken {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Wakes the network thread.
#[derive(Debug)]
pub(super) struct Waker(OwnedFd);

impl Waker {
    /// Creates the waker, and the end that becomes readable once it was used.
    pub(super) fn new() -> io::Result<(Self, Woken)> {
        let counter = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        let woken = Woken(counter.try_clone()?);
        Ok((Self(counter), woken))
    }

    /// Wakes the thread.
    pub(super) fn wake(&self) {
        // It fails only when the counter is full, and then it is being woken already.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }
}
