//! The one HTTP request that this transport knows: that to become a WebSocket.
//!
//! It is read here rather than by the WebSocket library, so that its size is bounded and nothing else of HTTP comes
//! into the engine.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::AllowsOrigin;
use crate::transport::refusal::PacketRefusal;

/// Where players connect.
pub const PATH: &str = "/play";
/// Maximum bytes of the request.
const MAX_BYTES: usize = 4_096;
/// Maximum number of its headers. Browsers send about 20, and a proxy some more.
const MAX_HEADERS: usize = 48;
/// Bytes that are read at once.
const READ_BYTES: usize = 1_024;
/// What RFC 6455 appends to the key before hashing it.
const ACCEPT_SALT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a key once decoded.
const KEY_BYTES: usize = 16;

/// Why a request opens no WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UpgradeError {
    #[error("invalid HTTP/1.1 request")]
    Malformed,
    #[error("the request is too long")]
    TooLong,
    #[error("the method must be GET")]
    Method,
    #[error("unknown path")]
    Path,
    #[error("not a WebSocket upgrade of version 13")]
    NotWebSocket,
    #[error("origin not allowed")]
    Origin,
}

impl UpgradeError {
    /// How it is counted.
    pub(super) fn reason(self) -> PacketRefusal {
        match self {
            Self::Origin => PacketRefusal::Origin,
            _ => PacketRefusal::Upgrade,
        }
    }

    fn answer(self) -> String {
        let (status, header) = match self {
            Self::Malformed => ("400 Bad Request", ""),
            Self::TooLong => ("431 Request Header Fields Too Large", ""),
            Self::Method => ("405 Method Not Allowed", "Allow: GET\r\n"),
            Self::Path => ("404 Not Found", ""),
            Self::NotWebSocket => ("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
            Self::Origin => ("403 Forbidden", ""),
        };
        format!("HTTP/1.1 {status}\r\n{header}Connection: close\r\nContent-Length: 0\r\n\r\n")
    }
}

/// Reads the request and answers it. Returns the bytes that came after it.
pub(super) async fn upgrade<S>(stream: &mut S, allows: &AllowsOrigin) -> Result<Vec<u8>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = request(stream, allows).await;
    let answer = match &asked {
        Ok((key, _)) => format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept(key)
        ),
        Err(error) => error.answer(),
    };
    // Whether that fails shows when the socket is used.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.flush().await;
    if asked.is_err() {
        let _ = stream.shutdown().await;
    }
    asked.map(|(_, rest)| rest)
}

/// Reads a request. Returns its key, and the bytes that came after it.
async fn request<S>(stream: &mut S, allows: &AllowsOrigin) -> Result<(String, Vec<u8>), UpgradeError>
where
    S: AsyncRead + Unpin,
{
    let mut head = Vec::with_capacity(READ_BYTES);
    loop {
        let seen = head.len();
        let read = (&mut *stream).take(READ_BYTES as u64).read_buf(&mut head).await;
        if !matches!(read, Ok(1..)) {
            return Err(UpgradeError::Malformed);
        }
        if let Some(end) = end_of(&head, seen) {
            let key = key_of(&head[..end], allows)?.to_owned();
            return Ok((key, head.split_off(end)));
        }
        if head.len() >= MAX_BYTES {
            return Err(UpgradeError::TooLong);
        }
    }
}

/// Where the request ends, if its end is there; no byte before `seen` ends it.
fn end_of(head: &[u8], seen: usize) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let from = seen.saturating_sub(END.len() - 1);
    let found = head.get(from..)?.windows(END.len()).position(|four| four == END)?;
    Some(from + found + END.len())
}

