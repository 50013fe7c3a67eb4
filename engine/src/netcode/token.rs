//! Connect tokens: what the gateway sealed for the server, and what a client shows of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::packet::{Protocol, REQUEST_BODY_BYTES};
use super::{KEY_BYTES, MAC_BYTES, USER_DATA_BYTES, VERSION_INFO, aead};

/// Bytes of the nonce that a token is sealed under.
pub const NONCE_BYTES: usize = 24;
/// Bytes of the sealed part of a token.
pub const SEALED_BYTES: usize = 1_024;
/// Most addresses in a token.
pub const MAX_ADDRESSES: usize = 32;

const ADDRESS_IPV4: u8 = 1;
const ADDRESS_IPV6: u8 = 2;

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
    /// Reads a body of [`REQUEST_BODY_BYTES`].
    pub(super) fn read(body: &'a mut [u8], protocol: &Protocol, unix_s: u64) -> Result<Self, NotForUs> {
        let (head, sealed) = body.split_at_mut_checked(REQUEST_BODY_BYTES - SEALED_BYTES).ok_or(NotForUs)?;
        let mut head = Bytes(head);
        let version: [u8; 13] = head.take().ok_or(NotForUs)?;
        let protocol_id = head.u64().ok_or(NotForUs)?;
        let expires_s = head.u64().ok_or(NotForUs)?;
        if version != *VERSION_INFO || protocol_id != protocol.id() || unix_s >= expires_s {
            return Err(NotForUs);
        }
        let nonce = head.take().ok_or(NotForUs)?;
        let mac = *sealed.last_chunk().ok_or(NotForUs)?;
        Ok(Self { id: TokenId { expires_s, mac }, nonce, sealed })
    }

    /// Opens the token with the key that the gateway seals with.
    pub(super) fn open(self, protocol: &Protocol, key: &[u8; KEY_BYTES]) -> Option<PrivateToken> {
        let (key, number) = aead::extended(key, &self.nonce);
        let plain = key.open(number, &bound_to(protocol.id(), self.id.expires_s), self.sealed)?;
        PrivateToken::read(plain)
    }
}

/// The private part of a connect token, which only gateway and server know.
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
    /// Whether it names one of these servers. Some implementations write the groups of an IPv6 address in network order
    /// and not, as the standard says, as little endian numbers. Both are accepted: either way the gateway sealed the
    /// token.
    pub(super) fn names_any(&self, ours: &[SocketAddr]) -> bool {
        let is_ours = |named: &SocketAddr| ours.contains(named) || ours.contains(&with_groups_swapped(*named));
        self.servers.iter().any(is_ours)
    }

    fn read(plain: &[u8]) -> Option<Self> {
        let mut from = Bytes(plain);
        let client_id = from.u64()?;
        let timeout_s = i32::from_le_bytes(from.take()?);
        let count = u32::from_le_bytes(from.take()?) as usize;
        if !(1..=MAX_ADDRESSES).contains(&count) {
            return None;
        }
        let servers = (0..count).map(|_| read_address(&mut from)).collect::<Option<_>>()?;
        let (client_to_server_key, server_to_client_key, user_data) = (from.take()?, from.take()?, from.take()?);
        Some(Self { client_id, timeout_s, servers, client_to_server_key, server_to_client_key, user_data })
    }

    /// Seals the private part of a connect token, with at most [`MAX_ADDRESSES`] of its servers.
    pub fn seal(
        &self,
        protocol_id: u64,
        expires_s: u64,
        nonce: &[u8; NONCE_BYTES],
        key: &[u8; KEY_BYTES],
    ) -> [u8; SEALED_BYTES] {
        let servers = &self.servers[..self.servers.len().min(MAX_ADDRESSES)];
        let mut plain = Vec::with_capacity(SEALED_BYTES);
        plain.extend_from_slice(&self.client_id.to_le_bytes());
        plain.extend_from_slice(&self.timeout_s.to_le_bytes());
        plain.extend_from_slice(&(servers.len() as u32).to_le_bytes());
        servers.iter().for_each(|address| write_address(&mut plain, address));
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
}

