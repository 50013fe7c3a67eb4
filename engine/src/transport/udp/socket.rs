//! The server's UDP socket, and the waker of the thread that waits for it.

use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;

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

/// Wakes the network thread.
#[derive(Debug)]
pub(super) struct Waker(UnixStream);

impl Waker {
    /// Creates the waker, and the end that becomes readable once it was used.
    pub(super) fn new() -> io::Result<(Self, UnixStream)> {
        let (waker, woken) = UnixStream::pair()?;
        waker.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        Ok((Self(waker), woken))
    }

    /// Wakes the thread. When there is no room for another byte, it is being woken already.
    pub(super) fn wake(&self) {
        let _ = (&self.0).write(&[0]);
    }
}
