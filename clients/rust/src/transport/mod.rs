//! The connection to a map server: netcode outside, our payloads inside.
//!
//! [`Connection`] does all of it without a socket; [`UdpTransport`] gives it one.

mod connection;
mod guard;
#[cfg(test)]
pub(crate) mod testing;
mod udp;

pub use connection::{CloseReason, Connection, Incoming, Traffic};
pub use udp::UdpTransport;

#[cfg(test)]
mod tests;