fn bound_to(protocol_id: u64, expires_s: u64) -> [u8; 13 + 8 + 8] {
    let mut bound_to = [0; 13 + 8 + 8];
    bound_to[..13].copy_from_slice(VERSION_INFO);
    bound_to[13..21].copy_from_slice(&protocol_id.to_le_bytes());
    bound_to[21..].copy_from_slice(&expires_s.to_le_bytes());
    bound_to
}

fn read_address(from: &mut Bytes<'_>) -> Option<SocketAddr> {
    let [kind] = from.take()?;
    let ip: IpAddr = match kind {
        ADDRESS_IPV4 => Ipv4Addr::from(from.take::<4>()?).into(),
        ADDRESS_IPV6 => {
            let mut groups = [0; 8];
            for group in &mut groups {
                *group = u16::from_le_bytes(from.take()?);
            }
            Ipv6Addr::from(groups).into()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_le_bytes(from.take()?)))
}

fn write_address(out: &mut Vec<u8>, address: &SocketAddr) {
    match address.ip() {
        IpAddr::V4(ip) => {
            out.push(ADDRESS_IPV4);
            out.extend_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            out.push(ADDRESS_IPV6);
            ip.segments().iter().for_each(|group| out.extend_from_slice(&group.to_le_bytes()));
        }
    }
    out.extend_from_slice(&address.port().to_le_bytes());
}

fn with_groups_swapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(_) => address,
        IpAddr::V6(ip) => SocketAddr::new(Ipv6Addr::from(ip.segments().map(u16::swap_bytes)).into(), address.port()),
    }
}

/// Bytes not read yet.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
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

    fn open(body: &mut [u8], protocol_id: u64, unix_s: u64) -> Option<PrivateToken> {
        let protocol = Protocol::new(protocol_id);
        Request::read(body, &protocol, unix_s).ok()?.open(&protocol, &KEY)
    }

    #[test]
    fn a_token_opens_for_its_server_in_its_time() {
        let body = request(&token(), 100);
        assert_eq!(open(&mut body.clone(), 7, 99), Some(token()));
        assert_eq!(open(&mut body.clone(), 7, 100), None, "expired");
        assert_eq!(open(&mut body.clone(), 8, 99), None, "another protocol");
        for at in [0, 13, 21, 30, 60, 1_076] {
            let mut changed = body.clone();
            changed[at] ^= 1;
            assert_eq!(open(&mut changed, 7, 50), None, "byte {at} is another");
        }
    }

    #[test]
    fn its_servers_are_found_in_either_order_of_ipv6_bytes() {
        let ours = |text: &str| token().names_any(&[text.parse().unwrap()]);
        assert!(ours("10.1.2.3:4001") && ours("[2001:db8::1]:4002"));
        assert!(ours("[120:b80d::100]:4002"), "as renetcode writes it");
        assert!(!ours("10.1.2.3:4002") && !ours("[2001:db8::2]:4002"));
    }

    #[test]
    fn a_token_without_or_with_too_many_servers_is_none() {
        let none = PrivateToken { servers: Vec::new(), ..token() };
        assert_eq!(open(&mut request(&none, 100), 7, 50), None);
        let many = PrivateToken { servers: vec!["[::1]:1".parse().unwrap(); 40], ..token() };
        assert_eq!(open(&mut request(&many, 100), 7, 50).unwrap().servers.len(), MAX_ADDRESSES);
        // Kinds of addresses that do not exist, and counts beyond the end, under a right MAC.
        for (at, byte) in [(12, 33), (12, 0), (16, 0), (16, 3)] {
            let mut plain = [0; SEALED_BYTES - MAC_BYTES];
            plain[12] = 1;
            plain[16] = ADDRESS_IPV4;
            assert!(PrivateToken::read(&plain).is_some());
            plain[at] = byte;
            assert_eq!(PrivateToken::read(&plain), None);
        }
        assert_eq!(PrivateToken::read(&[0; 15]), None);
    }
}
