//! A connection over whichever transport was chosen.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::wire::datagram::ClientFrame;
use renetcode::ConnectToken;

use super::payloads::Incoming;
use super::{CloseReason, Door, Framing, Traffic, UdpTransport, WebSocketTransport, WebTransport};
use crate::clock::Clock;

/// What carries payloads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Carrier {
    /// netcode over UDP.
    #[default]
    Udp,
    /// netcode over UDP, with payloads that stock renet frames.
    Renet,
    /// A WebSocket.
    WebSocket,
    /// A WebTransport session.
    WebTransport,
}

impl Carrier {
    /// The framing of payloads over UDP.
    pub fn framing(self) -> Framing {
        if self == Self::Renet { Framing::Renet } else { Framing::Own }
    }
}

/// A connection that is open.
#[derive(Debug)]
pub enum Transport {
    /// Over UDP.
    Udp(Box<UdpTransport>),
    /// Over a WebSocket.
    WebSocket(Box<WebSocketTransport>),
    /// Over WebTransport.
    WebTransport(Box<WebTransport>),
}

/// Does the same with any.
macro_rules! each {
    ($transport:expr, $inner:ident => $act:expr) => {
        match $transport {
            Transport::Udp($inner) => $act,
            Transport::WebSocket($inner) => $act,
            Transport::WebTransport($inner) => $act,
        }
    };
}

impl Transport {
    /// Connects over UDP, at the address in the token or at one that stands before it.
    ///
    /// # Errors
    /// As [`UdpTransport::connect`].
    pub async fn udp(
        token: ConnectToken,
        framing: Framing,
        through: Option<SocketAddr>,
        clock: Clock,
        give_up_after: Duration,
    ) -> Result<Self, CloseReason> {
        let transport = UdpTransport::connect_through(token, framing, through, clock, give_up_after).await?;
        Ok(Self::Udp(Box::new(transport)))
    }

    /// Connects by WebSocket.
    ///
    /// # Errors
    /// As [`WebSocketTransport::connect`].
    pub async fn websocket(
        url: &str,
        ticket: Vec<u8>,
        clock: Clock,
        give_up_after: Duration,
    ) -> Result<Self, CloseReason> {
        Ok(Self::WebSocket(Box::new(WebSocketTransport::connect(url, ticket, clock, give_up_after).await?)))
    }

    /// Connects by WebTransport.
    ///
    /// # Errors
    /// As [`WebTransport::connect`].
    pub async fn webtransport(
        door: &Door,
        ticket: &[u8],
        clock: Clock,
        give_up_after: Duration,
    ) -> Result<Self, CloseReason> {
        Ok(Self::WebTransport(Box::new(WebTransport::connect(door, ticket, clock, give_up_after).await?)))
    }

    /// Waits for something and takes all that is there. Cancel safe.
    ///
    /// # Errors
    /// The [`CloseReason`] when the socket fails; of the others also once it has ended.
    pub async fn receive(&mut self) -> Result<(), CloseReason> {
        each!(self, inner => inner.receive().await)
    }

    /// Takes what has arrived, without waiting.
    ///
    /// # Errors
    /// As [`Self::receive`].
    pub fn take_arrived(&mut self) -> Result<(), CloseReason> {
        each!(self, inner => inner.take_arrived())
    }

    /// The next received frame or message.
    pub fn next_incoming(&mut self) -> Option<Incoming> {
        each!(self, inner => inner.next_incoming())
    }

    /// Queues a reliable message, which is sent with the next [`Self::finish_tick`].
    ///
    /// # Errors
    /// [`CloseReason::Queue`] when the message is empty or too long, or the queue is full.
    pub fn send_message(&mut self, message: Vec<u8>) -> Result<(), CloseReason> {
        each!(self, inner => inner.send_message(message))
    }

    /// Ends a client tick: sends the frame, if there is one, and the due reliable messages. There is none before
    /// entering the world and while leaving it.
    ///
    /// # Errors
    /// The [`CloseReason`], once the connection has ended.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>) -> Result<(), CloseReason> {
        each!(self, inner => inner.finish_tick(frame))
    }

    /// Why the connection ended, once it has.
    pub fn close_reason(&self) -> Option<CloseReason> {
        each!(self, inner => inner.close_reason())
    }

    /// The traffic so far.
    pub fn traffic(&self) -> Traffic {
        each!(self, inner => inner.traffic())
    }

    /// Whether every sent message has been acknowledged.
    pub fn is_all_acknowledged(&self) -> bool {
        each!(self, inner => inner.is_all_acknowledged())
    }

    /// Says goodbye and closes the socket.
    pub fn close(self) -> Traffic {
        each!(self, inner => inner.close())
    }
}
