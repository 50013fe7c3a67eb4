//! Connect tokens as clients get them, in the standard's public layout.

use core::net::SocketAddr;
use core::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::fields::{Fields, write_addresses};
use super::private_token::{PrivateToken, SEALED_BYTES};
use super::{KEY_BYTES, NONCE_BYTES, VERSION_INFO};
use crate::limits::NETCODE_PROTOCOL_ID;

/// Bytes of a public connect token.
pub const PUBLIC_BYTES: usize = 2_048;

/// A connect token for our protocol.
///
/// Layout, all numbers little endian: version info 13 bytes · protocol id u64 · created u64 · expires u64 · nonce 24 ·
/// sealed part 1,024 · time-out i32 · number of addresses u32 · each address: kind u8 (1 is IPv4, 2 is IPv6), 4 bytes
/// or 8 groups u16, port u16 · client-to-server key 32 · server-to-client key 32 · zeros up to 2,048 bytes.
///
/// ```
/// use realmgate_protocol::netcode::{ConnectToken, PrivateToken};
///
/// let private = PrivateToken {
///     client_id: 42,
///     timeout_s: 10,
///     servers: vec!["127.0.0.1:4001".parse()?],
///     client_to_server_key: [1; 32],
///     server_to_client_key: [2; 32],
///     user_data: [0; 256],
/// };
/// // Valid for 30 s. A real program takes the nonce and the keys from a random number generator.
/// let key = [7; 32];
/// let token = ConnectToken::new(&private, 1_000..1_030, [5; 24], &key);
///
/// // The client reads the public part, the server opens the private one.
/// let read = ConnectToken::read_text(&token.to_text())?;
/// assert_eq!(read.servers, private.servers);
/// assert_eq!(read.open(&key), Some(private));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectToken {
    /// When it was made and when it expires, in Unix seconds. A client tries to connect for as long as lies between.
    pub valid_s: Range<u64>,
    /// The nonce that its private part is sealed under.
    pub nonce: [u8; NONCE_BYTES],
    /// Its private part, which a client copies into its connection request.
    pub sealed: [u8; SEALED_BYTES],
    /// Seconds of silence after which a connection is over.
    pub timeout_s: i32,
    /// The addresses of the servers that it is valid for.
    pub servers: Vec<SocketAddr>,
    /// The key that the client seals packets with.
    pub client_to_server_key: [u8; KEY_BYTES],
    /// The key that the server seals packets with.
    pub server_to_client_key: [u8; KEY_BYTES],
}

/// Why a connect token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectTokenError {
    /// It is not base64url without padding.
    #[error("the connect token is not base64url")]
    Encoding,
    /// It has this many bytes instead of [`PUBLIC_BYTES`].
    #[error("expected a connect token of 2,048 bytes, found {0}")]
    Length(usize),
    /// It is for another netcode version.
    #[error("the connect token is not in the format of netcode 1.02")]
    Version,
    /// It is for another protocol, with this id.
    #[error("the connect token is for another protocol: {0:#018x}")]
    Protocol(u64),
    /// It does not expire after it was created.
    #[error("the connect token expires before it was created")]
    Times,
    /// It has no server address, too many, or one of an unknown type.
    #[error("the connect token has no valid list of server addresses")]
    Addresses,
}

impl ConnectToken {
    /// Seals the private part and puts what the client needs beside it. No nonce may be used twice.
    pub fn new(private: &PrivateToken, valid_s: Range<u64>, nonce: [u8; NONCE_BYTES], key: &[u8; KEY_BYTES]) -> Self {
        Self {
            sealed: private.seal(NETCODE_PROTOCOL_ID, valid_s.end, &nonce, key),
            valid_s,
            nonce,
            timeout_s: private.timeout_s,
            servers: private.servers.clone(),
            client_to_server_key: private.client_to_server_key,
            server_to_client_key: private.server_to_client_key,
        }
    }

    /// Opens its private part as the server does; `None` if it was not sealed with this key.
    pub fn open(&self, key: &[u8; KEY_BYTES]) -> Option<PrivateToken> {
        let mut sealed = self.sealed;
        PrivateToken::open(&mut sealed, NETCODE_PROTOCOL_ID, self.valid_s.end, &self.nonce, key)
    }

