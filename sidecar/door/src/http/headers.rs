//! Which headers pass the door, in both directions.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, AUTHORIZATION, CONNECTION,
    CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, LOCATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use realmgate_platform::http::layers::{REQUEST_ID, TraceId};

use crate::access::User;
use crate::dictionary::{BaseUrl, Claim, Service};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
/// What names of our own cookies begin with, which are of no concern to services.
const OWN_COOKIES: [&str; 2] = ["realmgate-", "__Host-realmgate-"];

/// Headers of one hop (RFC 9110, section 7.6.1, and what came before it).
const HOP_BY_HOP: [HeaderName; 10] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    PROXY_CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    EXPECT,
];
/// Headers that say where a request comes from, beside all that begin with [`FORWARDED_ANY`]. The door sets them.
const ORIGIN_HEADERS: [&str; 2] = ["forwarded", "x-real-ip"];
/// See [`ORIGIN_HEADERS`].
const FORWARDED_ANY: &str = "x-forwarded-";
/// Answers to pages of other origins. The door gives them, by `ALLOWED_ORIGINS`.
const CORS: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The socket's peer.
    pub peer: IpAddr,
    /// Whether the peer is one of our own proxies, whose `X-Forwarded-For` is continued.
    pub is_trusted_proxy: bool,
    /// Whether the client speaks TLS to us.
    pub is_https: bool,
    /// The host that the client asked for.
    pub host: Option<HeaderValue>,
}

/// The names of the headers that carry a user. No client can set one, whatever it writes in place of a hyphen.
#[derive(Debug, Clone, Default)]
pub struct IdentityHeaders(HashSet<String>);

impl IdentityHeaders {
    /// The identity headers of all services: one service may trust what another one does not use.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a HeaderName>) -> Self {
        Self(names.into_iter().map(|name| canonical(name.as_str()).into_owned()).collect())
    }

    fn contains(&self, name: &HeaderName) -> bool {
        self.0.contains(&*canonical(name.as_str()))
    }
}

/// A name as CGI and its heirs read it: to them `-`, `_` and all other punctuation are the same.
fn canonical(name: &str) -> Cow<'_, str> {
    let is_plain = |character: char| character == '-' || character.is_ascii_digit() || character.is_ascii_lowercase();
    if name.chars().all(is_plain) {
        return name.into();
    }
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' };
    name.chars().map(plain).collect::<String>().into()
}

/// Rewrites a request's headers for a service: nothing of this hop, and the user in headers that only the door sets.
pub fn rewrite_request(
    headers: &mut HeaderMap,
    service: &Service,
    identity: &IdentityHeaders,
    user: Option<&User>,
    origin: &Origin,
    trace: Option<&TraceId>,
) {
    let before = Before::of(headers, origin);
    remove_hop_by_hop(headers);
    let is_ours = |name: &HeaderName| identity.contains(name) || is_origin_header(name);
    let ours: Vec<HeaderName> = headers.keys().filter(|name| is_ours(name)).cloned().collect();
    for name in ours.iter().chain([&HOST, &CONTENT_LENGTH, &REQUEST_ID]) {
        headers.remove(name);
    }
    remove_own_cookies(headers);
    add_origin(headers, &before, service, origin);
    if let Some(value) = trace.and_then(|trace| HeaderValue::try_from(trace.to_string()).ok()) {
        headers.insert(REQUEST_ID, value);
    }
    if let Some(user) = user {
        headers.remove(AUTHORIZATION);
        for (claim, name) in &service.claims {
            if let Ok(value) = HeaderValue::try_from(claim_text(*claim, user)) {
                headers.insert(name.clone(), value);
            }
        }
    }
}

/// What a claim says of a user.
pub fn claim_text(claim: Claim, user: &User) -> String {
    match claim {
        Claim::UserId => user.account.to_string(),
        Claim::Role => user.role.to_string(),
        Claim::Session => user.session.to_string(),
    }
}

