//! The connection to a map server, which carries our payloads: in netcode packets, or as the messages of a WebSocket.
//!
//! [`Connection`] is the whole protocol over netcode without a socket, and [`UdpTransport`] adds the socket.
//! [`WebSocketTransport`] needs no netcode. What both do with payloads is the same code. [`Transport`] is either of them.

mod carrier;
mod connection;
mod guard;
mod payloads;
#[cfg(test)]
pub(crate) mod testing;
mod udp;
mod websocket;

pub use carrier::{Carrier, Transport};
pub use connection::{CloseReason, Connection, Traffic};
pub use payloads::Incoming;
pub use udp::UdpTransport;
pub use websocket::WebSocketTransport;

#[cfg(test)]
mod tests;