    /// Writes it in the public layout.
    pub fn to_bytes(&self) -> [u8; PUBLIC_BYTES] {
        let mut bytes = Vec::with_capacity(PUBLIC_BYTES);
        bytes.extend_from_slice(VERSION_INFO);
        bytes.extend_from_slice(&NETCODE_PROTOCOL_ID.to_le_bytes());
        bytes.extend_from_slice(&self.valid_s.start.to_le_bytes());
        bytes.extend_from_slice(&self.valid_s.end.to_le_bytes());
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.sealed);
        bytes.extend_from_slice(&self.timeout_s.to_le_bytes());
        write_addresses(&mut bytes, &self.servers);
        bytes.extend_from_slice(&self.client_to_server_key);
        bytes.extend_from_slice(&self.server_to_client_key);
        // At most 32 addresses of 19 bytes: 1,765 bytes in all.
        let mut public = [0; PUBLIC_BYTES];
        public[..bytes.len()].copy_from_slice(&bytes);
        public
    }

    /// Writes it in base64url without padding, as the gateway gives it out.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.to_bytes())
    }

    /// The form that `renetcode::ConnectToken::read` takes, in base64url: the client id, little endian, and the public layout,
    /// which has no client id.
    pub fn to_renetcode_text(&self, client_id: u64) -> String {
        URL_SAFE_NO_PAD.encode([&client_id.to_le_bytes()[..], &self.to_bytes()].concat())
    }

    /// Reads the public layout.
    ///
    /// # Errors
    /// The [`ConnectTokenError`] of the first rule that the token breaks.
    pub fn read(bytes: &[u8]) -> Result<Self, ConnectTokenError> {
        if bytes.len() != PUBLIC_BYTES {
            return Err(ConnectTokenError::Length(bytes.len()));
        }
        // Every field ends within so many bytes.
        Self::read_fields(Fields(bytes)).unwrap_or(Err(ConnectTokenError::Length(bytes.len())))
    }

    fn read_fields(mut from: Fields<'_>) -> Option<Result<Self, ConnectTokenError>> {
        if from.take()? != *VERSION_INFO {
            return Some(Err(ConnectTokenError::Version));
        }
        let protocol_id = from.u64()?;
        if protocol_id != NETCODE_PROTOCOL_ID {
            return Some(Err(ConnectTokenError::Protocol(protocol_id)));
        }
        let valid_s = from.u64()?..from.u64()?;
        if valid_s.is_empty() {
            return Some(Err(ConnectTokenError::Times));
        }
        let (nonce, sealed, timeout_s) = (from.take()?, from.take()?, from.i32()?);
        let Some(servers) = from.addresses() else { return Some(Err(ConnectTokenError::Addresses)) };
        let (client_to_server_key, server_to_client_key) = (from.take()?, from.take()?);
        Some(Ok(Self { valid_s, nonce, sealed, timeout_s, servers, client_to_server_key, server_to_client_key }))
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`ConnectTokenError::Encoding`] when it is not base64url, otherwise as [`Self::read`].
    pub fn read_text(text: &str) -> Result<Self, ConnectTokenError> {
        Self::read(&URL_SAFE_NO_PAD.decode(text).map_err(|_| ConnectTokenError::Encoding)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::netcode::{MAX_ADDRESSES, USER_DATA_BYTES};

    const KEY: [u8; KEY_BYTES] = [7; KEY_BYTES];

    fn private(servers: Vec<SocketAddr>) -> PrivateToken {
        PrivateToken {
            client_id: 42,
            timeout_s: 10,
            servers,
            client_to_server_key: [1; KEY_BYTES],
            server_to_client_key: [2; KEY_BYTES],
            user_data: [3; USER_DATA_BYTES],
        }
    }

    fn token(servers: Vec<SocketAddr>) -> ConnectToken {
        ConnectToken::new(&private(servers), 1_000..1_030, [5; NONCE_BYTES], &KEY)
    }

    fn server() -> SocketAddr {
        "127.0.0.1:4001".parse().unwrap()
    }

    #[test]
    fn its_key_opens_it() {
        let token = token(vec![server()]);
        assert_eq!(token.open(&KEY), Some(private(vec![server()])));
        for at in 0..KEY_BYTES {
            let mut other = KEY;
            other[at] ^= 1;
            assert_eq!(token.open(&other), None, "byte {at} makes it another key");
        }
        assert_eq!(ConnectToken { valid_s: 1_000..1_031, ..token }.open(&KEY), None, "it is sealed for its time");
    }

    #[test]
    fn addresses_of_version_6_are_little_endian_groups() {
        let server: SocketAddr = "[2001:db8::1:a002]:4001".parse().unwrap();
        let bytes = token(vec![server]).to_bytes();
        let groups = [0x01, 0x20, 0xb8, 0x0d, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0x02, 0xa0];
        assert_eq!(bytes[1_093..1_112], [&[2][..], &groups, &4_001u16.to_le_bytes()].concat());
        assert_eq!(ConnectToken::read(&bytes).unwrap().servers, [server]);
    }

    #[test]
    fn what_is_no_token_is_refused_by_name() {
        let with = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = token(vec![server()]).to_bytes().to_vec();
            change(&mut bytes);
            ConnectToken::read(&bytes).err()
        };
        let expires = |at_s: u64| with(&|bytes| bytes[29..37].copy_from_slice(&at_s.to_le_bytes()));
        assert_eq!(with(&|_| {}), None);
        assert_eq!(with(&|bytes| bytes.clear()), Some(ConnectTokenError::Length(0)));
        assert_eq!(with(&|bytes| bytes.truncate(2_047)), Some(ConnectTokenError::Length(2_047)));
        assert_eq!(with(&|bytes| bytes.push(0)), Some(ConnectTokenError::Length(2_049)));
        for at in 0..13 {
            assert_eq!(with(&|bytes| bytes[at] ^= 1), Some(ConnectTokenError::Version), "byte {at}");
        }
        assert_eq!(with(&|bytes| bytes[13] ^= 1), Some(ConnectTokenError::Protocol(NETCODE_PROTOCOL_ID ^ 1)));
        assert_eq!(with(&|bytes| bytes[20] ^= 1), Some(ConnectTokenError::Protocol(NETCODE_PROTOCOL_ID ^ 1 << 56)));
        assert_eq!((expires(0), expires(1_000)), (Some(ConnectTokenError::Times), Some(ConnectTokenError::Times)));
        assert_eq!(expires(1_001), None);
        for (count, byte) in [(0, 0), (33, 0), (1, 1), (1, 3)] {
            let wrong = with(&|bytes| bytes[1_089 + byte] = count);
            assert_eq!(wrong, Some(ConnectTokenError::Addresses), "byte {byte} of the count is {count}");
        }
        // Every address that is counted is there, so that the count alone is wrong.
        let counted = |count: u8| {
            with(&|bytes| {
                (0..=MAX_ADDRESSES).for_each(|at| bytes[1_093 + 7 * at] = 1);
                bytes[1_089] = count;
            })
        };
        assert_eq!((counted(32), counted(33)), (None, Some(ConnectTokenError::Addresses)));
        for kind in [0, 3, 255] {
            assert_eq!(with(&|bytes| bytes[1_093] = kind), Some(ConnectTokenError::Addresses), "kind {kind}");
        }
        assert_eq!(ConnectToken::read_text("not base64!"), Err(ConnectTokenError::Encoding));
        let padded = format!("{}=", token(vec![server()]).to_text());
        assert_eq!(ConnectToken::read_text(&padded), Err(ConnectTokenError::Encoding));
        assert_eq!(ConnectToken::read_text("AAAA"), Err(ConnectTokenError::Length(3)));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            servers in prop::collection::vec(any::<SocketAddr>(), 1..=MAX_ADDRESSES),
            created_s in 0..u64::MAX,
            seconds in 1..1_000u64,
            timeout_s: i32,
        ) {
            // The standard has no room for the scope and the flow of an IPv6 address.
            let servers = servers.iter().map(|server| SocketAddr::new(server.ip(), server.port())).collect();
            let valid_s = created_s..created_s.saturating_add(seconds);
            let token = ConnectToken { valid_s, timeout_s, ..token(servers) };
            prop_assert_eq!(ConnectToken::read_text(&token.to_text()), Ok(token));
        }

        #[test]
        fn garbage_is_never_a_panic(
            changes in prop::collection::vec((prop_oneof![0..PUBLIC_BYTES, 1_085..1_120usize], any::<u8>()), 0..20),
            length in 0..=PUBLIC_BYTES, text: String,
        ) {
            let mut bytes = token(vec![server()]).to_bytes();
            for (at, value) in changes {
                bytes[at] = value;
            }
            if let Ok(token) = ConnectToken::read(&bytes) {
                token.open(&KEY);
            }
            let _ = ConnectToken::read(&bytes[..length]);
            let _ = ConnectToken::read_text(&text);
        }
    }
}
