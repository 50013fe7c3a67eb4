//! The Socket.IO relay: for each client and namespace a mirror socket at the service of that namespace.
//!
//! Towards clients the transport is engineioxide (long-polling, WebSocket, and the upgrade between them), towards
//! services a WebSocket of our own (`service_socket`). The relay interprets CONNECT, CONNECT_ERROR and DISCONNECT.
//! Events, acknowledgements and attachments pass in order, with another namespace in their head ([`packet`]) and no
//! other change.
//!
//! Every queue is bounded. A client or a service that does not read loses its own mirrors (`mirror`), and no others.

mod connection;
mod flow;
mod handler;
mod head;
mod identity;
mod measures;
mod mirror;
mod opening;
pub mod packet;
mod recovery;
mod refusal;
mod service_socket;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use axum::Router;
use engineioxide::config::EngineIoConfig;
use engineioxide::service::EngineIoService;
use tokio_util::sync::CancellationToken;
use tower::util::MapRequestLayer;

use crate::access::Access;
use crate::dictionary::Service;
use connection::CLIENT_QUEUE;
use flow::InflowLimit;
use measures::Measures;
use recovery::Pids;
use service_socket::Connector;

pub use connection::Connection;

/// The path of Engine.IO at the door.
pub const PATH: &str = "/socket.io";
/// Size of the buffer for reading of a client's WebSocket, in bytes. An idle one keeps it.
const READ_BUFFER: usize = 4 * 1_024;
/// The longest head of a packet, in bytes.
const HEAD_BYTES: usize = 256;

/// The service of a namespace at the door, by the dictionary that is in force now.
pub type FindService = dyn Fn(&str) -> Option<Arc<Service>> + Send + Sync;

/// Limits and times of the relay.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The largest `max_packet_bytes` of all services, in bytes.
    pub max_packet_bytes: usize,
    /// The time between two pings to a client.
    pub ping_interval: Duration,
    /// How long a client may take to answer a ping.
    pub ping_timeout: Duration,
    /// Maximum number of connections. With long-polling a client holds one without an open socket, so no limit of sockets counts it.
    pub max_connections: usize,
    /// How long a connection may have joined no namespace.
    pub join_within: Duration,
    /// How long a full queue of a client, or a service that does not read, is waited for.
    pub slow_after: Duration,
    /// Maximum number of messages of a client in 10 s. An attachment counts as one, CONNECT as ten.
    pub inflow_messages: usize,
    /// Maximum number of bytes of a client in 10 s, above one packet of the maximum size.
    pub inflow_bytes: usize,
    /// Maximum number of bytes that wait for a client, except for a single packet.
    pub outflow_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_packet_bytes: 1 << 20,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_connections: 16_384,
            join_within: Duration::from_secs(45),
            slow_after: Duration::from_secs(5),
            inflow_messages: 600,
            inflow_bytes: 1 << 20,
            outflow_bytes: 2 << 20,
        }
    }
}

/// What a relay is made of.
pub struct Parts {
    /// Checks tokens.
    pub access: Arc<Access>,
    /// Finds services.
    pub services: Box<FindService>,
    /// TLS towards services of `https` URLs, without ALPN protocols.
    pub tls: rustls::ClientConfig,
    /// Signs the session ids of connection-state recovery. All replicas have the same key.
    pub pid_key: [u8; 32],
    /// Limits and times.
    pub settings: Settings,
    /// Closes all connections.
    pub shutdown: CancellationToken,
}

/// Relays between clients and services.
pub struct Relay {
    access: Arc<Access>,
    services: Box<FindService>,
    connector: Connector,
    pids: Pids,
    settings: Settings,
    measures: Measures,
    /// Connections that are open.
    connections: AtomicUsize,
    shutdown: CancellationToken,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Relay {
    /// A relay without connections.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { access, services, tls, pid_key, settings, shutdown } = parts;
        let (connector, pids) = (Connector::new(tls), Pids::new(pid_key));
        let (measures, connections) = (Measures::default(), AtomicUsize::new(0));
        Arc::new(Self { access, services, connector, pids, settings, measures, connections, shutdown })
    }

    const fn inflow_limit(&self) -> InflowLimit {
        let Settings { inflow_messages, inflow_bytes, max_packet_bytes, .. } = self.settings;
        InflowLimit { messages: inflow_messages, bytes: inflow_bytes.saturating_add(max_packet_bytes) }
    }
}

/// The routes of a relay: everything at [`PATH`]. Merge them into a router at its root.
pub fn service(relay: Arc<Relay>) -> Router {
    let max_message = relay.settings.max_packet_bytes.saturating_add(HEAD_BYTES);
    // Long-polling sends attachments as base64, and an acknowledgement may follow in the same payload.
    let max_payload = max_message.div_ceil(3).saturating_mul(4).saturating_add(HEAD_BYTES);
    let config = EngineIoConfig::builder()
        .req_path(PATH)
        .ping_interval(relay.settings.ping_interval)
        .ping_timeout(relay.settings.ping_timeout)
        .max_buffer_size(CLIENT_QUEUE)
        .max_payload(u64::try_from(max_payload).unwrap_or(u64::MAX))
        .ws_read_buffer_size(READ_BUFFER)
        .ws_max_message_size(max_message)
        .ws_max_frame_size(max_message)
        .build();
    let engine = EngineIoService::with_config(relay, config);
    let routes = Router::new().route_service(PATH, engine.clone()).route_service("/socket.io/", engine);
    routes.layer(MapRequestLayer::new(head::copied))
}
