//! The connection to a map server: netcode packets that carry our payloads.
//!
//! [`Connection`] is the whole protocol without a socket. [`UdpTransport`] adds the socket.

mod connection;
mod guard;
#[cfg(test)]
pub(crate) mod testing;
mod udp;

pub use connection::{CloseReason, Connection, Incoming, Traffic};
pub use udp::UdpTransport;

#[cfg(test)]
mod tests;
