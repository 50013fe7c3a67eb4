//! The server side of the netcode 1.02 standard: packets, tokens, the handshake, sessions. No socket and no clock.
//!
//! [`Packet::read`] parses a datagram and checks its form. The owner of the socket applies its rate limits next, before
//! any cryptography. Then [`Server::receive`] says what the packet was. The work for a packet does not grow with the
//! number of clients, and nothing is kept of a sender that has not shown a valid connect token.
//!
//! Stricter than the standard: a connect token is valid for one connection, a challenge only for the token it answers,
//! and a token can shorten our time-outs, but not lengthen them. A token that was shown and made no connection is
//! forgotten with its handshake, and may then be shown from anywhere: to know a token proves nothing, to know its keys
//! does.

mod challenger;
pub mod fuzzing;
mod handshake;
mod packet;
pub mod peer;
mod pending;
mod replay;
mod server;
mod session;
mod spent;
mod token;

pub use packet::{Kind, Packet};
pub use server::{Connected, Received, Server, ServerSettings};

use realmgate_protocol::netcode::MAC_BYTES;

/// Most bytes of a payload, as `renetcode` has it: renet fills packets with 1,200 bytes of messages and adds up to 12. The
/// standard, and our own framing, have [`limits::MAX_PAYLOAD_BYTES`](realmgate_protocol::limits::MAX_PAYLOAD_BYTES).
pub const MAX_PAYLOAD_BYTES: usize = 1_300;
/// Most bytes of a packet: a payload with its prefix, the longest sequence number and the MAC.
pub const MAX_PACKET_BYTES: usize = 1 + 8 + MAX_PAYLOAD_BYTES + MAC_BYTES;
