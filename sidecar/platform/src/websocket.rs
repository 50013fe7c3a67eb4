//! The server's side of WebSockets: every socket is opened here, within bounds.
//!
//! The library answers pings by itself, before we see them, and buffers what it cannot write. So that buffer is
//! bounded, and pings and pongs count against a limit that honest clients are far from. Where strangers may write, all
//! bytes count against a limit: nobody else sees the parts of a message that never ends.

mod goodbye;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use realmgate_protocol::limits::MAX_LINK_BYTES;
use tokio::time::Instant;

use crate::error::{Error, ErrorCode};
use crate::http::{Connection, Inflow};

/// The subprotocol that carries a browser's token beside it.
pub const BEARER: &str = "bearer";
/// The window in which control frames are counted.
const WINDOW: Duration = Duration::from_secs(10);
/// Bytes that may wait to be written beside one message: answers to pings.
const UNWRITTEN_BYTES: usize = 64 * 1_024;

/// The token in `Sec-WebSocket-Protocol: bearer, <token>`: browsers send no header of their own.
pub fn subprotocol_token(headers: &HeaderMap) -> Option<String> {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let mut offered = offered.flat_map(|value| value.split(',')).map(str::trim);
    offered.find(|name| name.eq_ignore_ascii_case(BEARER))?;
    offered.next().filter(|token| !token.is_empty()).map(str::to_owned)
}

/// Limits of what the other end of a WebSocket may cost us.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Its name in the metrics.
    name: &'static str,
    /// Maximum size of a message, and of a frame of one, in bytes.
    message: usize,
    /// Size of the read buffer in bytes. Allocated for every socket.
    read_buffer: usize,
    /// Maximum number of bytes that wait to be written.
    unwritten: usize,
    /// Maximum number of pings and pongs in ten seconds.
    control_frames: u32,
    /// Maximum number of bytes in ten seconds, of all kinds; `None` for a client that we trust.
    inflow: Option<u32>,
}

impl Bounds {
    /// Bounds for players.
    pub const GATEWAY: Self = Self {
        name: "gateway",
        message: 4 * 1_024,
        read_buffer: 4 * 1_024,
        unwritten: UNWRITTEN_BYTES,
        control_frames: 20,
        inflow: Some(1 << 20),
    };
    /// Bounds for realtime sockets of players.
    pub const REALTIME: Self = Self {
        name: "realtime",
        message: 128 * 1_024,
        read_buffer: 4 * 1_024,
        unwritten: UNWRITTEN_BYTES,
        control_frames: 20,
        inflow: Some(1 << 20),
    };
    /// Bounds for map servers, which have shown the service token.
    pub const MAP_LINK: Self = Self {
        name: "map_link",
        message: MAX_LINK_BYTES,
        read_buffer: 16 * 1_024,
        unwritten: MAX_LINK_BYTES + UNWRITTEN_BYTES,
        control_frames: 1_000,
        inflow: None,
    };
}

/// A request to open a WebSocket.
pub struct Upgrade {
    request: WebSocketUpgrade,
    inflow: Option<Arc<Inflow>>,
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let inflow = parts.extensions.get::<Connection>().map(|connection| connection.inflow.clone());
        Ok(Self { request: WebSocketUpgrade::from_request_parts(parts, state).await?, inflow })
    }
}

impl Upgrade {
    /// Selects a subprotocol that the client has offered.
    pub fn select(&mut self, protocol: HeaderValue) {
        self.request.set_selected_protocol(protocol);
    }

    /// Opens the socket and hands it to `serve`.
    pub fn open<F, Serving>(self, bounds: Bounds, serve: F) -> Response
    where
        F: FnOnce(Socket) -> Serving + Send + 'static,
        Serving: Future<Output = ()> + Send + 'static,
    {
        let Self { request, inflow } = self;
        let request = request
            .read_buffer_size(bounds.read_buffer)
            .write_buffer_size(0)
            .max_write_buffer_size(bounds.unwritten)
            .max_message_size(bounds.message)
            .max_frame_size(bounds.message);
        request.on_upgrade(move |socket| {
            if let (Some(inflow), Some(most)) = (inflow, bounds.inflow) {
                inflow.limit(most);
            }
            serve(Socket { inner: Box::new(socket), control: ControlFrames::new(bounds) })
        })
    }
}

/// An open WebSocket.
pub struct Socket {
    // A future has room for it in each function that it is handed through.
    inner: Box<WebSocket>,
    control: ControlFrames,
}

/// Why a socket yields nothing more.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The other end sends too many pings and pongs.
    #[error("too many control frames")]
    TooManyControlFrames,
    /// The socket broke, or the other end violates the protocol or our bounds.
    #[error(transparent)]
    Broken(#[from] axum::Error),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooManyControlFrames => Self::new(ErrorCode::RateLimited, "too many control frames"),
            Fault::Broken(error) => Self::internal(error),
        }
    }
}

impl Stream for Socket {
    type Item = Result<Message, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let received = ready!(self.inner.poll_next_unpin(context));
        Poll::Ready(received.map(|received| {
            let message = received?;
            if matches!(message, Message::Ping(_) | Message::Pong(_)) && !self.control.take(Instant::now()) {
                return Err(Fault::TooManyControlFrames);
            }
            Ok(message)
        }))
    }
}

impl Sink<Message> for Socket {
    type Error = axum::Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.inner.poll_ready_unpin(context)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        self.inner.start_send_unpin(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.inner.poll_flush_unpin(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.inner.poll_close_unpin(context)
    }
}

/// Counts pings and pongs together, in windows of ten seconds.
struct ControlFrames {
    name: &'static str,
    most: u32,
    counted: u32,
    since: Instant,
}

impl ControlFrames {
    fn new(bounds: Bounds) -> Self {
        Self { name: bounds.name, most: bounds.control_frames, counted: 0, since: Instant::now() }
    }

    /// Counts one more. Returns false if there are too many in this window.
    fn take(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= WINDOW {
            (self.since, self.counted) = (now, 0);
        }
        self.counted = self.counted.saturating_add(1);
        if self.counted == self.most.saturating_add(1) {
            metrics::counter!("realmgate_websockets_flooded_total", "socket" => self.name).increment(1);
        }
        self.counted <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_follows_bearer() {
        let token = |value: &str| {
            let value = value.parse().unwrap();
            subprotocol_token(&HeaderMap::from_iter([(header::SEC_WEBSOCKET_PROTOCOL, value)]))
        };
        assert_eq!(token("bearer, a.b.c"), Some("a.b.c".to_owned()));
        assert_eq!(token("bearer,a.b.c"), Some("a.b.c".to_owned()));
        assert_eq!(token("chat, Bearer, a.b.c, d.e.f"), Some("a.b.c".to_owned()));
        for none in ["bearer", "bearer,", "bearer, , a.b.c", "chat, a.b.c", "a.b.c, bearer"] {
            assert_eq!(token(none), None, "{none}");
        }
    }

    #[test]
    fn so_many_in_each_window_are_in_order() {
        let (mut control, mut now) = (ControlFrames::new(Bounds::GATEWAY), Instant::now());
        let window = Duration::from_secs(10);
        for _ in 0..3 {
            assert!((0..20).all(|_| control.take(now)));
            assert!(!control.take(now));
            assert!(!control.take(now + window - Duration::from_millis(1)), "it is the same window");
            now += window;
        }
    }
}
