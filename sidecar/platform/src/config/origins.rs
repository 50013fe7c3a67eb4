//! The browser pages that may talk to us.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

use super::ConfigError;

/// `ALLOWED_ORIGINS`. A request without an `Origin` comes from a native client and is not checked here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Not set: pages of this machine, and pages of the requested host (its web page is on another port).
    Local,
    /// `*`: every page.
    All,
    /// Only pages of these origins.
    Listed(Vec<String>),
}

impl Origins {
    /// Parses the setting.
    ///
    /// # Errors
    /// When an entry is not `scheme://host` or `scheme://host:port`.
    pub fn parse(text: Option<&str>) -> Result<Self, ConfigError> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(Self::Local) };
        if text == "*" {
            return Ok(Self::All);
        }
        let origins: Vec<String> = text.split(',').map(|origin| origin.trim().to_ascii_lowercase()).collect();
        match origins.iter().find(|origin| host_of(origin).is_none()) {
            Some(bad) => Err(ConfigError::new(
                "ALLOWED_ORIGINS",
                format!("`{bad}` is not an origin: expected scheme://host, scheme://host:port, or * for all"),
            )),
            None => Ok(Self::Listed(origins)),
        }
    }

    /// Whether a request to open a socket may do so. A browser names its page; a native client names none, and may.
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        origin.to_str().is_ok_and(|origin| self.allows(origin, host))
    }

    /// Whether a page of `origin` may talk to us; `host` is the request's `Host`.
    pub fn allows(&self, origin: &str, host: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Listed(origins) => origins.iter().any(|listed| listed.eq_ignore_ascii_case(origin)),
            Self::Local => {
                let Some(page) = host_of(origin) else { return false };
                let asked = host.map(without_port);
                matches!(page, "localhost" | "127.0.0.1" | "[::1]")
                    || asked.is_some_and(|asked| asked.eq_ignore_ascii_case(page))
            }
        }
    }
}

/// The host in `scheme://host[:port]`; `None` where the text is anything else.
fn host_of(origin: &str) -> Option<&str> {
    let (scheme, rest) = origin.split_once("://")?;
    let host = without_port(rest);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (!scheme.is_empty() && !host.is_empty() && rest.bytes().all(legal)).then_some(host)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // The colons inside `[::1]` do not start a port.
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_allows_this_machine_and_the_host_asked() {
        let local = Origins::parse(None).unwrap();
        assert!(local.allows("http://localhost:8000", Some("127.0.0.1:3000")));
        assert!(local.allows("http://127.0.0.1:8000", None));
        assert!(local.allows("http://[::1]:3000", None));
        assert!(local.allows("http://10.0.0.5:3000", Some("10.0.0.5:3002")));
        assert!(!local.allows("https://evil.example", Some("10.0.0.5:3002")));
        assert!(!local.allows("http://localhost.evil.example", Some("localhost:3000")));
        assert!(!local.allows("null", Some("localhost:3000")));
    }

    #[test]
    fn a_list_allows_just_itself() {
        let listed = Origins::parse(Some("https://play.example, http://localhost:5173")).unwrap();
        for one in ["https://play.example", "http://localhost:5173"] {
            assert!(listed.allows(one, None), "{one}");
        }
        for other in
            ["http://localhost:3000", "http://play.example", "https://play.example:8443", "https://a.play.example"]
        {
            assert!(!listed.allows(other, Some("localhost:3000")), "{other}");
        }
        assert!(Origins::parse(Some("*")).unwrap().allows("https://any.example", None));
        for bad in ["play.example", "https://play.example/path"] {
            let error = Origins::parse(Some(&format!("https://play.example,{bad}"))).unwrap_err();
            assert_eq!(error.key, "ALLOWED_ORIGINS");
            assert!(error.why.starts_with(&format!("`{bad}` is not an origin")), "{error}");
        }
    }
}
