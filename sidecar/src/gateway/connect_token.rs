//! The standard public netcode 1.02 connect token.
//!
//! `renetcode` writes a client id before it and no padding after it, which no other netcode client understands. Layout,
//! all numbers little endian: version info 13 bytes `"NETCODE 1.02\0"` · protocol id u64 · created u64 · expires u64 ·
//! nonce 24 · private part 1,024 · time-out i32 · number of addresses u32 · each address: kind u8 (1 is IPv4), 4 bytes,
//! port u16 · client-to-server key 32 · server-to-client key 32 · zeros up to 2,048 bytes.

use std::net::SocketAddr;

use renetcode::ConnectToken;

/// Size of a public connect token, in bytes.
pub const PUBLIC_BYTES: usize = 2_048;

const ADDRESS_IPV4: u8 = 1;
const ADDRESS_IPV6: u8 = 2;

/// Writes the token in the standard layout.
pub fn to_public_bytes(token: &ConnectToken) -> [u8; PUBLIC_BYTES] {
    let mut bytes = Vec::with_capacity(PUBLIC_BYTES);
    bytes.extend_from_slice(&token.version_info);
    bytes.extend_from_slice(&token.protocol_id.to_le_bytes());
    bytes.extend_from_slice(&token.create_timestamp.to_le_bytes());
    bytes.extend_from_slice(&token.expire_timestamp.to_le_bytes());
    bytes.extend_from_slice(&token.xnonce);
    bytes.extend_from_slice(&token.private_data);
    bytes.extend_from_slice(&token.timeout_seconds.to_le_bytes());
    let addresses: Vec<SocketAddr> = token.server_addresses.iter().flatten().copied().collect();
    bytes.extend_from_slice(&(addresses.len() as u32).to_le_bytes());
    addresses.iter().for_each(|address| write_address(&mut bytes, address));
    bytes.extend_from_slice(&token.client_to_server_key);
    bytes.extend_from_slice(&token.server_to_client_key);
    // At most 32 addresses of 19 bytes: 1,769 bytes in all.
    let mut public = [0; PUBLIC_BYTES];
    public[..bytes.len()].copy_from_slice(&bytes);
    public
}

/// Writes one address. The standard has the groups of an IPv6 address as little endian numbers, not in network order.
fn write_address(bytes: &mut Vec<u8>, address: &SocketAddr) {
    match address {
        SocketAddr::V4(address) => {
            bytes.push(ADDRESS_IPV4);
            bytes.extend_from_slice(&address.ip().octets());
        }
        SocketAddr::V6(address) => {
            bytes.push(ADDRESS_IPV6);
            address.ip().segments().iter().for_each(|group| bytes.extend_from_slice(&group.to_le_bytes()));
        }
    }
    bytes.extend_from_slice(&address.port().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn token() -> ConnectToken {
        let address = "10.1.2.3:4001".parse().unwrap();
        let now = Duration::from_secs(1_000);
        ConnectToken::generate(now, 0x0102_0304_0506_0708, 30, 77, 10, vec![address], Some(&[9; 256]), &[5; 32])
            .unwrap()
    }

    #[test]
    fn every_field_is_where_the_standard_has_it() {
        let token = token();
        let bytes = to_public_bytes(&token);
        assert_eq!(&bytes[0..13], b"NETCODE 1.02\0");
        assert_eq!(bytes[13..21], [8, 7, 6, 5, 4, 3, 2, 1], "protocol id");
        assert_eq!(bytes[21..29], 1_000u64.to_le_bytes(), "created");
        assert_eq!(bytes[29..37], 1_030u64.to_le_bytes(), "expires");
        assert_eq!(bytes[37..61], token.xnonce, "nonce");
        assert_eq!(bytes[61..1085], token.private_data, "private part");
        assert_eq!(bytes[1085..1089], 10u32.to_le_bytes(), "time-out");
        assert_eq!(bytes[1089..1093], 1u32.to_le_bytes(), "number of addresses");
        assert_eq!(bytes[1093], 1, "IPv4");
        assert_eq!(bytes[1094..1098], [10, 1, 2, 3]);
        assert_eq!(bytes[1098..1100], 4001u16.to_le_bytes(), "port");
        assert_eq!(bytes[1100..1132], token.client_to_server_key);
        assert_eq!(bytes[1132..1164], token.server_to_client_key);
        assert!(bytes[1164..].iter().all(|byte| *byte == 0), "zeros up to 2,048 bytes");
    }

    #[test]
    fn renetcode_reads_it_once_it_has_its_client_id_again() {
        let token = token();
        let mut bytes = token.client_id.to_le_bytes().to_vec();
        bytes.extend_from_slice(&to_public_bytes(&token));
        assert_eq!(ConnectToken::read(&mut bytes.as_slice()).unwrap(), token);
    }
}
