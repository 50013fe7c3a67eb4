//! Connect tokens: what the gateway sealed for the server, and what a client shows of it in its connection request.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use realmgate_protocol::netcode::{KEY_BYTES, MAC_BYTES, NONCE_BYTES, PrivateToken, VERSION_INFO};

use super::packet::Protocol;

/// The identity of a token: two with the same id are one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TokenId {
    /// When it expires, in Unix seconds.
    pub(super) expires_s: u64,
    /// The MAC of its sealed part.
    pub(super) mac: [u8; MAC_BYTES],
}

/// A connection request's body: a token that is not opened yet.
pub(super) struct Request<'a> {
    pub(super) id: TokenId,
    nonce: [u8; NONCE_BYTES],
    sealed: &'a mut [u8],
}

/// Why a request is not for this server at this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotForUs;

impl<'a> Request<'a> {
    /// Reads the body of a connection request.
    pub(super) fn read(body: &'a mut [u8], protocol: &Protocol, unix_s: u64) -> Result<Self, NotForUs> {
        let (version, body) = body.split_first_chunk_mut().ok_or(NotForUs)?;
        let (protocol_id, body) = body.split_first_chunk_mut().ok_or(NotForUs)?;
        let (expires_s, body) = body.split_first_chunk_mut().ok_or(NotForUs)?;
        let (nonce, sealed) = body.split_first_chunk_mut().ok_or(NotForUs)?;
        let mac = *sealed.last_chunk().ok_or(NotForUs)?;
        let expires_s = u64::from_le_bytes(*expires_s);
        if *version != *VERSION_INFO || u64::from_le_bytes(*protocol_id) != protocol.id() || unix_s >= expires_s {
            return Err(NotForUs);
        }
        Ok(Self { id: TokenId { expires_s, mac }, nonce: *nonce, sealed })
    }

    /// Opens the token with the key that the gateway seals with.
    pub(super) fn open(self, protocol: &Protocol, key: &[u8; KEY_BYTES]) -> Option<PrivateToken> {
        PrivateToken::open(self.sealed, protocol.id(), self.id.expires_s, &self.nonce, key)
    }
}

/// Whether a token names one of these servers. Some implementations write the groups of an IPv6 address in network order
/// and not, as the standard says, as little endian numbers. Both are accepted: either way the gateway sealed the token.
pub(super) fn names_any(token: &PrivateToken, ours: &[SocketAddr]) -> bool {
    let is_ours = |named: &SocketAddr| ours.contains(named) || ours.contains(&with_groups_swapped(*named));
    token.servers.iter().any(is_ours)
}

fn with_groups_swapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(_) => address,
        IpAddr::V6(ip) => SocketAddr::new(Ipv6Addr::from(ip.segments().map(u16::swap_bytes)).into(), address.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [9; 32];

    fn token() -> PrivateToken {
        PrivateToken {
            client_id: 77,
            timeout_s: -1,
            servers: vec!["10.1.2.3:4001".parse().unwrap(), "[2001:db8::1]:4002".parse().unwrap()],
            client_to_server_key: [1; 32],
            server_to_client_key: [2; 32],
            user_data: std::array::from_fn(|i| i as u8),
        }
    }

    fn request(token: &PrivateToken, expires_s: u64) -> Vec<u8> {
        let mut body = VERSION_INFO.to_vec();
        body.extend(7u64.to_le_bytes());
        body.extend(expires_s.to_le_bytes());
        body.extend([5; NONCE_BYTES]);
        body.extend(token.seal(7, expires_s, &[5; NONCE_BYTES], &KEY));
        body
    }

    fn open(body: &[u8], protocol_id: u64, unix_s: u64, key: &[u8; KEY_BYTES]) -> Option<PrivateToken> {
        let (mut body, protocol) = (body.to_vec(), Protocol::new(protocol_id));
        Request::read(&mut body, &protocol, unix_s).ok()?.open(&protocol, key)
    }

    #[test]
    fn a_token_opens_for_its_server_in_its_time() {
        let body = request(&token(), 100);
        assert_eq!(open(&body, 7, 99, &KEY), Some(token()));
        assert_eq!(open(&body, 7, 100, &KEY), None, "expired");
        assert_eq!(open(&body, 8, 99, &KEY), None, "another protocol");
        assert_eq!(open(&body, 7, 99, &[8; KEY_BYTES]), None, "another server's key");
        for at in [0, 13, 21, 30, 60, 1_076] {
            let mut changed = body.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed, 7, 50, &KEY), None, "byte {at} is another");
        }
    }

    #[test]
    fn its_servers_are_found_in_either_order_of_ipv6_bytes() {
        let other: SocketAddr = "10.9.9.9:4001".parse().unwrap();
        let ours = |text: &str| {
            let one: SocketAddr = text.parse().unwrap();
            let found = names_any(&token(), &[one]);
            assert_eq!([[one, other], [other, one]].map(|several| names_any(&token(), &several)), [found; 2], "{text}");
            found
        };
        assert!(ours("10.1.2.3:4001") && ours("[2001:db8::1]:4002"));
        assert!(ours("[120:b80d::100]:4002"), "as renetcode writes it");
        assert!(!ours("10.1.2.3:4002") && !ours("[2001:db8::2]:4002") && !ours("[120:b80d::100]:4001"));
    }
}
