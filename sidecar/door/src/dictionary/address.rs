//! Where a service listens, and where it is exposed: base URLs, paths and namespaces.

use std::net::Ipv6Addr;

use axum::http::uri::{PathAndQuery, Scheme, Uri};

use super::BaseUrl;
use super::table::{Text, quoted};

/// The maximum number of base URLs of a service.
pub(super) const MAX_URLS: usize = 16;
/// The maximum length of a path, in bytes.
pub(super) const MAX_PATH_BYTES: usize = 128;
/// The maximum length of a namespace, in bytes.
pub(super) const MAX_NAMESPACE_BYTES: usize = 64;

/// What the door answers itself, so that no service can have it.
const RESERVED: [&str; 4] = ["/socket.io", "/healthz", "/readyz", "/metrics"];

/// What is wrong, and what was expected.
pub(super) type Refused = (String, String);

/// Parses a base URL: `http` or `https`, a host, perhaps a port and a path.
pub(super) fn base_url(key: &str, given: &Text<'_>) -> Result<BaseUrl, Refused> {
    let text = given.text;
    // The text is not repeated where it may hold a password or a key.
    for (sign, what) in [('@', "a user name"), ('?', "a query"), ('#', "a fragment")] {
        if text.contains(sign) {
            return Err((format!("`{key}` has a URL with {what} (`{sign}`)"), "a URL without one".to_owned()));
        }
    }
    parse_base_url(text).ok_or_else(|| {
        let expected = "a URL of `http` or `https` with a host, such as `http://127.0.0.1:5000`";
        (format!("`{key}` has {}", quoted(text)), expected.to_owned())
    })
}

fn parse_base_url(text: &str) -> Option<BaseUrl> {
    let parts = text.parse::<Uri>().ok()?.into_parts();
    let scheme = match parts.scheme?.as_str().to_ascii_lowercase().as_str() {
        "http" => Scheme::HTTP,
        "https" => Scheme::HTTPS,
        _ => return None,
    };
    let authority = parts.authority?;
    let host = authority.host();
    let after_host = authority.as_str().strip_prefix(host)?;
    // The parser lets a port of any digits pass.
    let has_good_port = match after_host.strip_prefix(':') {
        Some(port) => port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0),
        None => after_host.is_empty(),
    };
    let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_good = is_host(host) && has_good_port && (path.is_empty() || is_plain_path(path));
    is_good.then(|| BaseUrl { scheme, authority, path: path.to_owned() })
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        // Names of containers may have underscores.
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    }
}

/// Checks the path that a service is exposed at.
pub(super) fn public_path(text: &str) -> Result<String, Refused> {
    if !is_plain_path(text) {
        let expected = format!(
            "a path such as `/shop`: letters, digits and `-._~/`, no `.` or `..`, no slash at the end, at most \
             {MAX_PATH_BYTES} bytes"
        );
        return Err((format!("`path` is {}", quoted(text)), expected));
    }
    match RESERVED.iter().find(|reserved| below(text, reserved).is_some()) {
        Some(reserved) => {
            let message = format!("`path` is {}, but the door answers `{reserved}` itself", quoted(text));
            Err((message, "another path".to_owned()))
        }
        None => Ok(text.to_owned()),
    }
}

/// What follows `prefix` in `path`: empty, or beginning with a slash. `None` for a path that is not below it.
pub(super) fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path has only segments that every server reads in the same way: no dots alone, no empty ones, no escapes.
pub(super) fn is_plain_path(path: &str) -> bool {
    let is_plain_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let is_plain = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain_byte);
    path.len() <= MAX_PATH_BYTES && path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_plain))
}

/// Checks the path of a service's Engine.IO, which may end with a slash.
pub(super) fn engine_path(text: &str) -> Result<String, Refused> {
    if is_plain_path(text.strip_suffix('/').unwrap_or(text)) {
        return Ok(text.to_owned());
    }
    Err((format!("`path` is {}", quoted(text)), "a path such as `/socket.io/`".to_owned()))
}

/// Checks the path of health checks, which may have a query.
pub(super) fn health_path(text: &str) -> Result<String, Refused> {
    let is_good = text.starts_with('/') && !text.contains('#') && text.parse::<PathAndQuery>().is_ok();
    if is_good {
        return Ok(text.to_owned());
    }
    Err((format!("`health` is {}", quoted(text)), "a path that begins with `/`, such as `/healthz`".to_owned()))
}

