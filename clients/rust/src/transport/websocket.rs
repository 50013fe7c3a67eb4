//! A connection on a WebSocket: for networks that let no UDP through.

use std::io::ErrorKind;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::poll_fn;
use futures_util::{FutureExt, Sink, SinkExt, StreamExt};
use realmgate_protocol::limits::MAX_PAYLOAD_BYTES;
use realmgate_protocol::wire::datagram::ClientFrame;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::flow::{FAREWELL_WITHIN, Flow, TRY_AGAIN_LATER};
use super::payloads::Incoming;
use super::{CloseReason, Traffic};
use crate::clock::Clock;

/// Maximum number of messages taken at once, so that a flood cannot delay the caller's tick.
const MAX_BURST: usize = 256;
/// Bytes that are read at once.
const READ_BYTES: usize = 8 << 10;

/// A connection on a WebSocket.
#[derive(Debug)]
pub struct WebSocketTransport {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    flow: Flow,
}

impl WebSocketTransport {
    /// Connects to the URL of an admission, and shows its ticket. Whether the server takes that shows later.
    ///
    /// # Errors
    /// [`CloseReason::TimedOut`] when no WebSocket is open within `give_up_after`, [`CloseReason::Socket`] when the
    /// socket fails, and [`CloseReason::Denied`] when the server answers with anything but a WebSocket.
    pub async fn connect(
        url: &str,
        ticket: Vec<u8>,
        clock: Clock,
        give_up_after: Duration,
    ) -> Result<Self, CloseReason> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_PAYLOAD_BYTES))
            .max_frame_size(Some(MAX_PAYLOAD_BYTES));
        let opening = async {
            let (mut socket, _) = connect_async_with_config(url, Some(config), true).await?;
            socket.send(Message::Binary(ticket.into())).await?;
            Ok(socket)
        };
        let opened = tokio::time::timeout(give_up_after, opening).await.map_err(|_| CloseReason::TimedOut)?;
        let socket = opened.map_err(|error| reason_of(&error))?;
        Ok(Self { socket, flow: Flow::new(clock) })
    }

    /// Waits for messages and takes all that are there. Cancel safe.
    ///
    /// # Errors
    /// The [`CloseReason`], once the connection has ended.
    pub async fn receive(&mut self) -> Result<(), CloseReason> {
        if self.flow.end.is_none() {
            let received = self.socket.next().await;
            self.take(received);
        }
        self.take_arrived()
    }

    /// Takes the messages that have arrived, without waiting.
    ///
    /// # Errors
    /// The [`CloseReason`], once the connection has ended.
    pub fn take_arrived(&mut self) -> Result<(), CloseReason> {
        for _ in 0..MAX_BURST {
            if self.flow.end.is_some() {
                break;
            }
            let Some(received) = self.socket.next().now_or_never() else { break };
            self.take(received);
        }
        self.flow.outcome()
    }

    /// The next received frame or message.
    pub fn next_incoming(&mut self) -> Option<Incoming> {
        self.flow.payloads.next_incoming()
    }

    /// Queues a reliable message, which is sent with the next [`Self::finish_tick`].
    ///
    /// # Errors
    /// [`CloseReason::Queue`] when the message is empty or too long, or the queue is full.
    pub fn send_message(&mut self, message: Vec<u8>) -> Result<(), CloseReason> {
        Ok(self.flow.payloads.queue(message)?)
    }

    /// Ends a client tick: sends the frame, if there is one, and the due reliable messages. While the socket does not
    /// take what was sent before, nothing is: later ticks repeat commands, and messages wait.
    ///
    /// # Errors
    /// The [`CloseReason`], once the connection has ended.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>) -> Result<(), CloseReason> {
        self.flow.advance()?;
        let ready = poll_fn(|context| Pin::new(&mut self.socket).poll_ready(context)).now_or_never();
        let sent = ready.map_or(Ok(()), |ready| ready.and_then(|()| self.send(frame)));
        self.note(sent);
        self.flow.outcome()
    }

    /// Why the connection ended, once it has.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.flow.end.clone()
    }

    /// The traffic so far, without what WebSocket, TLS and TCP add.
    pub fn traffic(&self) -> Traffic {
        self.flow.traffic
    }

    /// Whether every sent message has been acknowledged.
    pub fn is_all_acknowledged(&self) -> bool {
        self.flow.payloads.is_all_acknowledged()
    }

    /// Says goodbye and closes the socket; within a runtime, when the server has heard it.
    pub fn close(mut self) -> Traffic {
        let traffic = self.flow.traffic;
        if self.flow.end.is_none() && self.socket.close(None).now_or_never().is_none_or(|closed| closed.is_ok()) {
            let mut socket = self.socket;
            let waiting = async move { while let Some(Ok(_)) = socket.next().await {} };
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async { tokio::time::timeout(FAREWELL_WITHIN, waiting).await });
            }
        }
        traffic
    }

    fn send(&mut self, frame: Option<&ClientFrame>) -> Result<(), Error> {
        let Self { socket, flow } = self;
        let mut sent = Ok(());
        flow.compose(frame, |payload| {
            if sent.is_ok() {
                sent = Pin::new(&mut *socket).start_send(Message::Binary(payload.to_vec().into()));
            }
        });
        sent?;
        socket.flush().now_or_never().unwrap_or(Ok(()))
    }

    fn take(&mut self, received: Option<Result<Message, Error>>) {
        self.flow.heard();
        match received {
            Some(Ok(Message::Binary(payload))) => self.flow.take(&payload),
            Some(Ok(Message::Text(_) | Message::Frame(_))) => self.flow.traffic.bad_datagrams += 1,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(frame))) => {
                let is_denied = frame.is_some_and(|frame| u16::from(frame.code) == TRY_AGAIN_LATER);
                let reason = if is_denied { CloseReason::Denied } else { CloseReason::ByServer };
                self.flow.ends(reason);
                // The answer to it goes out as far as the socket takes it.
                let _ = self.socket.flush().now_or_never();
            }
            Some(Err(error)) => self.note(Err(error)),
            None => self.flow.ends(CloseReason::ByServer),
        }
    }

    fn note(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.flow.ends(reason_of(&error));
        }
    }
}

fn reason_of(error: &Error) -> CloseReason {
    match error {
        Error::Io(error) if error.kind() == ErrorKind::ConnectionReset => CloseReason::ByServer,
        Error::Io(error) => CloseReason::Socket(error.kind()),
        Error::Http(_) => CloseReason::Denied,
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_) => CloseReason::ByServer,
        _ => CloseReason::Socket(ErrorKind::InvalidData),
    }
}

#[cfg(test)]
mod tests;
