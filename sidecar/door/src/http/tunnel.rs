//! WebSockets through the door: after the handshake, bytes pass unread in both directions.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use realmgate_platform::background::Background;
use realmgate_platform::error::Error;
use realmgate_platform::http::Connection;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::time::{Instant, interval};

use super::body::AnswerBody;
use super::forward::{self, Outgoing};
use super::headers;
use crate::access::Seat;
use crate::upstream::Upstream;

/// Size of a tunnel's buffer in each direction, in bytes.
const BUFFER_BYTES: usize = 4 * 1_024;
/// Maximum number of bytes that a client may send in ten seconds, as on our own sockets.
const MAX_INFLOW: u32 = 1 << 20;

/// Whether a request asks for a WebSocket. Other upgrades are not passed on.
pub(super) fn is_websocket(request: &Request) -> bool {
    let lists = |name, token: &str| {
        let lines = request.headers().get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|listed| listed.trim().eq_ignore_ascii_case(token))
    };
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && lists(CONNECTION, "upgrade")
        && lists(UPGRADE, "websocket")
}

/// Opens a WebSocket at a service and connects it to the client's.
///
/// # Errors
/// As [`forward::forward`].
pub(super) async fn open(
    upstream: &Arc<Upstream>,
    mut outgoing: Outgoing,
    mut request: Request,
    seat: Option<Seat>,
    background: &Background,
) -> Result<Response<Body>, Error> {
    let permit = upstream.sockets.clone().try_acquire_owned().map_err(|_| forward::unavailable(upstream, "full"))?;
    let inflow = request.extensions().get::<Connection>().map(|connection| connection.inflow.clone());
    let client = hyper::upgrade::on(&mut request);
    ask_for_upgrade(&mut outgoing.headers);
    let (chosen, mut answer) = forward::handshake(upstream, &outgoing).await?;
    if answer.status().is_success() {
        // A page, which the rules for sockets do not protect.
        return Err(forward::unreachable(upstream, "answer"));
    }
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        // The service refuses: its answer says why.
        let (mut head, body) = answer.into_parts();
        headers::rewrite_response(&mut head.headers, &upstream.service, upstream.url(chosen));
        let body = AnswerBody::new(body, upstream.service.limits.idle, None, permit);
        return Ok(Response::from_parts(head, Body::new(body)));
    }
    let service = hyper::upgrade::on(&mut answer);
    let (mut head, _) = answer.into_parts();
    headers::rewrite_response(&mut head.headers, &upstream.service, upstream.url(chosen));
    ask_for_upgrade(&mut head.headers);
    if let Some(inflow) = inflow {
        inflow.limit(MAX_INFLOW);
    }
    let (upstream, shutdown) = (upstream.clone(), background.shutdown.clone());
    background.tasks.spawn(async move {
        let gauge = metrics::gauge!("realmgate_door_sockets", "service" => upstream.service.name.clone());
        gauge.increment(1.0);
        let reason = tokio::select! {
            reason = connect(client, service, upstream.service.limits.idle) => reason,
            () = ended(seat.as_ref()) => "logged_out",
            () = shutdown.cancelled() => "shutdown",
        };
        gauge.decrement(1.0);
        let closed = metrics::counter!("realmgate_door_sockets_closed_total", "service" => upstream.service.name.clone(), "reason" => reason);
        closed.increment(1);
        drop((seat, permit));
    });
    Ok(Response::from_parts(head, Body::empty()))
}

fn ask_for_upgrade(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

async fn ended(seat: Option<&Seat>) {
    match seat {
        Some(seat) => seat.ended().await,
        None => std::future::pending().await,
    }
}

/// Passes bytes both ways until one side closes or nothing passes for `idle`. Returns why it ended.
async fn connect(client: OnUpgrade, service: OnUpgrade, idle: Duration) -> &'static str {
    let (Ok(client), Ok(service)) = tokio::join!(client, service) else { return "broken" };
    let ((client_read, client_write), (service_read, service_write)) =
        (split(TokioIo::new(client)), split(TokioIo::new(service)));
    let activity = Activity { begun: Instant::now(), last_ms: AtomicU64::new(0) };
    tokio::select! {
        _ = pass(client_read, service_write, &activity) => "client",
        _ = pass(service_read, client_write, &activity) => "service",
        () = activity.idle_for(idle) => "idle",
    }
}

/// Passes bytes on until the reader's end. A WebSocket ends with a close frame both ways, so no half stays open for longer.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    activity: &Activity,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match from.read(&mut buffer).await? {
            0 => return to.shutdown().await,
            bytes => to.write_all(&buffer[..bytes]).await?,
        }
        to.flush().await?;
        activity.note();
    }
}

/// When something last passed.
struct Activity {
    begun: Instant,
    last_ms: AtomicU64,
}

impl Activity {
    fn note(&self) {
        self.last_ms.store(self.elapsed_ms(), Ordering::Relaxed);
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn idle_for(&self, most: Duration) {
        let most_ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        let mut beats = interval((most / 4).max(Duration::from_millis(10)));
        loop {
            beats.tick().await;
            if self.elapsed_ms().saturating_sub(self.last_ms.load(Ordering::Relaxed)) >= most_ms {
                return;
            }
        }
    }
}
