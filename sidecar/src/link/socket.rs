//! The WebSocket of a map link: `/map-link` on the directory's port.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::ids::ServerId;
use realmgate_protocol::limits::{LINK_VERSION, MAX_LINK_BYTES};
use realmgate_protocol::link::{FromMap, ToMap};
use realmgate_protocol::realm;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Link, inbound};
use crate::error::{Error, ErrorCode};
use crate::http::extract::is_service_caller;
use crate::service::world;
use crate::state::AppState;

/// How long a map server may be silent; it answers our pings in between.
const SILENCE: Duration = Duration::from_secs(10);
/// How often it is pinged.
const PING_EVERY: Duration = Duration::from_secs(4);
/// How long one message may take to be written.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
const READ_BUFFER_BYTES: usize = 16 * 1_024;

/// `/map-link`, on the directory's port.
pub fn router() -> Router<AppState> {
    Router::new().route("/map-link", any(upgrade))
}

async fn upgrade(State(state): State<AppState>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !is_service_caller(&state, &headers) {
        return Error::from(ErrorCode::ServiceTokenRequired).into_response();
    }
    let alive = state.tasks.token();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(MAX_LINK_BYTES)
        .max_frame_size(MAX_LINK_BYTES)
        .on_upgrade(move |socket| async move {
            serve(&state, socket).await;
            drop(alive);
        })
}

/// Why a link is refused: told to the map server, and to the log.
struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

async fn serve(state: &AppState, socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let (link, outbound) = match welcome(state, &mut sink, &mut stream).await {
        Ok(open) => open,
        Err(refusal) => return refuse(&mut sink, refusal).await,
    };
    tracing::info!(server = %link.server, maps = ?link.maps, channels = link.channels, "map link open");
    let writer = state.tasks.spawn(write(sink, outbound, link.closed.clone()));
    let end = read(state, &link, &mut stream).await;
    state.link.links.remove(&link);
    match end {
        Ok(()) => tracing::info!(server = %link.server, "map link closed"),
        Err(error) => {
            tracing::warn!(server = %link.server, %error, "map link ended");
            let (code, message) = (error.code.as_str().to_owned(), error.detail.into_owned());
            // It may be gone already: then there is nobody to tell.
            let _ = link.send(ToMap::Refused { code, message });
        }
    }
    link.closed.cancel();
    if let Err(error) = writer.await {
        tracing::error!(%error, "the writer of a map link failed");
    }
}

/// The first message: who it is, and whether we speak the same.
async fn welcome(
    state: &AppState,
    sink: &mut SplitSink<WebSocket, Message>,
    stream: &mut SplitStream<WebSocket>,
) -> Result<(Arc<Link>, mpsc::Receiver<ToMap>), Refusal> {
    let first = timeout(SILENCE, next(stream)).await.map_err(|_| Refusal::new("TIMEOUT", "no Hello came"))?;
    let Some(Ok(FromMap::Hello { server, link_version, protocol_hash, maps, channels })) = first else {
        return Err(Refusal::new("BAD_MESSAGE", "the first message is Hello"));
    };
    if link_version != LINK_VERSION {
        let message = format!("this sidecar speaks link version {LINK_VERSION}, not {link_version}");
        return Err(Refusal::new("LINK_VERSION_MISMATCH", message));
    }
    let server: ServerId = server.parse().map_err(|error| Refusal::new("BAD_MESSAGE", format!("server: {error}")))?;
    if protocol_hash != realm::protocol_hash() {
        let message =
            format!("this sidecar's game protocol is {:016x}, not {protocol_hash:016x}", realm::protocol_hash());
        return Err(Refusal::new("PROTOCOL_MISMATCH", message));
    }
    if maps.is_empty() || channels == 0 {
        return Err(Refusal::new("BAD_MESSAGE", "a map server hosts at least one map with one channel"));
    }
    let is_new = meet(state, &server).await?;
    let (link, outbound) = Link::new(server, maps, channels, protocol_hash, state.shutdown.child_token());
    let link = Arc::new(link);
    let hello = ToMap::Welcome { gateway: state.config.gateway.id.clone() };
    send(sink, &hello).await.map_err(|error| Refusal::new("INTERNAL", error.to_string()))?;
    state.link.links.insert(link.clone());
    if !is_new {
        world::server_returned(state, &link.server).await.map_err(|error| unmet(&link.server, &error))?;
    }
    Ok((link, outbound))
}

