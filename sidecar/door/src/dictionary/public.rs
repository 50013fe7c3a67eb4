//! Routes that need no token.

use axum::http::Method;

use super::address::is_plain_path;
use super::{PublicRoute, Service};

/// The maximum number of public routes of a service.
pub(super) const MAX_ROUTES: usize = 256;

const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

impl PublicRoute {
    /// Parses `/prices`, `/news/*` or `GET /prices`. The error is what was expected.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => {
                let known = METHODS.into_iter().find(|known| known.as_str() == method);
                (
                    Some(known.ok_or("`GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS` before the path")?),
                    path,
                )
            }
            None => (None, text),
        };
        let is_prefix = path.ends_with("/*");
        let path = if is_prefix { &path[..path.len() - 1] } else { path };
        let bare = path.strip_suffix('/').unwrap_or(path);
        if !path.starts_with('/') || !(bare.is_empty() || is_plain_path(bare)) {
            return Err("a path below the service's, such as `/prices`, `/news/*` or `GET /prices`");
        }
        Ok(Self { method, path: path.to_owned(), is_prefix })
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        // A HEAD shows nothing that the GET does not.
        let is_method = |of: &Method| of == method || (of == Method::GET && method == Method::HEAD);
        let is_path =
            if self.is_prefix { path.starts_with(&self.path) && is_plain_for_all(path) } else { path == self.path };
        is_path && self.method.as_ref().is_none_or(is_method)
    }
}

impl Service {
    /// Whether a request needs no token: its method, and its path below the service's without a query, as
    /// [`Dictionary::at_path`](super::Dictionary::at_path) returns it. An empty path counts as `/`, and a public `GET`
    /// includes `HEAD`.
    ///
    /// A path that some servers resolve to another one, such as `/news/../admin`, matches no `/news/*`.
    pub fn is_public(&self, method: &Method, path_below: &str) -> bool {
        let path = if path_below.is_empty() { "/" } else { path_below };
        self.public.iter().any(|route| route.matches(method, path))
    }
}

/// Whether every server finds the same segments in a path: none is a dot or two, also if it has parameters (`..;x`),
/// and no slash, dot, backslash or percent sign is escaped.
fn is_plain_for_all(path: &str) -> bool {
    let is_dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    let escapes = path.match_indices('%').map(|(at, _)| path.as_bytes().get(at + 1..at + 3));
    let is_good = |escape: Option<&[u8]>| {
        escape.is_some_and(|digits| {
            let upper = digits.to_ascii_uppercase();
            upper.iter().all(u8::is_ascii_hexdigit)
                && !matches!(upper.as_slice(), b"2E" | b"2F" | b"5C" | b"25" | b"00")
        })
    };
    !path.contains('\\') && !path.contains("//") && !path.split('/').any(is_dots) && escapes.into_iter().all(is_good)
}

#[cfg(test)]
mod tests {
    use super::super::testing::service;
    use super::*;

    fn open(routes: &[&str]) -> Service {
        Service { public: routes.iter().map(|route| PublicRoute::parse(route).unwrap()).collect(), ..service("shop") }
    }

    #[test]
    fn routes_that_are_not_a_path_are_refused() {
        for text in ["", "news", "news/*", "/news*", "/*/x", "/a//b", "/..", "/../*", "/a?b", "/%2e", "//", "/ x", "*"]
        {
            assert!(PublicRoute::parse(text).is_err(), "{text}");
        }
        for text in ["get /", "TRACE /", "CONNECT /", " /", "GET  /", "GET", "GET "] {
            assert!(PublicRoute::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn public_routes_match_their_method_and_path_alone() {
        let shop = open(&["/", "/news/*", "GET /prices", "POST /orders/"]);
        for (method, path, is_public) in [
            (Method::GET, "", true),
            (Method::DELETE, "/", true),
            (Method::GET, "/news", false),
            (Method::POST, "/news/", true),
            (Method::GET, "/news/a/b%20c", true),
            (Method::GET, "/newsroom", false),
            (Method::GET, "/NEWS/a", false),
            (Method::GET, "/prices", true),
            (Method::HEAD, "/prices", true),
            (Method::POST, "/prices", false),
            (Method::GET, "/prices/", false),
            (Method::GET, "/prices/a", false),
            (Method::POST, "/orders/", true),
            (Method::POST, "/orders", false),
            (Method::HEAD, "/orders/", false),
            (Method::GET, "/admin", false),
        ] {
            assert_eq!(shop.is_public(&method, path), is_public, "{method} {path}");
        }
        assert!(open(&["/*"]).is_public(&Method::PUT, "/any/path"));
        assert!(!open(&[]).is_public(&Method::GET, ""));
    }

    #[test]
    fn paths_that_servers_resolve_are_not_public() {
        let shop = open(&["/news/*"]);
        for path in [
            "/news/../admin",
            "/news/..",
            "/news/./a",
            "/news/%2e%2E/admin",
            "/news/..%2fadmin",
            "/news/..\\admin",
            "/news//admin",
            "/news/%5cadmin",
            "/news/%252e",
            "/news/..;x/admin",
            "/news/a%00",
            "/news/%",
            "/news/%g0",
            "/news/%2",
        ] {
            assert!(!shop.is_public(&Method::GET, path), "{path}");
        }
    }
}
