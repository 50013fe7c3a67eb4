//! What a WebTransport session needs of HTTP/3, and nothing else of it: settings, one request and its answer, the first bytes
//! of our stream, and the number before each datagram.
//!
//! A connection has one session, whose request is the client's first stream; so its number is 0. RFC 9114 is HTTP/3, RFC 9220 the
//! request, RFC 9297 datagrams and capsules, draft-ietf-webtrans-http3 the rest. Browsers speak its drafts 2 and 7.

mod huffman;
mod qpack;
mod query;
mod static_table;
mod varint;

use thiserror::Error;

use qpack::{Field, Fields};

pub use query::{stream_in, with_stream};

/// The protocol's name in the TLS handshake.
pub const ALPN: &[u8] = b"h3";
/// Most bytes of a request or an answer, with frames that mean nothing before it. A browser's takes a tenth of it.
pub const MAX_HEAD_BYTES: usize = 4 << 10;
/// Most bytes before the first of ours on a stream of the session.
pub const MAX_STREAM_HEADER_BYTES: usize = 16;
/// The code of a connection that is closed because nothing more is wanted of it.
pub const NO_ERROR: u32 = 0x100;

/// The number of the only session, in quarters of its stream's.
const SESSION: u64 = 0;
const CONTROL_STREAM: u64 = 0x00;
const SESSION_STREAM: u64 = 0x41;
const DATA: u64 = 0x00;
const HEADERS: u64 = 0x01;
const SETTINGS: u64 = 0x04;
const CLOSE_SESSION: u64 = 0x2843;

/// What an end can, and lets the other do: a number and its value each.
const OURS: [(u64, u64); 7] = [
    // No dynamic table of header fields, and no stream that waits for one.
    (0x01, 0),
    (0x07, 0),
    // Requests for something that is no page.
    (0x08, 1),
    // Datagrams; the older number is Firefox's and Chromium's of before.
    (0x33, 1),
    (0xff_d277, 1),
    // WebTransport, as drafts 2 and 7 say so.
    (0x2b60_3742, 1),
    (0xc671_706a, 1),
];

/// Numbers of the static table.
mod number {
    pub(super) const AUTHORITY: u8 = 0;
    pub(super) const PATH: u8 = 1;
    pub(super) const METHOD_CONNECT: u8 = 15;
    pub(super) const SCHEME_HTTPS: u8 = 23;
    pub(super) const STATUS: u8 = 24;
}

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Http3Error {
    /// More than [`MAX_HEAD_BYTES`].
    #[error("request or response too long")]
    TooLong,
    /// A frame that has no place there.
    #[error("unexpected frame on this stream")]
    Frame,
    /// Header fields that cannot be read.
    #[error("invalid header fields")]
    Fields,
    /// A request without method or path, or with two of them; an answer without a status.
    #[error("missing or duplicate pseudo-header")]
    Message,
    /// A stream of no session, or of another one.
    #[error("the stream belongs to another session or to none")]
    Session,
}

impl Http3Error {
    /// The code that the connection is closed with.
    pub fn code(self) -> u32 {
        match self {
            Self::TooLong => 0x107,
            Self::Frame => 0x105,
            Self::Fields => 0x200,
            Self::Message => 0x10e,
            Self::Session => 0x108,
        }
    }
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whether it asks for a WebTransport session. If not, nothing else matters.
    pub is_for_session: bool,
    /// The host as the client knows it, with the port.
    pub authority: Option<String>,
    /// The path, with the query.
    pub path: String,
    /// The page that asks; without one it is no browser.
    pub origin: Option<String>,
}

/// All that is ever sent on the stream that HTTP/3 is settled on.
pub fn control_stream() -> Vec<u8> {
    let mut settings = Vec::new();
    for (number, value) in OURS {
        varint::put(number, &mut settings);
        varint::put(value, &mut settings);
    }
    let mut stream = Vec::new();
    varint::put(CONTROL_STREAM, &mut stream);
    stream.extend(frame(SETTINGS, &settings));
    stream
}

