//! The server side of the netcode 1.02 standard: packets, tokens, the handshake, sessions. No socket and no clock.
//!
//! A datagram is read by [`Packet::read`], which checks its form; whoever owns the socket decides, before any
//! cryptography, whether its source may ask so much; then [`Server::receive`] says what it was. Work for a packet does not
//! grow with the number of clients, and nothing is kept of a sender that has not shown a valid connect token.
//!
//! Where this is stricter than the standard: a connect token is good for one connection, a challenge only for the
//! token it answers, and the time-outs are ours, whatever a token says.

mod aead;
mod challenger;
pub mod fuzzing;
mod handshake;
mod packet;
pub mod peer;
mod pending;
mod replay;
mod server;
mod session;
pub mod token;
mod used;

pub use packet::{Kind, Packet};
pub use server::{Connected, Received, Server, ServerSettings};

/// What every packet and token of this version is bound to.
const VERSION_INFO: &[u8; 13] = b"NETCODE 1.02\0";
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes that prove a packet or a token authentic.
pub const MAC_BYTES: usize = 16;
/// Bytes of a connect token that are the game's own.
pub const USER_DATA_BYTES: usize = 256;
/// Most bytes of a payload.
pub const MAX_PAYLOAD_BYTES: usize = realmgate_protocol::limits::MAX_PAYLOAD_BYTES;
/// Most bytes of a packet: a payload with its prefix, the longest sequence number and the MAC.
pub const MAX_PACKET_BYTES: usize = 1 + 8 + MAX_PAYLOAD_BYTES + MAC_BYTES;
