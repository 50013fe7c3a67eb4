//! What unit tests share.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderName;
use axum::http::uri::Uri;

use crate::dictionary::{Access, BaseUrl, Claim, Limits, Service};

/// A service at `/name` that needs a token, with short limits.
pub(crate) fn service(name: &str, url: &str) -> Service {
    Service {
        name: name.to_owned(),
        urls: vec![base_url(url)],
        path: Some(format!("/{name}")),
        http: Access::Token,
        sockets: Access::Token,
        public: Vec::new(),
        socket_io: None,
        claims: vec![(Claim::UserId, HeaderName::from_static("x-user-id"))],
        health: None,
        limits: Limits {
            connect: Duration::from_secs(2),
            answer: Duration::from_secs(20),
            idle: Duration::from_secs(20),
            max_body_bytes: 1 << 20,
            max_packet_bytes: 100 * 1_024,
            retries: 1,
            max_requests: 64,
            max_sockets: 64,
            breaker_failures: NonZeroU32::MIN.saturating_add(4),
            breaker_open: Duration::from_secs(10),
        },
    }
}

/// A base URL, as the dictionary reads it.
pub(crate) fn base_url(url: &str) -> BaseUrl {
    let uri: Uri = url.parse().unwrap();
    let parts = uri.into_parts();
    let path = parts.path_and_query.map(|path| path.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    BaseUrl { scheme: parts.scheme.unwrap(), authority: parts.authority.unwrap(), path }
}