/// Checks a whole request. Returns its key.
fn key_of<'head>(head: &'head [u8], allows: &AllowsOrigin) -> Result<&'head str, UpgradeError> {
    if head.len() > MAX_BYTES {
        return Err(UpgradeError::TooLong);
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Complete(bytes)) if bytes == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(UpgradeError::TooLong),
        Ok(_) | Err(_) => return Err(UpgradeError::Malformed),
    }
    let (Some(method), Some(path), Some(1)) = (request.method, request.path, request.version) else {
        return Err(UpgradeError::Malformed);
    };
    if path.split('?').next() != Some(PATH) {
        return Err(UpgradeError::Path);
    }
    if method != "GET" {
        return Err(UpgradeError::Method);
    }
    let headers = Headers(request.headers);
    if let Some(origin) = headers.only("origin")?
        && !allows(origin, headers.only("host")?)
    {
        return Err(UpgradeError::Origin);
    }
    let is_asked = headers.lists("connection", "upgrade") && headers.lists("upgrade", "websocket");
    if !is_asked || headers.only("sec-websocket-version")? != Some("13") {
        return Err(UpgradeError::NotWebSocket);
    }
    let key = headers.only("sec-websocket-key")?.ok_or(UpgradeError::NotWebSocket)?;
    let is_key = STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == KEY_BYTES);
    if is_key { Ok(key) } else { Err(UpgradeError::Malformed) }
}

/// The answer to a key.
fn accept(key: &str) -> String {
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, [key, ACCEPT_SALT].concat().as_bytes()))
}

struct Headers<'request, 'head>(&'request [httparse::Header<'head>]);

impl<'head> Headers<'_, 'head> {
    fn named(&self, name: &str) -> impl Iterator<Item = &'head [u8]> {
        self.0.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    }

    /// A header that may be there once.
    fn only(&self, name: &str) -> Result<Option<&'head str>, UpgradeError> {
        let mut values = self.named(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(UpgradeError::Malformed);
        }
        str::from_utf8(value).map(|value| Some(value.trim())).map_err(|_| UpgradeError::Malformed)
    }

    /// Whether a header that lists words has this one.
    fn lists(&self, name: &str, word: &str) -> bool {
        let words = self.named(name).filter_map(|value| str::from_utf8(value).ok()).flat_map(|value| value.split(','));
        words.map(str::trim).any(|listed| listed.eq_ignore_ascii_case(word))
    }
}

