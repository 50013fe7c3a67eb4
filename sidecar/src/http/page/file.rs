//! A file as browsers get it: with its type, compressed where that helps, and for how long it may be kept.

use std::io::Write;

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

/// How long a browser may keep a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caching {
    /// Until it has asked whether the file is still the same.
    Asks,
    /// For good: its address holds the hash of what is in it.
    ForGood,
}

/// A file in memory.
pub(super) struct File {
    content_type: &'static str,
    bytes: Bytes,
    /// Compressed once, when the first browser asks; `None` where that makes it no shorter.
    gzip: OnceCell<Option<Bytes>>,
}

impl File {
    /// A file of this name; `None` for one of a type that the page does not use.
    pub(super) fn new(name: &str, bytes: Bytes) -> Option<Self> {
        let extension = name.rsplit_once('.')?.1;
        let content_type = match extension {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "png" => "image/png",
            "jpg" => "image/jpeg",
            "webp" => "image/webp",
            // Tiled's maps and tilesets.
            "tmx" | "tsx" => "text/xml; charset=utf-8",
            _ => return None,
        };
        Some(Self { content_type, bytes, gzip: OnceCell::new() })
    }

    /// The answer to a request with these headers.
    pub(super) async fn answer(&self, asked: &HeaderMap, caching: Caching) -> Response {
        let compressed = if takes_gzip(asked) { self.compressed().await } else { None };
        let body = compressed.unwrap_or(&self.bytes);
        let mut response = Response::new(Body::from(body.clone()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if compressed.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let caching = match caching {
            Caching::Asks => "no-cache",
            Caching::ForGood => "public, max-age=31536000, immutable",
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        response
    }

    async fn compressed(&self) -> Option<&Bytes> {
        if self.content_type.starts_with("image/") {
            return None; // compressed already
        }
        let bytes = self.bytes.clone();
        // It takes milliseconds: not on a thread that serves others.
        let gzip = self.gzip.get_or_init(|| async { spawn_blocking(move || gzip(&bytes)).await.ok().flatten() });
        gzip.await.as_ref()
    }
}

/// The compressed bytes, if they are fewer.
fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    let shorter = encoder.finish().ok()?;
    (shorter.len() < bytes.len()).then(|| Bytes::from(shorter))
}

/// Whether the browser names gzip and does not refuse it by `q=0`.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let encodings = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    encodings.flat_map(|value| value.split(',')).any(|encoding| {
        let mut parts = encoding.split(';').map(str::trim);
        let refuses = |part: &str| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && !parts.any(refuses)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(encodings: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, encodings.parse().unwrap())])
    }

    #[test]
    fn a_browser_says_whether_it_takes_gzip() {
        for takes in ["gzip", "deflate, gzip;q=0.5, br", "GZIP"] {
            assert!(takes_gzip(&asked(takes)), "{takes}");
        }
        for refuses in ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"] {
            assert!(!takes_gzip(&asked(refuses)), "{refuses}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn what_gets_no_shorter_is_sent_as_it_is() {
        let is_gzip = async |name: &str, bytes: Vec<u8>, takes: &str| {
            let file = File::new(name, Bytes::from(bytes)).unwrap();
            file.answer(&asked(takes), Caching::Asks).await.headers().contains_key(CONTENT_ENCODING)
        };
        assert!(is_gzip("a.js", vec![b'a'; 1000], "gzip").await);
        assert!(!is_gzip("a.js", vec![b'a'; 1000], "br").await, "who does not take it");
        assert!(!is_gzip("a.js", b"ab".to_vec(), "gzip").await, "what is short");
        assert!(!is_gzip("a.png", vec![b'a'; 1000], "gzip").await, "what is compressed already");
    }
}
