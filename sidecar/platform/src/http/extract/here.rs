//! Whether a request was meant for this machine.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::uri::Authority;

/// Headers that reverse proxies add. Behind a proxy on this machine, every client looks like this machine.
const PROXY_HEADERS: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Whether a request that came over loopback was sent by this machine to this machine: it
/// [names it](names_this_machine), and no proxy has passed it on.
pub fn is_meant_for_this_machine(headers: &HeaderMap) -> bool {
    names_this_machine(headers) && !PROXY_HEADERS.iter().any(|name| headers.contains_key(*name))
}

/// Whether a request names this machine by an address or as `localhost`. A browser on this machine can be led here by
/// any other name: the owner of a name says where it leads (DNS rebinding), and its pages may read the answer. A client
/// that is not a browser may leave the name out.
pub fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return true };
    let Ok(authority) = Authority::try_from(host.as_bytes()) else { return false };
    authority.host().eq_ignore_ascii_case("localhost") || is_address(authority.host())
}

/// Whether a request names a domain that somebody may own: a name with a dot, which is no address and not below `localhost`. Names of
/// machines have none. `known` is the host that does not count.
pub fn names_a_foreign_domain(headers: &HeaderMap, known: Option<&str>) -> bool {
    let Some(host) = headers.get(HOST) else { return false };
    let Ok(authority) = Authority::try_from(host.as_bytes()) else { return true };
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let is_known = known.is_some_and(|known| known.eq_ignore_ascii_case(&name));
    name.contains('.') && !is_known && !name.ends_with(".localhost") && !is_address(&name)
}

fn is_address(name: &str) -> bool {
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn foreign_domains_are_names_that_somebody_else_may_own() {
        let names = |host: &str| {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
            (names_a_foreign_domain(&headers, Some("realm.example")), names_this_machine(&headers))
        };
        for domain in [
            "evil.example",
            "evil.example:3000",
            "EVIL.example.",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "a b",
        ] {
            assert_eq!(names(domain), (true, false), "{domain}");
        }
        for here in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000", "10.0.0.5"] {
            assert_eq!(names(here), (false, true), "{here}");
        }
        for neither in ["my-machine:3000", "realm.localhost", "localhost.", "REALM.example:3000"] {
            assert_eq!(names(neither), (false, false), "{neither}");
        }
        assert!(!names_a_foreign_domain(&HeaderMap::new(), None) && names_this_machine(&HeaderMap::new()));
    }
}
