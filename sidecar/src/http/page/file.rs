//! A file as browsers get it: with its type, compressed where that helps, and for how long it may be kept.

use std::io::Write;
use std::sync::OnceLock;

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

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
    /// Compressed when the first browser asks; `None` where that makes it no shorter.
    gzip: OnceLock<Option<Bytes>>,
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
            // Tiled's maps and tilesets.
            "tmx" | "tsx" => "text/xml; charset=utf-8",
            _ => return None,
        };
        Some(Self { content_type, bytes, gzip: OnceLock::new() })
    }

    /// The answer to a request with these headers.
    pub(super) fn answer(&self, asked: &HeaderMap, caching: Caching) -> Response {
        let compressed = if takes_gzip(asked) { self.compressed() } else { None };
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

    fn compressed(&self) -> Option<&Bytes> {
        self.gzip.get_or_init(|| gzip(&self.bytes).filter(|shorter| shorter.len() < self.bytes.len())).as_ref()
    }
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
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

/// A hash of content, as addresses have it.
pub(super) fn content_hash<'bytes>(contents: impl IntoIterator<Item = &'bytes [u8]>) -> String {
    let mut hasher = Sha256::new();
    for content in contents {
        hasher.update((content.len() as u64).to_le_bytes());
        hasher.update(content);
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
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

    #[test]
    fn what_gets_no_shorter_is_sent_as_it_is() {
        let long = File::new("a.js", Bytes::from(vec![b'a'; 1000])).unwrap();
        assert_eq!(long.answer(&asked("gzip"), Caching::Asks).headers()[CONTENT_ENCODING], "gzip");
        assert!(!long.answer(&asked("br"), Caching::Asks).headers().contains_key(CONTENT_ENCODING));
        let short = File::new("a.png", Bytes::from_static(b"ab")).unwrap();
        assert!(!short.answer(&asked("gzip"), Caching::Asks).headers().contains_key(CONTENT_ENCODING));
    }

    #[test]
    fn a_hash_tells_contents_and_their_borders_apart() {
        let hash = |contents: &[&[u8]]| content_hash(contents.iter().copied());
        assert_eq!(hash(&[b"ab", b"c"]), hash(&[b"ab", b"c"]));
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