/// Checks a namespace of Socket.IO.
pub(super) fn namespace(key: &str, text: &str) -> Result<String, Refused> {
    let is_good_byte = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let is_good = |segment: &str| !segment.is_empty() && segment.bytes().all(is_good_byte);
    let has_good_segments = text.strip_prefix('/').is_some_and(|rest| rest.is_empty() || rest.split('/').all(is_good));
    if has_good_segments && text.len() <= MAX_NAMESPACE_BYTES {
        return Ok(text.to_owned());
    }
    let expected =
        format!("`/` or a name such as `/shop`: letters, digits and `-_/`, at most {MAX_NAMESPACE_BYTES} bytes");
    Err((format!("`{key}` is {}", quoted(text)), expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<BaseUrl, Refused> {
        base_url("url", &Text { text, span: 0..0 })
    }

    #[test]
    fn base_urls_are_split_into_their_parts() {
        for (text, scheme, authority, path) in [
            ("http://127.0.0.1:5000", Scheme::HTTP, "127.0.0.1:5000", ""),
            ("HTTP://Shop/", Scheme::HTTP, "Shop", ""),
            ("https://shop.example/v1/", Scheme::HTTPS, "shop.example", "/v1"),
            ("https://shop_1:65535/a/b", Scheme::HTTPS, "shop_1:65535", "/a/b"),
            ("http://[::1]:80", Scheme::HTTP, "[::1]:80", ""),
        ] {
            let BaseUrl { scheme: got, authority: host, path: below } = url(text).unwrap();
            assert_eq!((got, host.as_str(), below.as_str()), (scheme, authority, path), "{text}");
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for text in [
            "",
            "/",
            "shop",
            "shop:5000",
            "//shop",
            "http:",
            "http://",
            "http:///x",
            "http://:80",
            "ftp://shop",
            "ws://shop",
            "http://shop:0",
            "http://shop:65536",
            "http://shop:+1",
            "http://shop:",
            "http://shop:x",
            "http://a b",
            "http://a%20b",
            "http://[::1",
            "http://[x]",
            "http://shop/..",
            "http://shop/a//b",
            "http://shop//",
            "http://shop/%2e",
            "http://shöp",
            "http://a!b",
            "http://a,b",
        ] {
            let (message, expected) = url(text).unwrap_err();
            assert_eq!(message, format!("`url` has {text:?}"));
            assert!(expected.contains("http://127.0.0.1:5000"), "{expected}");
        }
    }

    #[test]
    fn secrets_of_a_url_are_not_repeated() {
        for text in ["http://me:secret@shop", "http://shop?key=secret", "http://shop/#secret"] {
            let (message, expected) = url(text).unwrap_err();
            assert!(!message.contains("secret") && expected == "a URL without one", "{message}");
        }
    }

    #[test]
    fn paths_that_servers_read_differently_are_refused() {
        let long = format!("/{}", "x".repeat(MAX_PATH_BYTES));
        for path in ["/shop", "/shop/admin", "/a.b/-_~", "/...", "/metricsx", "/api/metrics", &long[..MAX_PATH_BYTES]] {
            assert_eq!(public_path(path).unwrap(), path);
        }
        for path in [
            "", "/", "shop", "/shop/", "//shop", "/a//b", "/.", "/..", "/a/../b", "/a/.", "/%2e", "/a b", "/ä", "/a?b",
            "/a\\b", "/a;b", "/a*", "/a\n", &long,
        ] {
            assert!(public_path(path).unwrap_err().1.starts_with("a path such as `/shop`"), "{path}");
        }
        for path in ["/socket.io", "/healthz", "/readyz", "/metrics", "/metrics/x", "/socket.io/1/2"] {
            assert_eq!(public_path(path).unwrap_err().1, "another path", "{path}");
        }
    }

    #[test]
    fn health_and_engine_paths_begin_with_a_slash() {
        for path in ["/", "/healthz", "/healthz?full=1"] {
            assert_eq!(health_path(path).unwrap(), path);
        }
        for path in ["", "healthz", "http://x/healthz", "/a b", "/#a", "/\u{7f}"] {
            assert!(health_path(path).is_err(), "{path}");
        }
        for path in ["/socket.io/", "/socket.io", "/a/b/"] {
            assert_eq!(engine_path(path).unwrap(), path);
        }
        for path in ["", "/", "socket.io", "/socket.io//", "/../x/", "/a?b"] {
            assert!(engine_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn namespaces_are_names_after_a_slash() {
        for name in ["/", "/shop", "/a/b", "/A_-9"] {
            assert_eq!(namespace("namespace", name).unwrap(), name);
        }
        for name in ["", "shop", "/shop/", "//", "/a.b", "/a b", "/a,b", "/a?b", &format!("/{}", "x".repeat(64))] {
            assert!(namespace("namespace", name).is_err(), "{name}");
        }
    }
}
