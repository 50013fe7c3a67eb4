//! The Engine.IO client towards services: one WebSocket for each mirror.

use std::time::Duration;

use axum::http::uri::{PathAndQuery, Scheme};
use axum::http::{HeaderMap, Uri};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tower::{Service as _, ServiceExt};

use super::packet::{EnginePacket, Heartbeat, parse_engine};
use crate::dictionary::BaseUrl;

/// Size of the buffer for reading, in bytes. An idle socket keeps it.
const READ_BUFFER: usize = 4 * 1_024;
/// The longest head of a packet, in bytes, above the limit of its payload.
const HEAD_BYTES: usize = 256;
/// What may wait to be written besides one message, in bytes.
const WRITE_SLACK: usize = 64 * 1_024;
/// How long an orderly close may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// The stream below a WebSocket.
type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// Opens connections to services, with TLS to those of `https` URLs.
#[derive(Clone)]
pub(super) struct Connector(HttpsConnector<HttpConnector>);

/// An Engine.IO connection to a service, after its handshake.
pub(super) struct ServiceSocket {
    ws: WebSocketStream<Stream>,
    /// The longest time between two pings.
    ping_within: Duration,
    ping_until: Instant,
    /// A pong is written or flushed again after `receive` was cancelled.
    pong_due: bool,
    flush_due: bool,
    /// A packet is written in part: `send` was cancelled. No other packet may follow.
    is_torn: bool,
}

/// A message of a service.
#[derive(Debug)]
pub(super) enum Received {
    /// A Socket.IO packet.
    Text(Text),
    /// An attachment.
    Binary(Bytes),
}

/// The text of a message, after its Engine.IO type.
#[derive(Debug)]
pub(super) struct Text(Utf8Bytes);

/// Why a service's socket has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The connection was closed or has failed.
    Closed,
    /// A ping did not come in time, or the service does not read.
    Timeout,
    /// A message was larger than the limit.
    TooLarge,
    /// A message was not of the protocol.
    Fault,
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.0[1..]
    }
}

impl From<WsError> for Lost {
    fn from(error: WsError) -> Self {
        match error {
            WsError::Capacity(_) => Self::TooLarge,
            // What a service that dies leaves behind, and what a socket that is closing refuses to send.
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
                Self::Closed
            }
            WsError::Protocol(_) | WsError::Utf8(_) => Self::Fault,
            _ => Self::Closed,
        }
    }
}

impl Connector {
    pub(super) fn new(tls: rustls::ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp))
    }

    /// A connection to this URL.
    async fn open(&self, base: &BaseUrl, within: Duration) -> Result<Stream, Lost> {
        let uri = uri(base.scheme.as_str(), base, "/")?;
        let mut connector = self.0.clone();
        let connected = timeout(within, async { connector.ready().await?.call(uri).await }).await;
        connected.map_err(|_| Lost::Timeout)?.map(TokioIo::new).map_err(|_| Lost::Closed)
    }
}

fn uri(scheme: &str, base: &BaseUrl, path: &str) -> Result<Uri, Lost> {
    let path = PathAndQuery::try_from(path).map_err(|_| Lost::Fault)?;
    let builder = Uri::builder().scheme(scheme).authority(base.authority.clone());
    builder.path_and_query(path).build().map_err(|_| Lost::Fault)
}

/// Where and how a socket is opened.
pub(super) struct Target<'a> {
    pub(super) base: &'a BaseUrl,
    /// The path of the service's Engine.IO, below the base URL.
    pub(super) path: &'a str,
    pub(super) headers: HeaderMap,
    /// How long connecting may take.
    pub(super) connect_within: Duration,
    /// When the handshake must be complete.
    pub(super) until: Instant,
    /// Maximum size of a message, in bytes.
    pub(super) max_bytes: usize,
}

impl ServiceSocket {
    /// Opens a socket: connection, WebSocket, Engine.IO handshake.
    pub(super) async fn connect(connector: &Connector, target: Target<'_>) -> Result<Self, Lost> {
        let until = target.until;
        timeout_at(until, Self::open(connector, target)).await.map_err(|_| Lost::Timeout)?
    }

