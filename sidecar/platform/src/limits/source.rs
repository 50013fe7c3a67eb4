//! The keys that rate limits count by.

use std::net::{IpAddr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ipnet::IpNet;
use realmgate_protocol::ids::{AccountId, CharacterId};
use sha2::{Digest, Sha256};

/// Where a request comes from, for rate limits. IPv6 addresses count as their /64, since a customer has a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source {
    address: IpAddr,
    is_this_machine: bool,
}

impl From<IpAddr> for Source {
    /// A loopback address is taken for this machine.
    fn from(ip: IpAddr) -> Self {
        Self { is_this_machine: ip.to_canonical().is_loopback(), ..Self::elsewhere(ip) }
    }
}

impl Source {
    /// A source with ordinary limits, whatever its address: behind a proxy on this machine, every client has a loopback address.
    pub fn elsewhere(ip: IpAddr) -> Self {
        let address = match ip.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                if v6.is_loopback() { ip } else { Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into() }
            }
            v4 => v4,
        };
        Self { address, is_this_machine: false }
    }

    /// Whether this is our own machine, which has no limits, or wider ones.
    pub fn is_this_machine(self) -> bool {
        self.is_this_machine
    }

    /// The networks it is part of, as customers have them, the narrowest first: for IPv4 the address itself and its
    /// /24, for IPv6 the /64, the /56 and the /48.
    pub fn networks(self) -> impl Iterator<Item = IpNet> {
        let prefixes: &[u8] = if self.address.is_ipv4() { &[32, 24] } else { &[64, 56, 48] };
        prefixes.iter().filter_map(move |prefix| IpNet::new(self.address, *prefix).ok()).map(|network| network.trunc())
    }

    /// The networks that contain it and are likely to have one owner, the widest first: for IPv6 the /48, the /56 and
    /// the /64. For IPv4, the address itself three times.
    pub fn owners(self) -> [IpAddr; 3] {
        let IpAddr::V6(v6) = self.address else { return [self.address; 3] };
        let [a, b, c, d, ..] = v6.segments();
        let network = |d| IpAddr::from(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0));
        [network(0), network(d & 0xff00), self.address]
    }
}

/// The key of a rate limit, as Redis may see it: names and addresses only as their hash.
pub trait Who {
    /// The key as Redis has it.
    fn who(&self) -> String;
}

impl Who for AccountId {
    fn who(&self) -> String {
        self.to_string()
    }
}

/// Two accounts, of which the first wants something of the second.
impl Who for (AccountId, AccountId) {
    fn who(&self) -> String {
        format!("{}-{}", self.0, self.1)
    }
}

impl Who for CharacterId {
    fn who(&self) -> String {
        self.to_string()
    }
}

impl Who for Source {
    fn who(&self) -> String {
        hashed(&self.address.to_string())
    }
}

/// A hash of a text that must not be readable in Redis.
pub(super) fn hashed(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_source_lies_in_wider_networks_of_one_owner() {
        let owners = |text: &str| Source::from(text.parse::<IpAddr>().unwrap()).owners().map(|it| it.to_string());
        assert_eq!(owners("2001:db8:1:2345::1"), ["2001:db8:1::", "2001:db8:1:2300::", "2001:db8:1:2345::"]);
        assert_eq!(owners("10.0.0.1"), ["10.0.0.1"; 3]);
    }

    #[test]
    fn an_ipv6_source_is_its_network() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(source("2001:db8::1"), source("2001:db8:0:0:ffff:ffff:ffff:2"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:10.0.0.1"), source("10.0.0.1"));
        assert!(source("::1").is_this_machine() && source("127.0.0.2").is_this_machine());
        assert!(source("::ffff:127.0.0.1").is_this_machine() && !source("203.0.113.9").is_this_machine());
        assert!(!Source::elsewhere("127.0.0.1".parse().unwrap()).is_this_machine());
    }

    #[test]
    fn a_source_is_part_of_larger_networks() {
        let networks = |text: &str| -> Vec<String> {
            Source::from(text.parse::<IpAddr>().unwrap()).networks().map(|network| network.to_string()).collect()
        };
        assert_eq!(networks("203.0.113.9"), ["203.0.113.9/32", "203.0.113.0/24"]);
        let of_ipv6 = ["2001:db8:1:a2ff::/64", "2001:db8:1:a200::/56", "2001:db8:1::/48"];
        assert_eq!(networks("2001:db8:1:a2ff::7"), of_ipv6);
    }
}
