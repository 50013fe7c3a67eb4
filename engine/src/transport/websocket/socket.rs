//! The listening socket, and what is set on those that it accepts.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::TcpStream;

/// Connections that wait in the kernel to be accepted.
const BACKLOG: i32 = 1_024;
/// What the kernel may hold of what we send; Linux doubles it for its own bookkeeping. A tick's payload of a client on
/// the other side of the world must fit several times over, until it is acknowledged.
const SEND_BYTES: usize = 8 << 10;
/// What the kernel may hold of what a client sends.
const RECEIVE_BYTES: usize = 16 << 10;
/// How much of what we send may wait in the kernel before its first way out: more would only be old by then.
const UNSENT_BYTES: u32 = 2 << 10;

/// Binds the port. It is free at once after an earlier process of this server has ended.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Inherited by what is accepted. Set before that, since it decides about the window that the peer is offered.
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Sets what keeps the delay of a socket small, and what it holds.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BYTES)?;
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)
}
