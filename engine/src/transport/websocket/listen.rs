//! Accepts connections and makes WebSockets of them.

use std::io::{Error, ErrorKind};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use realmgate_protocol::limits::MAX_PAYLOAD_BYTES;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::paced::Paced;
use super::upgrade::upgrade;
use super::{AllowsOrigin, socket, task};
use crate::transport::refusal::PacketRefusal;
use crate::transport::tasks::{Network, Stranger};

/// Time to become a WebSocket, with the TLS handshake.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);
/// How long to wait after a failed accept, as when the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// Bytes that are read at once. Allocated for every WebSocket.
const READ_BYTES: usize = 2 << 10;
/// Bytes that may wait in the library: a payload, and answers to pings.
const UNWRITTEN_BYTES: usize = 2 * MAX_PAYLOAD_BYTES;
/// Bytes of plain text that may wait to be encrypted.
const UNENCRYPTED_BYTES: usize = 4 << 10;

/// What makes a WebSocket of a connection.
pub(super) struct Door {
    pub(super) network: Rc<Network>,
    pub(super) allows_origin: AllowsOrigin,
    pub(super) tls: Option<TlsAcceptor>,
}

/// Accepts until it is dropped. Every socket is a task of its own.
pub(super) async fn accept(listener: std::net::TcpListener, door: Door) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "cannot register the WebSocket listener"),
    };
    let door = Rc::new(door);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => greet(stream, peer.ip(), &door),
            // The peer was gone before we accepted it: that is no reason to keep others waiting.
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_the_peer(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}

fn greet(stream: TcpStream, source: IpAddr, door: &Rc<Door>) {
    let network = &door.network;
    let stranger = match network.strangers.admit(source, network.now()) {
        Ok(stranger) => stranger,
        Err(reason) => return network.refuse(reason),
    };
    // Fails only if the peer is gone already, which the first read will report.
    let _ = socket::prepare(&stream);
    let (door, makes_way) = (door.clone(), stranger.makes_way());
    tokio::task::spawn_local(async move {
        tokio::select! {
            // Whoever has shown a ticket meanwhile stays.
            biased;
            () = open(Paced::new(stream), &door, stranger) => {}
            () = makes_way.told() => door.network.refuse(PacketRefusal::PendingFull),
        }
    });
}

async fn open(stream: Paced, door: &Door, stranger: Stranger) {
    let by = Instant::now() + UPGRADE_WITHIN;
    let Some(tls) = &door.tls else {
        return open_over(stream, by, door, stranger).await;
    };
    match timeout_at(by, tls.accept(stream)).await {
        Ok(Ok(mut stream)) => {
            stream.get_mut().1.set_buffer_limit(Some(UNENCRYPTED_BYTES));
            open_over(stream, by, door, stranger).await;
        }
        Ok(Err(_)) | Err(_) => door.network.refuse(PacketRefusal::Upgrade),
    }
}

async fn open_over<S>(mut stream: S, by: Instant, door: &Door, stranger: Stranger)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let rest = match timeout_at(by, upgrade(&mut stream, &door.allows_origin)).await {
        Ok(Ok(rest)) => rest,
        Ok(Err(error)) => {
            tracing::debug!(%error, "WebSocket upgrade failed");
            return door.network.refuse(error.reason());
        }
        Err(_) => return door.network.refuse(PacketRefusal::Upgrade),
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(UNWRITTEN_BYTES)
        .max_message_size(Some(MAX_PAYLOAD_BYTES))
        .max_frame_size(Some(MAX_PAYLOAD_BYTES));
    let socket = WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(config)).await;
    task::serve(socket, door.network.clone(), stranger).await;
}
