//! What netcode 1.02 asks of all three of its parties: connect tokens, and the cipher of tokens and packets.
//!
//! A gateway seals a [`PrivateToken`] and hands it to a client within a [`ConnectToken`]. The client copies the sealed
//! part into its connection request, and the server opens it: only gateway and server have the key.

pub mod aead;
mod connect_token;
mod fields;
mod private_token;

pub use connect_token::{ConnectToken, ConnectTokenError, PUBLIC_BYTES};
pub use fields::MAX_ADDRESSES;
pub use private_token::{PrivateToken, SEALED_BYTES};

/// The version text that every packet and token is bound to.
pub const VERSION_INFO: &[u8; 13] = b"NETCODE 1.02\0";
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of the MAC that proves a packet or a token authentic.
pub const MAC_BYTES: usize = 16;
/// Bytes of the nonce that a token is sealed under.
pub const NONCE_BYTES: usize = 24;
/// Bytes of a connect token's user data.
pub const USER_DATA_BYTES: usize = 256;
