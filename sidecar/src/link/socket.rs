//! The WebSocket of a map link: `/map-link` on the directory's port.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, close_code};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::extract::is_service_caller;
use realmgate_platform::websocket::{Bounds, Socket, Upgrade};
use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::ids::ServerId;
use realmgate_protocol::limits::{LINK_VERSION, MAX_RECLAIM_LOCKS, OLDEST_LINK_VERSION};
use realmgate_protocol::link::{Fence, FromMap, ToMap};
use realmgate_protocol::realm;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::links::Introduction;
use super::{Link, MapLinks};
use crate::lock::CookieHash;
use crate::service::world::Unmet;
use crate::state::AppState;

/// How long a map server may be silent; it answers our pings in between.
const SILENCE: Duration = Duration::from_secs(6);
/// How long its first message may take.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// How often it is pinged.
const PING_EVERY: Duration = Duration::from_secs(2);
/// How long one message may take to be written.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// The route `/map-link`, on the directory's port.
pub fn router() -> Router<AppState> {
    Router::new().route("/map-link", any(upgrade))
}

async fn upgrade(State(state): State<AppState>, headers: HeaderMap, upgrade: Upgrade) -> Response {
    if !is_service_caller(&state.http, &headers) {
        return Error::from(ErrorCode::ServiceTokenRequired).into_response();
    }
    let (map_links, alive) = (state.map_links.clone(), state.background.tasks.token());
    upgrade.open(Bounds::MAP_LINK, move |socket| async move {
        map_links.serve(socket).await;
        drop(alive);
    })
}

