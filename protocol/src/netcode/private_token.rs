//! The part of a connect token that only gateway and server can read.

use core::net::SocketAddr;

use super::fields::{Fields, write_addresses};
use super::{KEY_BYTES, NONCE_BYTES, USER_DATA_BYTES, VERSION_INFO, aead};

/// Bytes of the sealed part of a token, with its MAC at the end.
pub const SEALED_BYTES: usize = 1_024;

/// The private part of a connect token, before it is sealed.
///
/// Layout: client id u64 · time-out i32 · number of addresses u32 · the addresses · client-to-server key 32 ·
/// server-to-client key 32 · user data 256 · zeros up to 1,008 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateToken {
    /// The id of the client that connects.
    pub client_id: u64,
    /// Seconds of silence after which a session may end; 0 or less leaves it to the server.
    pub timeout_s: i32,
    /// The addresses of the servers that it is valid for.
    pub servers: Vec<SocketAddr>,
    /// The key that the client seals packets with.
    pub client_to_server_key: [u8; KEY_BYTES],
    /// The key that the server seals packets with.
    pub server_to_client_key: [u8; KEY_BYTES],
    /// The game's own data.
    pub user_data: [u8; USER_DATA_BYTES],
}

impl PrivateToken {
    /// Seals it with [`MAX_ADDRESSES`](super::MAX_ADDRESSES) of its servers at most. No nonce may be used twice.
    pub fn seal(
        &self,
        protocol_id: u64,
        expires_s: u64,
        nonce: &[u8; NONCE_BYTES],
        key: &[u8; KEY_BYTES],
    ) -> [u8; SEALED_BYTES] {
        let mut plain = Vec::with_capacity(SEALED_BYTES);
        plain.extend_from_slice(&self.client_id.to_le_bytes());
        plain.extend_from_slice(&self.timeout_s.to_le_bytes());
        write_addresses(&mut plain, &self.servers);
        plain.extend_from_slice(&self.client_to_server_key);
        plain.extend_from_slice(&self.server_to_client_key);
        plain.extend_from_slice(&self.user_data);
        // At most 32 addresses of 19 bytes: 944 bytes in all.
        let mut sealed = [0; SEALED_BYTES];
        sealed[..plain.len()].copy_from_slice(&plain);
        let (key, number) = aead::extended(key, nonce);
        key.seal(number, &bound_to(protocol_id, expires_s), &mut sealed);
        sealed
    }

    /// Opens what was sealed with this key for this protocol and time, in place. `None` if it was not, or is no token;
    /// the buffer is then garbage.
    pub fn open(
        sealed: &mut [u8],
        protocol_id: u64,
        expires_s: u64,
        nonce: &[u8; NONCE_BYTES],
        key: &[u8; KEY_BYTES],
    ) -> Option<Self> {
        let (key, number) = aead::extended(key, nonce);
        Self::read(key.open(number, &bound_to(protocol_id, expires_s), sealed)?)
    }

    fn read(plain: &[u8]) -> Option<Self> {
        let mut from = Fields(plain);
        Some(Self {
            client_id: from.u64()?,
            timeout_s: from.i32()?,
            servers: from.addresses()?,
            client_to_server_key: from.take()?,
            server_to_client_key: from.take()?,
            user_data: from.take()?,
        })
    }
}

