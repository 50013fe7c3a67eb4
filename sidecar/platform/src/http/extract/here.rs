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
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}
