//! Whom limits count.

use std::net::{IpAddr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::ids::AccountId;
use sha2::{Digest, Sha256};

/// Where a request comes from, as limits see it: an IPv6 customer has a whole /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                if v6.is_loopback() { ip } else { Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into() }
            }
            v4 => v4,
        })
    }
}

impl Source {
    /// Whether this is our own machine.
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }
}

/// Whom a limit counts, as Redis may know of them: names and addresses only by their hash.
pub(super) trait Who {
    fn who(&self) -> String;
}

impl Who for AccountId {
    fn who(&self) -> String {
        self.to_string()
    }
}

impl Who for Source {
    fn who(&self) -> String {
        hashed(&self.0.to_string())
    }
}

/// Names what is not to be read in Redis.
pub(super) fn hashed(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_source_is_its_network() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:2"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:10.0.0.1"), source("10.0.0.1"));
        assert!(source("::1").is_loopback() && source("127.0.0.2").is_loopback());
    }
}