/// What must hold for any bytes that a stranger sends before its socket is a WebSocket.
///
/// # Panics
/// When it does not hold.
pub fn check(bytes: &[u8]) {
    let end = end_of(bytes, 0);
    assert_eq!(end.is_some(), bytes.windows(4).any(|four| four == b"\r\n\r\n"), "its end is found wherever it is");
    for seen in 0..bytes.len() {
        let goes_on = end.is_none_or(|end| end > seen);
        assert!(!goes_on || end_of(bytes, seen) == end, "and however it comes, though {seen} bytes were seen before");
    }
    // Without its end, nobody reads it.
    let Some(end) = end else { return };
    let (head, refuses): (_, AllowsOrigin) = (&bytes[..end], std::sync::Arc::new(|_, _| false));
    if let Ok(key) = key_of(head, &refuses) {
        assert!(head.len() <= MAX_BYTES, "only short ones are answered");
        assert_eq!((key.len(), accept(key).len()), (24, 28), "of 16 bytes and of 20 in base64");
        // Empty lines before it are passed over (RFC 9112, section 2.2), and nothing else.
        let line = head.iter().position(|byte| !b"\r\n".contains(byte)).map_or(&[][..], |start| &head[start..]);
        assert!(line.starts_with(b"GET /play"), "only this");
        let lower = head.to_ascii_lowercase();
        assert!(!lower.windows(9).any(|line| line == b"\r\norigin:"), "a page was let in that is not allowed");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    const ASKED: &str = "GET /play HTTP/1.1\r\nHost: maps.example:4001\r\nUpgrade: websocket\r\n\
                         Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                         Sec-WebSocket-Version: 13\r\n\r\n";

    fn allows() -> AllowsOrigin {
        Arc::new(|origin, host| origin == "https://play.example" && host == Some("maps.example:4001"))
    }

    /// What a request is answered, as the RFC of WebSockets would have it.
    fn asked(changes: &[(&str, &str)]) -> Result<String, UpgradeError> {
        let text = changes.iter().fold(ASKED.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        check(text.as_bytes());
        key_of(text.as_bytes(), &allows()).map(accept)
    }

    #[test]
    fn a_request_is_answered_as_in_rfc_6455() {
        let answer = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned();
        assert_eq!(asked(&[]), Ok(answer.clone()));
        assert_eq!(asked(&[("/play ", "/play?from=page ")]), Ok(answer.clone()));
        assert_eq!(asked(&[("\r\n\r\n", "\r\nOrigin: https://play.example\r\n\r\n")]), Ok(answer.clone()));
        assert_eq!(asked(&[("GET", "\r\nGET")]), Ok(answer.clone()));
        assert_eq!(asked(&[("Upgrade: websocket", "upgrade:  h2c, WebSocket ")]), Ok(answer));
    }

    #[test]
    fn a_line_may_end_with_its_feed_alone_and_the_request_may_not() {
        assert_eq!(asked(&[("\r\n", "\n")]), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()), "its first line");
        let end = ASKED.len() - 4;
        for ending in ["\t\n\r\n", "\r\n\n", "\n\n"] {
            let endless = format!("{}{ending}", &ASKED[..end]);
            check(endless.as_bytes());
            assert_eq!(end_of(endless.as_bytes(), 0), None, "{ending:?}: it may go on");
        }
    }

    #[test]
    fn anything_else_is_refused_for_its_reason() {
        let more = |line: &'static str| [("Upgrade: websocket\r\n", line)];
        for (changes, error) in [
            ([("GET", "POST")], UpgradeError::Method),
            ([("/play", "/")], UpgradeError::Path),
            ([("/play", "/plays")], UpgradeError::Path),
            ([("HTTP/1.1", "HTTP/1.0")], UpgradeError::Malformed),
            ([("HTTP/1.1", "HTTP/2")], UpgradeError::Malformed),
            ([("Version: 13", "Version: 8")], UpgradeError::NotWebSocket),
            ([("keep-alive, Upgrade", "keep-alive")], UpgradeError::NotWebSocket),
            (more(""), UpgradeError::NotWebSocket),
            ([("Sec-WebSocket-Key", "Key")], UpgradeError::NotWebSocket),
            ([("dGhl", "AAAAdGhl")], UpgradeError::Malformed),
            (more("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"), UpgradeError::Malformed),
            (more("Upgrade: websocket\r\nOrigin: https://evil.example\r\n"), UpgradeError::Origin),
            (more("Upgrade: websocket\r\nOrigin: null\r\nOrigin: null\r\n"), UpgradeError::Malformed),
        ] {
            assert_eq!(asked(&changes), Err(error), "{changes:?}");
        }
        let other_host = [("Host: maps", "Origin: https://play.example\r\nHost: other")];
        assert_eq!(asked(&other_host), Err(UpgradeError::Origin));
        let many = (0..MAX_HEADERS).map(|i| format!("X-{i}: 1\r\n")).collect::<String>();
        assert_eq!(asked(&[("Host", &format!("{many}Host"))]), Err(UpgradeError::TooLong));
        let long = format!("X: {}\r\nHost", "1".repeat(MAX_BYTES));
        assert_eq!(asked(&[("Host", &long)]), Err(UpgradeError::TooLong));
    }

    /// Whole requests of some of the lines that they may have, in any order.
    fn requests() -> impl Strategy<Value = Vec<u8>> {
        let first = vec!["GET /play HTTP/1.1", "GET /play?from=page HTTP/1.1", "POST / HTTP/1.0"];
        let mut lines: Vec<&str> = ASKED.lines().skip(1).filter(|line| !line.is_empty()).collect();
        lines.push("Origin: https://play.example");
        let count = 3..=lines.len();
        (prop::sample::select(first), prop::sample::subsequence(lines, count).prop_shuffle())
            .prop_map(|(first, lines)| format!("{first}\r\n{}\r\n\r\n", lines.join("\r\n")).into_bytes())
    }

    /// Bytes of which some mean something in a request.
    fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
        let known = prop::sample::select(b"\r\n\t :,=?/.AZaz019\xff".to_vec());
        prop::collection::vec(prop_oneof![known, any::<u8>()], 0..60)
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(request in requests(), bytes in some_bytes(), at in any::<prop::sample::Index>()) {
            check(&bytes);
            check(&[&bytes[..], b"\r\n\r\n"].concat());
            check(&request);
            let at = at.index(request.len());
            check(&[&request[..at], &bytes[..], &request[at..]].concat());
        }

        #[test]
        fn nor_a_request_that_was_tampered_with(at in 0..ASKED.len(), byte in any::<u8>(), cut in 0..ASKED.len()) {
            let mut bytes = ASKED.as_bytes().to_vec();
            bytes[at] = byte;
            check(&bytes);
            check(&bytes[cut..]);
        }
    }
}
