//! The fields that both parts of a connect token are made of. All numbers are little endian.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Most addresses in a token.
pub const MAX_ADDRESSES: usize = 32;

const ADDRESS_IPV4: u8 = 1;
const ADDRESS_IPV6: u8 = 2;

/// Bytes that are not read yet.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_le_bytes)
    }

    /// A list of 1 to [`MAX_ADDRESSES`] addresses.
    pub(super) fn addresses(&mut self) -> Option<Vec<SocketAddr>> {
        let count = u32::from_le_bytes(self.take()?) as usize;
        if !(1..=MAX_ADDRESSES).contains(&count) {
            return None;
        }
        (0..count).map(|_| self.address()).collect()
    }

    fn address(&mut self) -> Option<SocketAddr> {
        let [kind] = self.take()?;
        let ip: IpAddr = match kind {
            ADDRESS_IPV4 => Ipv4Addr::from(self.take::<4>()?).into(),
            ADDRESS_IPV6 => {
                let mut groups = [0; 8];
                for group in &mut groups {
                    *group = u16::from_le_bytes(self.take()?);
                }
                Ipv6Addr::from(groups).into()
            }
            _ => return None,
        };
        Some(SocketAddr::new(ip, u16::from_le_bytes(self.take()?)))
    }
}

/// Writes the first [`MAX_ADDRESSES`] of these addresses, and their number before them.
pub(super) fn write_addresses(out: &mut Vec<u8>, addresses: &[SocketAddr]) {
    let addresses = &addresses[..addresses.len().min(MAX_ADDRESSES)];
    out.extend_from_slice(&(addresses.len() as u32).to_le_bytes());
    for address in addresses {
        match address.ip() {
            IpAddr::V4(ip) => {
                out.push(ADDRESS_IPV4);
                out.extend_from_slice(&ip.octets());
            }
            // The standard has the groups as little endian numbers, not in network order.
            IpAddr::V6(ip) => {
                out.push(ADDRESS_IPV6);
                ip.segments().iter().for_each(|group| out.extend_from_slice(&group.to_le_bytes()));
            }
        }
        out.extend_from_slice(&address.port().to_le_bytes());
    }
}