/// The request for a session.
pub fn request(authority: &str, path: &str) -> Vec<u8> {
    let fields = Fields::new()
        .numbered(number::METHOD_CONNECT)
        .numbered(number::SCHEME_HTTPS)
        .named(number::AUTHORITY, authority)
        .named(number::PATH, path)
        .field(":protocol", "webtransport");
    frame(HEADERS, &fields.into_bytes())
}

/// The answer to it: 200 is a session.
pub fn response(status: u16) -> Vec<u8> {
    frame(HEADERS, &Fields::new().named(number::STATUS, &status.to_string()).into_bytes())
}

/// The request in the first bytes of a stream; `None` until it is whole.
///
/// # Errors
/// When it will never be one.
pub fn read_request(stream: &[u8]) -> Result<Option<Request>, Http3Error> {
    let Some(fields) = read_head(stream)? else { return Ok(None) };
    let text = |name: &str| single(&fields, name);
    let is_for_session = text(":method")?.ok_or(Http3Error::Message)? == "CONNECT"
        && text(":protocol")?.as_deref() == Some("webtransport")
        && text(":scheme")?.as_deref() == Some("https");
    let path = text(":path")?;
    if is_for_session && path.is_none() {
        return Err(Http3Error::Message);
    }
    let (authority, path, origin) = (text(":authority")?, path.unwrap_or_default(), text("origin")?);
    Ok(Some(Request { is_for_session, authority, path, origin }))
}

/// The status of the answer in the first bytes of a stream; `None` until it is whole.
///
/// # Errors
/// When it will never be one.
pub fn read_status(stream: &[u8]) -> Result<Option<u16>, Http3Error> {
    let Some(fields) = read_head(stream)? else { return Ok(None) };
    let status = single(&fields, ":status")?.ok_or(Http3Error::Message)?;
    status.parse().map(Some).map_err(|_| Http3Error::Message)
}

/// What a stream of the session begins with.
pub fn stream_header() -> Vec<u8> {
    let mut header = Vec::new();
    varint::put(SESSION_STREAM, &mut header);
    varint::put(SESSION, &mut header);
    header
}

/// How many bytes of a stream are that; `None` until they are whole, which they are after [`MAX_STREAM_HEADER_BYTES`].
///
/// # Errors
/// When it is no stream of the session.
pub fn read_stream_header(stream: &[u8]) -> Result<Option<usize>, Http3Error> {
    let mut rest = stream;
    let Some(kind) = varint::take(&mut rest) else { return Ok(None) };
    if kind != SESSION_STREAM {
        return Err(Http3Error::Session);
    }
    match varint::take(&mut rest) {
        None => Ok(None),
        Some(SESSION) => Ok(Some(stream.len() - rest.len())),
        Some(_) => Err(Http3Error::Session),
    }
}

/// The byte before each payload of the session in a datagram.
pub fn datagram_header() -> u8 {
    SESSION as u8
}

/// The payload of a datagram; `None` when it is of no session, or of another one.
pub fn read_datagram(datagram: &[u8]) -> Option<&[u8]> {
    let mut payload = datagram;
    (varint::take(&mut payload)? == SESSION).then_some(payload)
}

/// Closes the session with a code that browsers show to the page. It is sent on the stream of the request, as its last.
pub fn close_session(code: u16) -> Vec<u8> {
    let mut capsule = Vec::new();
    varint::put(CLOSE_SESSION, &mut capsule);
    let code = u32::from(code).to_be_bytes();
    varint::put(code.len() as u64, &mut capsule);
    capsule.extend(code);
    frame(DATA, &capsule)
}

fn frame(kind: u64, content: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    varint::put(kind, &mut frame);
    varint::put(content.len() as u64, &mut frame);
    frame.extend_from_slice(content);
    frame
}

