//! From a QUIC connection to a session: HTTP/3's settings, the client's request, and the stream that it opens.
//!
//! Our settings go out with our part of the handshake, so that a client may send request, stream and ticket together with the end
//! of its own: it plays after two round trips.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use quinn::{Connection, Incoming, RecvStream, SendStream, VarInt};
use realmgate_protocol::wire::http3::{self, Http3Error, Request};

use super::hellos::Hellos;

/// Bytes that are read at once.
const READ_BYTES: usize = 512;

/// Why there is no session.
#[derive(Debug)]
pub(super) enum NoSession {
    /// The connection is gone.
    Gone,
    /// The client says something that is not HTTP/3, or no WebTransport.
    Http3(Http3Error),
}

/// The stream of the request. A session is over for the client when one of its ends is.
pub(super) struct Exchange {
    pub(super) out: SendStream,
    pub(super) into: RecvStream,
}

/// Begins the handshake, and sends our settings with it. The stream that they are on is never to end.
pub(super) async fn begin(incoming: Incoming, hellos: &Hellos) -> Result<(Connection, SendStream), NoSession> {
    let read_before = hellos.read();
    let mut connecting = incoming.accept().map_err(gone)?;
    // A browser's first message takes two packets. Until both are here it is not known how many streams we may open.
    if hellos.read() == read_before {
        connecting.handshake_data().await.map_err(gone)?;
    }
    // Where it took one, nothing has been waited for: our part of the handshake has not left, and the settings go into its packet. In
    // one of their own they could overtake it, and then many a client discards them.
    // A server's can always go on before its end.
    let Ok((connection, connected)) = connecting.into_0rtt() else { return Err(NoSession::Gone) };
    let mut control = tokio::select! {
        biased;
        control = connection.open_uni() => control,
        // quinn wakes nobody who waits for streams when it learns how many there may be.
        _ = connected => connection.open_uni().await,
    }
    .map_err(gone)?;
    control.write_all(&http3::control_stream()).await.map_err(gone)?;
    Ok((connection, control))
}

/// The request, which is on the first stream that the client opens.
pub(super) async fn request(connection: &Connection) -> Result<(Exchange, Request), NoSession> {
    let (out, mut into) = connection.accept_bi().await.map_err(gone)?;
    let (mut head, mut bytes) = (Vec::new(), [0; READ_BYTES]);
    loop {
        if let Some(request) = http3::read_request(&head).map_err(NoSession::Http3)? {
            return Ok((Exchange { out, into }, request));
        }
        match into.read(&mut bytes).await.map_err(gone)? {
            Some(count) => head.extend_from_slice(&bytes[..count]),
            None => return Err(NoSession::Http3(Http3Error::Message)),
        }
    }
}

/// The next stream that the client opens, which is the session's.
pub(super) async fn stream(connection: &Connection) -> Result<(SendStream, RecvStream), NoSession> {
    let (out, mut into) = connection.accept_bi().await.map_err(gone)?;
    let mut header = Vec::with_capacity(http3::MAX_STREAM_HEADER_BYTES);
    while http3::read_stream_header(&header).map_err(NoSession::Http3)?.is_none() {
        // One by one: the next byte may be ours.
        let mut byte = [0];
        into.read_exact(&mut byte).await.map_err(gone)?;
        header.extend(byte);
    }
    Ok((out, into))
}

impl Exchange {
    /// Waits until the client has ended the session. What it says there before is nothing to us.
    pub(super) async fn ended(&mut self) {
        skip(&mut self.into).await;
    }
}

/// Reads what is on HTTP/3's own streams, its settings and the like, until the connection is over: whoever sends it, waits for it to be read.
/// Nothing of it matters, since nothing that we send depends on it.
pub(super) async fn skip_others(connection: &Connection) {
    let mut streams = FuturesUnordered::new();
    loop {
        tokio::select! {
            stream = connection.accept_uni() => match stream {
                Ok(mut stream) => streams.push(async move { skip(&mut stream).await }),
                Err(_) => return,
            },
            Some(()) = streams.next() => {}
        }
    }
}

async fn skip(stream: &mut RecvStream) {
    let mut bytes = [0; READ_BYTES];
    while let Ok(Some(_)) = stream.read(&mut bytes).await {}
}

/// Closes a connection with a code of HTTP/3 or of ours.
pub(super) fn close(connection: &Connection, code: u32) {
    connection.close(VarInt::from_u32(code), b"");
}

fn gone<E>(_: E) -> NoSession {
    NoSession::Gone
}
