//! What engineioxide keeps of a client's request.
//!
//! It keeps the request of a connection as long as that lives, and headers are parts of the buffer that the request was
//! read into. So the few that it reads are copied, and the buffer is freed.

use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, SEC_WEBSOCKET_KEY, UPGRADE};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Uri};
use hyper::upgrade::OnUpgrade;

/// The headers that engineioxide reads.
const READ: [HeaderName; 3] = [CONTENT_TYPE, SEC_WEBSOCKET_KEY, UPGRADE];
/// Longest URI that is copied, in bytes. A longer one is not of Engine.IO.
const MAX_URI_BYTES: usize = 1_024;

/// The request with copies of its URI and of those headers alone.
pub(super) fn copied(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    let mut headers = HeaderMap::with_capacity(READ.len());
    for name in READ {
        let value = parts.headers.get(&name).map(|value| HeaderValue::from_bytes(value.as_bytes()));
        if let Some(Ok(value)) = value {
            headers.insert(name, value);
        }
    }
    parts.headers = headers;
    // Of the extensions, one is needed; axum keeps the original URI in another.
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    parts.extensions = Extensions::new();
    if let Some(upgrade) = upgrade {
        parts.extensions.insert(upgrade);
    }
    let path = parts.uri.path_and_query().map(|path| path.as_str()).filter(|path| path.len() <= MAX_URI_BYTES);
    // Without a query, engineioxide refuses the request.
    parts.uri = path.and_then(|path| Uri::try_from(path.to_owned()).ok()).unwrap_or(Uri::from_static(super::PATH));
    Request::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn path_query_and_needed_headers_stay() {
        let request = Request::builder().uri("/socket.io/?EIO=4&transport=polling").header("upgrade", "websocket");
        let request = copied(request.header("cookie", "secret").body(Body::empty()).unwrap());
        assert_eq!(request.uri(), "/socket.io/?EIO=4&transport=polling");
        assert_eq!(request.headers().len(), 1);
        assert_eq!(request.headers()[UPGRADE], "websocket");
    }

    #[test]
    fn long_uri_is_left_out() {
        let uri = format!("/socket.io/?EIO=4&transport=polling&t={}", "x".repeat(MAX_URI_BYTES));
        let request = copied(Request::builder().uri(uri).body(Body::empty()).unwrap());
        assert_eq!(request.uri(), super::super::PATH);
    }
}