/// Why a link is refused, for the map server and for the log.
struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl MapLinks {
    async fn serve(&self, socket: Socket) {
        let (mut sink, mut stream) = socket.split();
        let (link, outbound) = match self.welcome(&mut sink, &mut stream).await {
            Ok(open) => open,
            Err(refusal) => return refuse(&mut sink, refusal).await,
        };
        tracing::info!(server = %link.server, maps = ?link.maps, channels = link.channels, "map link open");
        let writer = self.tasks.spawn(write(sink, outbound, link.clone()));
        let end = self.read(&link, &mut stream).await;
        self.links.remove(&link);
        if let Err(error) = self.registry.unlinked(&link.server, &self.this.id).await {
            tracing::warn!(server = %link.server, %error, "cannot remove a map link from the directory");
        }
        match end {
            Ok(()) => tracing::info!(server = %link.server, "map link closed"),
            Err(error) => {
                tracing::warn!(server = %link.server, %error, "map link lost");
                let (code, message) = (error.code.as_str().to_owned(), error.detail.into_owned());
                // The map server may be gone already.
                let _ = link.send(ToMap::Refused { code, message });
            }
        }
        link.closed.cancel();
        if let Err(error) = writer.await {
            tracing::error!(%error, "the writer task of a map link failed");
        }
    }

    /// Handles the first messages: which map server it is, whether we speak the same protocol, and what it reclaims.
    async fn welcome(
        &self,
        sink: &mut SplitSink<Socket, Message>,
        stream: &mut SplitStream<Socket>,
    ) -> Result<(Arc<Link>, mpsc::Receiver<ToMap>), Refusal> {
        let first = timeout(HELLO_WITHIN, next(stream))
            .await
            .map_err(|_| Refusal::new("TIMEOUT", "no Hello within the time limit"))?;
        let Some(Ok(FromMap::Hello { server, link_version, protocol_hash, maps, channels, cookie, fresh })) = first
        else {
            return Err(Refusal::new("BAD_MESSAGE", "expected Hello as the first message"));
        };
        if !(OLDEST_LINK_VERSION..=LINK_VERSION).contains(&link_version) {
            let message = format!(
                "this sidecar speaks link versions {OLDEST_LINK_VERSION} to {LINK_VERSION}, not {link_version}"
            );
            return Err(Refusal::new("LINK_VERSION_MISMATCH", message));
        }
        let server: ServerId =
            server.parse().map_err(|error| Refusal::new("BAD_MESSAGE", format!("server: {error}")))?;
        if protocol_hash != realm::protocol_hash() {
            let message =
                format!("this sidecar's game protocol is {:016x}, not {protocol_hash:016x}", realm::protocol_hash());
            return Err(Refusal::new("PROTOCOL_MISMATCH", message));
        }
        if maps.is_empty() || channels == 0 {
            return Err(Refusal::new("BAD_MESSAGE", "expected at least one map and one channel"));
        }
        let cookie_hash = CookieHash::of(&cookie);
        let resumed = self.servers.meet(&server, &cookie, fresh).await.map_err(|unmet| refusal_of(&server, unmet))?;
        let introduction = Introduction { server, maps, channels, protocol_hash, cookie: cookie_hash, link_version };
        let (link, outbound) = Link::new(introduction, self.shutdown.child_token());
        let link = Arc::new(link);
        let within = self.time.timers.map_reclaim;
        let reclaim_within_ms = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        let hello = ToMap::Welcome { gateway: self.this.id.clone(), resumed, reclaim_within_ms };
        send(sink, &hello).await.map_err(|error| Refusal::new("INTERNAL", error.to_string()))?;
        let reclaimed = timeout(within, self.reclaim(&link, sink, stream)).await;
        reclaimed.map_err(|_| Refusal::new("TIMEOUT", "reclaiming took too long"))??;
        let facts = link.facts(&self.this.id);
        // A map server that has expired meanwhile registers again; the directory learns of the link then.
        self.registry.linked(&link.server, facts).await.map_err(|error| failed(&link.server, &error))?;
        self.links.insert(link.clone());
        Ok((link, outbound))
    }

    /// Reclaims what the map server still holds. Nothing else is sent to it before that is done.
    async fn reclaim(
        &self,
        link: &Link,
        sink: &mut SplitSink<Socket, Message>,
        stream: &mut SplitStream<Socket>,
    ) -> Result<(), Refusal> {
        loop {
            let Some(Ok(FromMap::Reclaim { locks, last })) = next(stream).await else {
                return Err(Refusal::new("BAD_MESSAGE", "expected Reclaim after Welcome"));
            };
            if locks.len() > MAX_RECLAIM_LOCKS {
                return Err(Refusal::new("BAD_MESSAGE", format!("Reclaim may name at most {MAX_RECLAIM_LOCKS} locks")));
            }
            let lost = self.servers.reclaim(&link.server, &link.cookie, &locks).await;
            for Fence { character, epoch } in lost.map_err(|error| failed(&link.server, &error))? {
                let fenced = ToMap::Fenced { character, epoch };
                send(sink, &fenced).await.map_err(|error| Refusal::new("INTERNAL", error.to_string()))?;
            }
            if last {
                return self.servers.reclaimed(&link.server).await.map_err(|error| failed(&link.server, &error));
            }
        }
    }

    /// Handles messages in order until the link ends.
    async fn read(&self, link: &Arc<Link>, stream: &mut SplitStream<Socket>) -> Result<(), Error> {
        loop {
            let message = tokio::select! {
                // A newer link of the same server has replaced this one: no further message of this one counts.
                biased;
                () = link.closed.cancelled() => return Ok(()),
                message = next_within(link, stream) => message?,
            };
            let Some(message) = message else { return Ok(()) };
            self.handle(link, message).await?;
        }
    }
}

fn refusal_of(server: &ServerId, unmet: Unmet) -> Refusal {
    match unmet {
        Unmet::CookieUnknown => Refusal::new("COOKIE_UNKNOWN", "the cookie does not belong to this id: register again"),
        Unmet::StillLinked => Refusal::new("STILL_LINKED", "this id has an open link"),
        Unmet::Failed(error) => failed(server, &error),
    }
}

