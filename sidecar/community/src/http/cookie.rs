//! Cookies that no script reads. Over HTTPS their names begin with `__Host-`, so that no other host of the domain can set them
//! (RFC 6265bis, section 4.1.3.2).

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// A cookie that this server sets.
pub(super) struct Cookie {
    /// Its name, without the prefix.
    pub name: &'static str,
    /// When browsers send it: `Strict` for calls of our own pages alone, `Lax` also for a link that leads here.
    pub same_site: &'static str,
}

impl Cookie {
    /// The header that sets it, until the browser is closed or for `max_age_s` seconds.
    pub fn set(&self, is_https: bool, value: &str, max_age_s: Option<u64>) -> String {
        let (prefix, secure) = prefix(is_https);
        let age = max_age_s.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
        format!("{prefix}{}={value}; Path=/; HttpOnly; SameSite={}{age}{secure}", self.name, self.same_site)
    }

    /// The header that removes it.
    pub fn remove(&self, is_https: bool) -> String {
        self.set(is_https, "", Some(0))
    }

    /// What a request has of it.
    pub fn read<'a>(&self, is_https: bool, headers: &'a HeaderMap) -> Option<&'a str> {
        let own = |name: &str| name.strip_prefix(prefix(is_https).0) == Some(self.name);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| own(name)).map(|(_, value)| value)
    }
}

/// What a name begins with, and what a browser that takes such a name asks for.
fn prefix(is_https: bool) -> (&'static str, &'static str) {
    if is_https { ("__Host-", "; Secure") } else { ("", "") }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const FLOW: Cookie = Cookie { name: "flow", same_site: "Lax" };

    #[test]
    fn what_is_set_is_read() {
        assert_eq!(FLOW.set(false, "x", Some(600)), "flow=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=600");
        assert_eq!(FLOW.set(true, "x", None), "__Host-flow=x; Path=/; HttpOnly; SameSite=Lax; Secure");
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("other=1; flow=a; __Host-flow=b"));
        assert_eq!((FLOW.read(false, &headers), FLOW.read(true, &headers)), (Some("a"), Some("b")));
        assert_eq!(FLOW.read(false, &HeaderMap::new()), None);
    }
}
