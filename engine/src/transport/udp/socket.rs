//! The server's UDP socket, and the little one that wakes the thread blocked on it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// A tick's inputs of a thousand clients come in one burst; the kernel's default buffer loses most of them.
const BUFFER_BYTES: usize = 4 << 20;
/// How long the thread sleeps at most when nothing comes: what is timed is then late by this much.
const RECEIVE_TIMEOUT: Duration = Duration::from_millis(4);

/// Binds the socket, with large buffers as far as the kernel allows.
pub(super) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    socket.set_send_buffer_size(BUFFER_BYTES)?;
    socket.set_read_timeout(Some(RECEIVE_TIMEOUT))?;
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

/// Wakes the network thread by a datagram from this machine to its socket.
#[derive(Debug)]
pub(super) struct Waker {
    socket: UdpSocket,
    target: SocketAddr,
}

impl Waker {
    pub(super) fn new(bound: SocketAddr) -> io::Result<Self> {
        let ip = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let socket = UdpSocket::bind((ip, 0))?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, target: SocketAddr::new(ip, bound.port()) })
    }

    /// Where its datagrams come from. One that somebody else sends in its name only wakes the thread, too.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Wakes the thread. When this fails, it wakes by its time-out.
    pub(super) fn wake(&self) {
        let _ = self.socket.send_to(&[0], self.target);
    }
}