fn failed(server: &ServerId, error: &Error) -> Refusal {
    tracing::error!(%server, %error, "cannot accept a map server");
    Refusal::new("INTERNAL", "internal error: see the log of the sidecar")
}

async fn refuse(sink: &mut SplitSink<Socket, Message>, refusal: Refusal) {
    tracing::warn!(code = refusal.code, message = refusal.message, "map link refused");
    metrics::counter!("realmgate_map_links_refused_total", "code" => refusal.code).increment(1);
    let message = ToMap::Refused { code: refusal.code.to_owned(), message: refusal.message };
    // Whether the map server still reads this does not matter: the link ends either way.
    let _ = send(sink, &message).await;
    let _ = timeout(WRITE_DEADLINE, sink.close()).await;
}

/// The next message of a map server that answers pings; `None` at the end of the link.
async fn next_within(link: &Link, stream: &mut SplitStream<Socket>) -> Result<Option<FromMap>, Error> {
    loop {
        let frame = timeout(SILENCE, stream.next()).await;
        let frame = frame.map_err(|_| Error::new(ErrorCode::Timeout, "no message for 6 s"))?;
        link.heard.notify_waiters();
        match frame.transpose()? {
            None | Some(Message::Close(_)) => return Ok(None),
            Some(Message::Ping(_) | Message::Pong(_)) => {}
            Some(message) => return decode(message).map(Some),
        }
    }
}

/// The next message, without a time limit.
async fn next(stream: &mut SplitStream<Socket>) -> Option<Result<FromMap, Error>> {
    loop {
        match stream.next().await? {
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(message) => return Some(decode(message)),
            Err(fault) => return Some(Err(fault.into())),
        }
    }
}

fn decode(message: Message) -> Result<FromMap, Error> {
    let Message::Binary(bytes) = message else {
        return Err(Error::new(ErrorCode::BadMessage, "expected a binary message"));
    };
    decode_link(&bytes).map_err(|error| Error::new(ErrorCode::BadMessage, error.to_string()))
}

async fn send(sink: &mut SplitSink<Socket, Message>, message: &ToMap) -> Result<(), Error> {
    let bytes = encode_link(message).map_err(Error::internal)?;
    let written = timeout(WRITE_DEADLINE, sink.send(Message::Binary(bytes.into()))).await;
    written.map_err(|_| Error::from(ErrorCode::Timeout))?.map_err(Error::internal)
}

async fn send_ping(sink: &mut SplitSink<Socket, Message>) -> Result<(), Error> {
    let written = timeout(WRITE_DEADLINE, sink.send(Message::Ping(Default::default()))).await;
    written.map_err(|_| Error::from(ErrorCode::Timeout))?.map_err(Error::internal)
}

/// Writes what is queued, and pings, until the link ends.
async fn write(mut sink: SplitSink<Socket, Message>, mut outbound: mpsc::Receiver<ToMap>, link: Arc<Link>) {
    let closed = &link.closed;
    let mut pings = tokio::time::interval(PING_EVERY);
    loop {
        let written = tokio::select! {
            // What was queued before the end is still sent.
            biased;
            message = outbound.recv() => match message {
                Some(message) => send(&mut sink, &message).await,
                None => break,
            },
            () = closed.cancelled() => break,
            _ = pings.tick() => send_ping(&mut sink).await,
            () = link.ping.notified() => send_ping(&mut sink).await,
        };
        if let Err(error) = written {
            tracing::debug!(%error, "cannot write to a map link");
            break;
        }
    }
    closed.cancel();
    let bye = Message::Close(Some(CloseFrame { code: close_code::NORMAL, reason: "".into() }));
    let goodbye = async {
        // If the map server has closed first, this frame cannot be sent any more, and closing the sink answers its
        // close frame: that tells the map server that we have handled all it sent.
        let _ = sink.send(bye).await;
        let _ = sink.close().await;
    };
    let _ = timeout(WRITE_DEADLINE, goodbye).await;
}
