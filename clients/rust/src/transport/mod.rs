//! The connection to a map server: netcode outside, then our datagrams, then renet's reliable packets.
//!
//! [`Connection`] does all of it without a socket; [`UdpTransport`] gives it one.

mod connection;
mod guard;
mod reliable;
#[cfg(test)]
pub(crate) mod testing;
mod udp;

pub use connection::{CloseReason, Connection, Incoming, Traffic};
pub use reliable::{ReliableChannel, ReliableError};
pub use udp::UdpTransport;

#[cfg(test)]
mod tests;
