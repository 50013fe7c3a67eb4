//! The connection to a map server, which carries our payloads: in netcode packets, as the messages of a WebSocket, or in
//! the datagrams of a WebTransport session.
//!
//! [`Connection`] is the whole protocol over netcode without a socket, in our framing or in stock renet's, and
//! [`UdpTransport`] adds the socket.
//! [`WebSocketTransport`] and [`WebTransport`] need no netcode. What they do with payloads is the same code.
//! [`Transport`] is any of them.

mod carrier;
mod connection;
mod flow;
mod guard;
mod payloads;
mod renet;
#[cfg(test)]
pub(crate) mod testing;
mod udp;
mod websocket;
mod webtransport;

pub use carrier::{Carrier, Transport};
pub use connection::{CloseReason, Connection, Framing, Traffic};
pub use payloads::Incoming;
pub use udp::UdpTransport;
pub use websocket::WebSocketTransport;
pub use webtransport::{Door, WebTransport};

#[cfg(test)]
mod tests;