/// The fields of the first frame that has some. Frames of unknown kinds may stand before it: there are some that mean nothing,
/// so that nobody forgets to skip them.
fn read_head(stream: &[u8]) -> Result<Option<Vec<Field>>, Http3Error> {
    let stream = &stream[..stream.len().min(MAX_HEAD_BYTES)];
    let mut rest = stream;
    while let Some(kind) = varint::take(&mut rest) {
        if matches!(kind, DATA | 0x02..=0x09 | 0x0d | SESSION_STREAM) {
            return Err(Http3Error::Frame);
        }
        let Some(length) = varint::take(&mut rest) else { break };
        let begins = stream.len() - rest.len();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if begins.saturating_add(length) > MAX_HEAD_BYTES {
            return Err(Http3Error::TooLong);
        }
        let Some((content, behind)) = rest.split_at_checked(length) else { return Ok(None) };
        if kind == HEADERS {
            return qpack::decode(content).map(Some);
        }
        rest = behind;
    }
    if stream.len() == MAX_HEAD_BYTES { Err(Http3Error::TooLong) } else { Ok(None) }
}

/// The value of a field that there is once at most.
fn single(fields: &[Field], name: &str) -> Result<Option<String>, Http3Error> {
    let mut values = fields.iter().filter(|(known, _)| known == name.as_bytes()).map(|(_, value)| value);
    let value = values.next();
    if values.next().is_some() {
        return Err(Http3Error::Message);
    }
    let is_text = |value: &&Vec<u8>| value.iter().all(|byte| matches!(byte, b' '..=b'~'));
    match value {
        None => Ok(None),
        Some(value) => Some(value)
            .filter(is_text)
            .map_or(Err(Http3Error::Message), |value| Ok(Some(value.iter().map(|byte| char::from(*byte)).collect()))),
    }
}

/// What must hold for any bytes that a stranger sends.
///
/// # Panics
/// When it does not hold.
pub fn check(bytes: &[u8]) {
    let (request_there, status) = (read_request(bytes), read_status(bytes));
    for part in [1, 2, 3, bytes.len() / 2, bytes.len().saturating_sub(1)] {
        let part = &bytes[..part.min(bytes.len())];
        let (earlier, earlier_status) = (read_request(part), read_status(part));
        assert!(earlier == Ok(None) || earlier == request_there, "what was decided stays: {earlier:?}");
        assert!(earlier_status == Ok(None) || earlier_status == status, "what was decided stays: {earlier_status:?}");
    }
    assert!(bytes.len() < MAX_HEAD_BYTES || request_there != Ok(None), "nobody waits for ever");
    if let Ok(Some(Request { is_for_session: true, authority: Some(authority), path, .. })) = &request_there
        && authority.len() + path.len() < MAX_HEAD_BYTES / 2
    {
        let again = read_request(&request(authority, path)).ok().flatten();
        let expected =
            Request { origin: None, is_for_session: true, authority: Some(authority.clone()), path: path.clone() };
        assert_eq!(again, Some(expected), "what is asked for is understood");
        let begun = with_stream(path.split('?').next().unwrap_or_default(), bytes);
        assert_eq!(stream_in(&begun).as_deref(), Some(bytes), "what a request holds of a stream is understood");
    }
    match read_stream_header(bytes) {
        Ok(Some(length)) => assert!((2..=MAX_STREAM_HEADER_BYTES).contains(&length)),
        Ok(None) => assert!(bytes.len() < MAX_STREAM_HEADER_BYTES),
        Err(_) => {}
    }
    let again = [&[datagram_header()], bytes].concat();
    assert_eq!(read_datagram(&again), Some(bytes), "what is sent is received");
    assert!(read_datagram(bytes).is_none_or(|payload| bytes.ends_with(payload) && payload.len() < bytes.len()));
}

#[cfg(test)]
mod tests;