fn bound_to(protocol_id: u64, expires_s: u64) -> [u8; 13 + 8 + 8] {
    let mut bound_to = [0; 13 + 8 + 8];
    bound_to[..13].copy_from_slice(VERSION_INFO);
    bound_to[13..21].copy_from_slice(&protocol_id.to_le_bytes());
    bound_to[21..].copy_from_slice(&expires_s.to_le_bytes());
    bound_to
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::netcode::{MAC_BYTES, MAX_ADDRESSES};

    const KEY: [u8; KEY_BYTES] = [9; KEY_BYTES];
    const NONCE: [u8; NONCE_BYTES] = [5; NONCE_BYTES];

    fn token(servers: Vec<SocketAddr>) -> PrivateToken {
        PrivateToken {
            client_id: 77,
            timeout_s: -1,
            servers,
            client_to_server_key: [1; KEY_BYTES],
            server_to_client_key: [2; KEY_BYTES],
            user_data: std::array::from_fn(|i| i as u8),
        }
    }

    fn reopened(token: &PrivateToken) -> Option<PrivateToken> {
        PrivateToken::open(&mut token.seal(7, 100, &NONCE, &KEY), 7, 100, &NONCE, &KEY)
    }

    #[test]
    fn a_token_has_1_to_32_servers() {
        assert_eq!(reopened(&token(Vec::new())), None);
        for count in [1, 31, 32, 33, 40] {
            let servers: Vec<SocketAddr> = (0..count).map(|port| SocketAddr::from(([0u8; 16], port))).collect();
            let expected = token(servers.iter().take(MAX_ADDRESSES).copied().collect());
            assert_eq!(reopened(&token(servers)), Some(expected), "of {count}; further ones are left out");
        }
    }

    /// Kinds of addresses that do not exist, counts that may not be, and an end before the last field, under a right
    /// MAC.
    #[test]
    fn what_is_no_token_is_not_read() {
        let mut one_server = [0; SEALED_BYTES - MAC_BYTES];
        one_server[12] = 1;
        one_server[16] = 1;
        assert_eq!(PrivateToken::read(&one_server).map(|token| token.servers.len()), Some(1));
        for (at, byte) in [(12, 33), (12, 0), (13, 1), (15, 1), (16, 0), (16, 3), (16, 255)] {
            let mut plain = one_server;
            plain[at] = byte;
            assert_eq!(PrivateToken::read(&plain), None, "byte {at} is {byte}");
        }
        // Every address that is counted is there, so that the count alone is wrong.
        let mut many = one_server;
        (0..=MAX_ADDRESSES).for_each(|at| many[16 + 7 * at] = 1);
        for (count, servers) in [(32, Some(32)), (33, None)] {
            many[12] = count;
            assert_eq!(PrivateToken::read(&many).map(|token| token.servers.len()), servers, "{count} addresses");
        }
        let end = 8 + 4 + 4 + 7 + 2 * KEY_BYTES + USER_DATA_BYTES;
        for length in 0..=end {
            assert_eq!(PrivateToken::read(&one_server[..length]).is_some(), length == end, "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_for_its_protocol_time_nonce_and_key_alone(
            client_id: u64,
            timeout_s: i32,
            servers in prop::collection::vec(any::<SocketAddr>(), 1..=MAX_ADDRESSES),
            protocol_id: u64,
            expires_s: u64,
            flipped in 0..SEALED_BYTES * 8,
            other in any::<prop::sample::Index>(),
        ) {
            // The standard has no room for the scope and the flow of an IPv6 address.
            let servers = servers.iter().map(|server| SocketAddr::new(server.ip(), server.port())).collect();
            let token = PrivateToken { client_id, timeout_s, ..token(servers) };
            let sealed = token.seal(protocol_id, expires_s, &NONCE, &KEY);
            let open = |protocol_id, expires_s, nonce, key| {
                let mut sealed = sealed;
                PrivateToken::open(&mut sealed, protocol_id, expires_s, nonce, key)
            };
            prop_assert_eq!(open(protocol_id, expires_s, &NONCE, &KEY), Some(token));
            // One bit makes it another protocol, time, nonce or key.
            let bit = other.index(64);
            prop_assert_eq!(open(protocol_id ^ 1 << bit, expires_s, &NONCE, &KEY), None);
            prop_assert_eq!(open(protocol_id, expires_s ^ 1 << bit, &NONCE, &KEY), None);
            let (mut nonce, mut key) = (NONCE, KEY);
            nonce[other.index(NONCE_BYTES)] ^= 1;
            key[other.index(KEY_BYTES)] ^= 1;
            prop_assert_eq!(open(protocol_id, expires_s, &nonce, &KEY), None);
            prop_assert_eq!(open(protocol_id, expires_s, &NONCE, &key), None);
            let mut changed = sealed;
            changed[flipped / 8] ^= 1 << (flipped % 8);
            prop_assert_eq!(PrivateToken::open(&mut changed, protocol_id, expires_s, &NONCE, &KEY), None);
        }

        #[test]
        fn garbage_is_never_a_panic(
            mut plain in prop::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..=SEALED_BYTES),
            count in prop::option::of(0u32..40),
        ) {
            if let (Some(count), Some(place)) = (count, plain.get_mut(12..16)) {
                place.copy_from_slice(&count.to_le_bytes());
            }
            let _ = PrivateToken::read(&plain);
            prop_assert_eq!(PrivateToken::open(&mut plain.clone(), 7, 100, &NONCE, &KEY), None);
        }
    }
}
