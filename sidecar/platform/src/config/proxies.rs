//! Proxies that are trusted to name a client's address.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ConfigError;

/// `TRUSTED_PROXIES`: the networks of our own reverse proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Parses the setting.
    ///
    /// # Errors
    /// When an entry is neither an IP address nor a network.
    pub fn parse(text: Option<&str>) -> Result<Self, ConfigError> {
        let entries = text.unwrap_or_default().split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let networks = entries.map(|entry| {
            let network = entry.parse::<IpNet>().ok().or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or_else(|| {
                let why = format!("`{entry}` is not an IP address or a network such as 10.0.0.0/8");
                ConfigError::new("TRUSTED_PROXIES", why)
            })
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Whether `ip` is one of our proxies.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// The client's address: the socket's peer, or where that is one of our proxies, the client that it names. Each
    /// proxy appends the address that it was called from, so `X-Forwarded-For` is read from its end as long as our
    /// proxies wrote it. Anybody may have written what stands before that.
    pub fn client<'a>(&self, socket: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = socket.to_canonical();
        let mut hops = forwarded.rev().flat_map(|line| line.rsplit(',')).map(str::trim);
        while self.contains(client) {
            // Some proxies write a port, some write `unknown`. Without a readable address, the hop that wrote it is
            // all we know.
            let Some(hop) = hops.next().and_then(address) else { break };
            client = hop;
        }
        client
    }
}

fn address(hop: &str) -> Option<IpAddr> {
    let ip = hop.parse::<IpAddr>().ok().or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|addr| addr.ip()));
    let ip = ip.or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    ip.map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &str, socket: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::parse(Some(proxies)).unwrap();
        proxies.client(socket.parse().unwrap(), forwarded.iter().copied()).to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(TrustedProxies::parse(None), Ok(TrustedProxies(Vec::new())));
        assert_eq!(client("", "127.0.0.1", &["203.0.113.9"]), "127.0.0.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &["203.0.113.9"]), "192.0.2.1", "no proxy of ours");
    }

    #[test]
    fn the_last_hop_that_is_not_ours_is_the_client() {
        let proxies = "10.0.0.0/8, 2001:db8::/32";
        assert_eq!(client(proxies, "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(proxies, "10.0.0.1", &["203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client(proxies, "10.0.0.1", &["203.0.113.9", "2001:db8::5"]), "203.0.113.9", "two header lines");
        assert_eq!(client(proxies, "::ffff:10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(client(proxies, "10.0.0.1", &["[2001:dead::1]:443"]), "2001:dead::1");
    }

    #[test]
    fn what_a_client_wrote_itself_is_not_read() {
        let spoofed = &["127.0.0.1, 198.51.100.7, 203.0.113.9"];
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", spoofed), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["127.0.0.1", "203.0.113.9, 10.0.0.2"]), "203.0.113.9");
    }

    #[test]
    fn where_a_hop_cannot_be_read_its_writer_counts() {
        for garbage in ["unknown", "", "203.0.113.9 , ", "_hidden"] {
            assert_eq!(client("10.0.0.1", "10.0.0.1", &[garbage]), "10.0.0.1", "{garbage:?}");
        }
        assert_eq!(client("10.0.0.1", "10.0.0.1", &[]), "10.0.0.1");
        let behind_two = |forwarded| client("10.0.0.0/8", "10.0.0.1", &[forwarded]);
        assert_eq!(behind_two("203.0.113.9, unknown, 10.0.0.2"), "10.0.0.2", "the inner proxy wrote it");
        assert_eq!(behind_two("10.0.0.2"), "10.0.0.2", "it wrote none");
    }
}