/// Rewrites the headers of a service's answer: nothing of that hop, and addresses as the client sees them.
pub fn rewrite_response(headers: &mut HeaderMap, service: &Service, url: &BaseUrl) {
    if headers.contains_key(TRANSFER_ENCODING) {
        // It overrides the length (RFC 9112, section 6.3), which would cut the answer towards the client.
        headers.remove(CONTENT_LENGTH);
    }
    remove_hop_by_hop(headers);
    for name in CORS.iter().chain([&REQUEST_ID]) {
        headers.remove(name);
    }
    let Some(prefix) = &service.path else { return };
    if let Some(location) = headers.get(LOCATION).and_then(|value| value.to_str().ok())
        && let Some(location) = exposed(location, prefix, url)
        && let Ok(value) = HeaderValue::try_from(location)
    {
        headers.insert(LOCATION, value);
    }
    let cookies: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for cookie in cookies.iter().filter_map(|cookie| cookie_below(cookie, prefix)) {
        headers.append(SET_COOKIE, cookie);
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let listed: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    for name in listed.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

fn is_origin_header(name: &HeaderName) -> bool {
    let name = canonical(name.as_str());
    ORIGIN_HEADERS.contains(&&*name) || name.starts_with(FORWARDED_ANY)
}

/// What our own proxies wrote of the hops before us; nothing of it where the peer is none of them.
#[derive(Default)]
struct Before {
    clients: String,
    is_https: Option<bool>,
    host: Option<HeaderValue>,
}

impl Before {
    fn of(headers: &HeaderMap, origin: &Origin) -> Self {
        if !origin.is_trusted_proxy {
            return Self::default();
        }
        let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
        let is_https = headers.get(FORWARDED_PROTO).and_then(|proto| match proto.as_bytes() {
            b"https" => Some(true),
            b"http" => Some(false),
            _ => None,
        });
        Self { clients: lines.join(", "), is_https, host: headers.get(FORWARDED_HOST).cloned() }
    }
}

fn add_origin(headers: &mut HeaderMap, before: &Before, service: &Service, origin: &Origin) {
    let peer = origin.peer.to_canonical();
    let proto = if before.is_https.unwrap_or(origin.is_https) { "https" } else { "http" };
    let chain = if before.clients.is_empty() { peer.to_string() } else { format!("{}, {peer}", before.clients) };
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(proto));
    let node = if peer.is_ipv6() { format!("\"[{peer}]\"") } else { peer.to_string() };
    let mut forwarded = format!("for={node};proto={proto}");
    if let Some(host) = before.host.as_ref().or(origin.host.as_ref()) {
        // A host is quoted, since its colon is not allowed in a token (RFC 7239, section 4).
        if let Ok(text) = host.to_str()
            && !text.contains(['"', '\\'])
        {
            forwarded.push_str(&format!(";host=\"{text}\""));
        }
        headers.insert(FORWARDED_HOST, host.clone());
    }
    let prefix = service.path.clone().unwrap_or_default();
    for (name, text) in [(FORWARDED_FOR, chain), (FORWARDED, forwarded), (FORWARDED_PREFIX, prefix)] {
        if let Ok(value) = HeaderValue::try_from(text)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    }
}

/// Removes our own cookies. Browsers send them to every port of a host, and one of them is an administrator's.
fn remove_own_cookies(headers: &mut HeaderMap) {
    let lines: Vec<HeaderValue> = headers.get_all(COOKIE).iter().cloned().collect();
    let is_own = |pair: &str| OWN_COOKIES.iter().any(|own| pair.starts_with(own));
    if lines.is_empty() {
        return;
    }
    headers.remove(COOKIE);
    // A line that is not text may hide one.
    let pairs = lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';').map(str::trim));
    let rest: Vec<&str> = pairs.filter(|pair| !pair.is_empty() && !is_own(pair)).collect();
    // HTTP/2 clients may send a line for each cookie; HTTP/1.1 has one line (RFC 9113, section 8.2.3).
    if let Ok(value) = HeaderValue::try_from(rest.join("; "))
        && !value.is_empty()
    {
        headers.insert(COOKIE, value);
    }
}

/// A redirect of a service as the client has to follow it; `None` for one that leads elsewhere.
fn exposed(location: &str, prefix: &str, url: &BaseUrl) -> Option<String> {
    let base = format!("{}://{}", url.scheme, url.authority);
    let path = match location.strip_prefix(&base) {
        Some(path) if path.is_empty() || path.starts_with(['/', '?', '#']) => path,
        Some(_) => return None,
        // `//host/path` leads to another host.
        None if location.starts_with('/') && !location.starts_with("//") => location,
        None => return None,
    };
    // `/apix` is not below `/api`.
    let below = path.strip_prefix(&url.path).filter(|below| below.is_empty() || below.starts_with(['/', '?', '#']));
    let below = below.unwrap_or(path);
    Some(format!("{prefix}{below}"))
}

/// A cookie of a service, which browsers send to no other service: its path is below the service's. `None` for one that has the
/// name of our own.
fn cookie_below(cookie: &HeaderValue, prefix: &str) -> Option<HeaderValue> {
    let text = cookie.to_str().ok()?;
    let mut parts = text.split(';').map(str::trim);
    let pair = parts.next()?;
    if OWN_COOKIES.iter().any(|own| pair.starts_with(own)) {
        return None;
    }
    let mut all = vec![pair.to_owned()];
    let mut path = prefix.to_owned();
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "path" if value.starts_with('/') => path = format!("{prefix}{}", value.trim_end_matches('/')),
            "path" => {}
            // It would be sent to other hosts of the domain too.
            "domain" => {}
            _ => all.push(part.to_owned()),
        }
    }
    all.push(format!("Path={path}"));
    HeaderValue::try_from(all.join("; ")).ok()
}

#[cfg(test)]
mod tests;
