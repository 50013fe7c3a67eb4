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

/// Encodings, as browsers name them.
const BROTLI: &str = "br";
const GZIP: &str = "gzip";

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
    /// By brotli, which takes too long to do here.
    brotli: Option<Bytes>,
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
            "mp3" => "audio/mpeg",
            "json" => "application/json",
            "webmanifest" => "application/manifest+json",
            "pack" => "application/octet-stream",
            // Tiled's maps and tilesets.
            "tmx" | "tsx" => "text/xml; charset=utf-8",
            _ => return None,
        };
        Some(Self { content_type, bytes, brotli: None, gzip: OnceCell::new() })
    }

    /// The same file, for which brotli has been compressed before.
    pub(super) fn with_brotli(self, brotli: Option<Bytes>) -> Self {
        Self { brotli, ..self }
    }

    /// The answer to a request with these headers.
    pub(super) async fn answer(&self, asked: &HeaderMap, caching: Caching) -> Response {
        let compressed = self.compressed(asked).await;
        let body = compressed.map_or(&self.bytes, |(_, body)| body);
        let mut response = Response::new(Body::from(body.clone()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some((encoding, _)) = compressed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        let caching = match caching {
            Caching::Asks => "no-cache",
            Caching::ForGood => "public, max-age=31536000, immutable",
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        response
    }

    /// What is sent to a browser that asks with these headers, and the name of how it is compressed; `None` for the bytes as they are.
    async fn compressed(&self, asked: &HeaderMap) -> Option<(&'static str, &Bytes)> {
        if let Some(brotli) = self.brotli.as_ref().filter(|_| takes(asked, BROTLI)) {
            return Some((BROTLI, brotli));
        }
        let is_compressed = ["image/", "audio/"].iter().any(|kind| self.content_type.starts_with(kind));
        if is_compressed || !takes(asked, GZIP) {
            return None;
        }
        let bytes = self.bytes.clone();
        // It takes milliseconds: not on a thread that serves others.
        let gzip = self.gzip.get_or_init(|| async { spawn_blocking(move || gzip(&bytes)).await.ok().flatten() });
        Some((GZIP, gzip.await.as_ref()?))
    }
}

/// The compressed bytes, if they are fewer.
fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    let shorter = encoder.finish().ok()?;
    (shorter.len() < bytes.len()).then(|| Bytes::from(shorter))
}

/// Whether the browser names an encoding and does not refuse it by `q=0`.
fn takes(asked: &HeaderMap, wanted: &str) -> bool {
    let encodings = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    encodings.flat_map(|value| value.split(',')).any(|encoding| {
        let mut parts = encoding.split(';').map(str::trim);
        let refuses = |part: &str| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted)) && !parts.any(refuses)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(encodings: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, encodings.parse().unwrap())])
    }

    #[test]
    fn a_browser_says_which_encodings_it_takes() {
        for named in ["gzip", "deflate, gzip;q=0.5, br", "GZIP"] {
            assert!(takes(&asked(named), GZIP), "{named}");
        }
        for named in ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"] {
            assert!(!takes(&asked(named), GZIP), "{named}");
        }
        assert!(!takes(&HeaderMap::new(), GZIP));
    }

    #[tokio::test]
    async fn brotli_comes_before_gzip_where_it_is_there_and_taken() {
        let file = || File::new("a.js", Bytes::from(vec![b'a'; 1000])).unwrap();
        let compressed = file().with_brotli(Some(Bytes::from_static(b"short")));
        for (file, takes, expected) in [
            (&compressed, "gzip, br", Some("br")),
            (&compressed, "gzip, br;q=0", Some("gzip")),
            (&compressed, "deflate", None),
            (&file(), "gzip, br", Some("gzip")),
        ] {
            let answer = file.answer(&asked(takes), Caching::Asks).await;
            let encoding = answer.headers().get(CONTENT_ENCODING).map(|name| name.to_str().unwrap());
            assert_eq!(encoding, expected, "{takes}");
        }
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
        assert!(!is_gzip("a.mp3", vec![b'a'; 1000], "gzip").await, "sounds are, too");
    }
}
