//! A connection on a UDP socket of its own.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use realmgate_protocol::wire::datagram::ClientFrame;
use renetcode::{ConnectToken, NETCODE_MAX_PACKET_BYTES};
use tokio::net::UdpSocket;

use super::connection::{CloseReason, Connection, Framing, Traffic};
use super::payloads::Incoming;
use crate::clock::Clock;

/// Interval between checks for due packets, while the connection waits to be accepted.
const HANDSHAKE_STEP: Duration = Duration::from_millis(50);
/// Maximum number of datagrams taken at once, so that a flood cannot delay the caller's tick.
const MAX_BURST: usize = 256;

/// A [`Connection`] on a UDP socket.
#[derive(Debug)]
pub struct UdpTransport {
    socket: UdpSocket,
    connection: Connection,
    clock: Clock,
    advanced_to: Duration,
}

impl UdpTransport {
    /// Connects from a fresh socket.
    ///
    /// The server may have accepted in a datagram that was lost. Another try with the same ticket would be refused, so
    /// the caller must get another ticket.
    ///
    /// # Errors
    /// [`CloseReason::TimedOut`] when the server has not accepted within `give_up_after`, [`CloseReason::Token`] for an
    /// unusable token, [`CloseReason::Socket`] when the socket fails, or the reason for which the connection was
    /// closed.
    pub async fn connect(token: ConnectToken, clock: Clock, give_up_after: Duration) -> Result<Self, CloseReason> {
        Self::connect_through(token, Framing::Own, None, clock, give_up_after).await
    }

    /// As [`Self::connect`], with another framing, or at an address that stands before the one in the token.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_through(
        token: ConnectToken,
        framing: Framing,
        through: Option<SocketAddr>,
        clock: Clock,
        give_up_after: Duration,
    ) -> Result<Self, CloseReason> {
        let connection = Connection::new(token, framing)?;
        let server = through.unwrap_or_else(|| connection.server());
        let socket = open(server).await.map_err(|error| CloseReason::Socket(error.kind()))?;
        let started = clock.now();
        let mut transport = Self { socket, connection, clock, advanced_to: started };
        while !transport.connection.is_connected() {
            transport.advance();
            if let Some(reason) = transport.connection.close_reason() {
                return Err(reason);
            }
            if clock.now() - started >= give_up_after {
                return Err(CloseReason::TimedOut);
            }
            transport.flush();
            let _ = tokio::time::timeout(HANDSHAKE_STEP, transport.receive()).await;
        }
        Ok(transport)
    }

    /// Waits for datagrams and takes all that are there. Cancel safe.
    ///
    /// # Errors
    /// [`CloseReason::Socket`] when the socket fails.
    pub async fn receive(&mut self) -> Result<(), CloseReason> {
        self.socket.readable().await.map_err(|error| CloseReason::Socket(error.kind()))?;
        self.take_arrived()
    }

    /// Takes the datagrams that have arrived, without waiting.
    ///
    /// # Errors
    /// [`CloseReason::Socket`] when the socket fails.
    pub fn take_arrived(&mut self) -> Result<(), CloseReason> {
        let mut buffer = [0; NETCODE_MAX_PACKET_BYTES + 1];
        for _ in 0..MAX_BURST {
            match self.socket.try_recv(&mut buffer) {
                Ok(length) => self.connection.receive(&mut buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // Caused by an ICMP message about the other end. It may be starting up, so the timeouts decide.
                Err(error) if is_passing(error.kind()) => {}
                Err(error) => return Err(CloseReason::Socket(error.kind())),
            }
        }
        Ok(())
    }

    /// The next received frame or message.
    pub fn next_incoming(&mut self) -> Option<Incoming> {
        self.connection.next_incoming()
    }

    /// Queues a reliable message, which is sent with the next [`Self::finish_tick`].
    ///
    /// # Errors
    /// [`CloseReason::Queue`] when the message is empty or too long, or the queue is full.
    pub fn send_message(&mut self, message: Vec<u8>) -> Result<(), CloseReason> {
        self.connection.send_message(message)
    }

    /// Ends a client tick: sends the frame, if there is one, the due reliable messages and netcode's own packets. There
    /// is no frame before entering the world and while leaving it.
    ///
    /// # Errors
    /// The [`CloseReason`], once the connection has ended.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>) -> Result<(), CloseReason> {
        self.connection.send_tick(frame);
        self.advance();
        self.flush();
        self.connection.close_reason().map_or(Ok(()), Err)
    }

    /// Why the connection ended, once it has.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.connection.close_reason()
    }

    /// The traffic so far.
    pub fn traffic(&self) -> Traffic {
        self.connection.traffic()
    }

    /// Whether every sent message has been acknowledged.
    pub fn is_all_acknowledged(&self) -> bool {
        self.connection.is_all_acknowledged()
    }

    /// Sends the disconnect packets and closes the socket.
    pub fn close(mut self) -> Traffic {
        self.connection.disconnect();
        self.flush();
        self.connection.traffic()
    }

    fn advance(&mut self) {
        let now = self.clock.now();
        self.connection.advance(now - self.advanced_to);
        self.advanced_to = now;
    }

    fn flush(&mut self) {
        for datagram in self.connection.take_outgoing() {
            // A full send buffer loses the datagram, as the network may. The layers above handle that.
            let _ = self.socket.try_send(&datagram);
        }
    }
}

async fn open(server: SocketAddr) -> std::io::Result<UdpSocket> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // Connected, so that the kernel drops datagrams from anyone else.
    socket.connect(server).await?;
    // Otherwise the first try_send would find a socket whose readiness was never polled.
    socket.writable().await?;
    Ok(socket)
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
        || matches!(kind, ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable)
}