    async fn open(connector: &Connector, target: Target<'_>) -> Result<Self, Lost> {
        let stream = connector.open(target.base, target.connect_within).await?;
        let path = format!("{}{}?EIO=4&transport=websocket", target.base.path, target.path);
        let scheme = if target.base.scheme == Scheme::HTTPS { "wss" } else { "ws" };
        let mut request = uri(scheme, target.base, &path)?.into_client_request()?;
        request.headers_mut().extend(target.headers);
        let max_bytes = target.max_bytes.saturating_add(HEAD_BYTES);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(max_bytes.saturating_mul(2).saturating_add(WRITE_SLACK))
            .max_message_size(Some(max_bytes))
            .max_frame_size(Some(max_bytes));
        let (mut ws, _) = client_async_with_config(request, stream, Some(config)).await?;
        let Some(Message::Text(text)) = ws.next().await.transpose()? else { return Err(Lost::Fault) };
        let Ok(EnginePacket::Open(Heartbeat { interval, timeout })) = parse_engine(&text) else {
            return Err(Lost::Fault);
        };
        let ping_within = interval + timeout;
        let ping_until = Instant::now() + ping_within;
        Ok(Self { ws, ping_within, ping_until, pong_due: false, flush_due: false, is_torn: false })
    }

    /// The next message; pings are answered here. Cancelling loses nothing.
    pub(super) async fn receive(&mut self) -> Result<Received, Lost> {
        loop {
            self.answer_ping().await?;
            let next = timeout_at(self.ping_until, self.ws.next()).await.map_err(|_| Lost::Timeout)?;
            match next.ok_or(Lost::Closed)?? {
                Message::Text(text) => match parse_engine(&text).map_err(|_| Lost::Fault)? {
                    EnginePacket::Message(_) => return Ok(Received::Text(Text(text))),
                    EnginePacket::Ping => {
                        self.ping_until = Instant::now() + self.ping_within;
                        self.pong_due = true;
                    }
                    EnginePacket::Close => return Err(Lost::Closed),
                    EnginePacket::Noop => {}
                    EnginePacket::Open(_) => return Err(Lost::Fault),
                },
                Message::Binary(bytes) => return Ok(Received::Binary(bytes)),
                Message::Close(_) => return Err(Lost::Closed),
                _ => {}
            }
        }
    }

    async fn answer_ping(&mut self) -> Result<(), Lost> {
        if self.pong_due {
            timeout_at(self.ping_until, self.ws.feed(Message::Text("3".into()))).await.map_err(|_| Lost::Timeout)??;
            (self.pong_due, self.flush_due) = (false, true);
        }
        if self.flush_due {
            timeout_at(self.ping_until, self.ws.flush()).await.map_err(|_| Lost::Timeout)??;
            self.flush_due = false;
        }
        Ok(())
    }

    /// Writes an Engine.IO text and the attachments that follow it, within this time.
    pub(super) async fn send(&mut self, text: String, attachments: Vec<Bytes>, within: Duration) -> Result<(), Lost> {
        if std::mem::replace(&mut self.is_torn, true) {
            return Err(Lost::Closed);
        }
        let writing = async {
            self.ws.feed(Message::Text(text.into())).await?;
            for attachment in attachments {
                self.ws.feed(Message::Binary(attachment)).await?;
            }
            self.ws.flush().await
        };
        timeout(within, writing).await.map_err(|_| Lost::Timeout)??;
        self.is_torn = false;
        Ok(())
    }

    /// Closes the connection, after `last` if there is such a text.
    pub(super) async fn close(mut self, last: Option<String>) {
        let closing = async {
            if let Some(text) = last.filter(|_| !self.is_torn) {
                self.ws.feed(Message::Text(text.into())).await?;
            }
            self.ws.close(None).await?;
            // What is unread would reset the connection, and with it what the service has not read yet.
            while let Some(message) = self.ws.next().await {
                message?;
            }
            Ok::<_, WsError>(())
        };
        // The connection is dropped either way.
        let _ = timeout(CLOSE_WITHIN, closing).await;
    }
}