/// Finds out whether this is a process that we do not know, and clears away what the one before it held, before it may
/// say anything.
async fn meet(state: &AppState, server: &ServerId) -> Result<bool, Refusal> {
    let listed = state.registry.find(server).await.map_err(|error| unmet(server, &error))?;
    let Some(listed) = listed else {
        return Err(Refusal::new("NOT_REGISTERED", "register with the directory first"));
    };
    let is_new = state.link.is_new_process(server, &listed.cookie, listed.resumed);
    if is_new {
        // The old process may not have heard yet that it is gone.
        if let Some(old) = state.link.links.get(server) {
            old.closed.cancel();
        }
        world::server_started(state, server).await.map_err(|error| unmet(server, &error))?;
    }
    state.link.met(server, listed.cookie);
    Ok(is_new)
}

fn unmet(server: &ServerId, error: &Error) -> Refusal {
    tracing::error!(%server, %error, "a map server could not be met");
    Refusal::new("INTERNAL", "the log of the sidecar says why")
}

async fn refuse(sink: &mut SplitSink<WebSocket, Message>, refusal: Refusal) {
    tracing::warn!(code = refusal.code, message = refusal.message, "map link refused");
    metrics::counter!("realmgate_map_links_refused_total", "code" => refusal.code).increment(1);
    let message = ToMap::Refused { code: refusal.code.to_owned(), message: refusal.message };
    // Whether it still hears us does not matter: the link ends either way.
    let _ = send(sink, &message).await;
    let _ = timeout(WRITE_DEADLINE, sink.close()).await;
}

/// Handles messages in order until the link ends.
async fn read(state: &AppState, link: &Arc<Link>, stream: &mut SplitStream<WebSocket>) -> Result<(), Error> {
    loop {
        let message = tokio::select! {
            // A newer link of the same server speaks for it now: no further word of this one counts.
            biased;
            () = link.closed.cancelled() => return Ok(()),
            message = next_within(stream) => message?,
        };
        let Some(message) = message else { return Ok(()) };
        inbound::handle(state, link, message).await?;
    }
}

/// The next message of a map server that answers pings; `None` at its end.
async fn next_within(stream: &mut SplitStream<WebSocket>) -> Result<Option<FromMap>, Error> {
    loop {
        let frame = timeout(SILENCE, stream.next()).await;
        let frame = frame.map_err(|_| Error::new(ErrorCode::Timeout, "silent for 10 s"))?;
        match frame.transpose().map_err(Error::internal)? {
            None | Some(Message::Close(_)) => return Ok(None),
            Some(Message::Ping(_) | Message::Pong(_)) => {}
            Some(message) => return decode(message).map(Some),
        }
    }
}

/// The next message, without a limit of time.
async fn next(stream: &mut SplitStream<WebSocket>) -> Option<Result<FromMap, Error>> {
    loop {
        match stream.next().await? {
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(message) => return Some(decode(message)),
            Err(error) => return Some(Err(Error::internal(error))),
        }
    }
}

fn decode(message: Message) -> Result<FromMap, Error> {
    let Message::Binary(bytes) = message else {
        return Err(Error::new(ErrorCode::BadMessage, "link messages are binary"));
    };
    decode_link(&bytes).map_err(|error| Error::new(ErrorCode::BadMessage, error.to_string()))
}

async fn send(sink: &mut SplitSink<WebSocket, Message>, message: &ToMap) -> Result<(), Error> {
    let bytes = encode_link(message).map_err(Error::internal)?;
    let written = timeout(WRITE_DEADLINE, sink.send(Message::Binary(bytes.into()))).await;
    written.map_err(|_| Error::from(ErrorCode::Timeout))?.map_err(Error::internal)
}

/// Writes what is queued, and pings, until the link ends.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut outbound: mpsc::Receiver<ToMap>,
    closed: CancellationToken,
) {
    let mut pings = tokio::time::interval(PING_EVERY);
    loop {
        let written = tokio::select! {
            // What was queued before the end is still said.
            biased;
            message = outbound.recv() => match message {
                Some(message) => send(&mut sink, &message).await,
                None => break,
            },
            () = closed.cancelled() => break,
            _ = pings.tick() => match timeout(WRITE_DEADLINE, sink.send(Message::Ping(Default::default()))).await {
                Ok(written) => written.map_err(Error::internal),
                Err(_) => Err(ErrorCode::Timeout.into()),
            },
        };
        if let Err(error) = written {
            tracing::debug!(%error, "a map link could not be written to");
            break;
        }
    }
    closed.cancel();
    let bye = Message::Close(Some(CloseFrame { code: close_code::NORMAL, reason: "".into() }));
    let goodbye = async {
        // Where the map server has closed first, this can not be said any more, and closing says the answer to it: by
        // that the map server knows that we have handled all it said.
        let _ = sink.send(bye).await;
        let _ = sink.close().await;
    };
    let _ = timeout(WRITE_DEADLINE, goodbye).await;
}
