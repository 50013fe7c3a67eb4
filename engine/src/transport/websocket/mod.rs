//! WebSockets for clients that cannot send datagrams, browsers above all, on a thread of their own.
//!
//! A client's way in: the limits of those that have not shown a ticket → TLS, if there is a certificate → the request to
//! become a WebSocket (`upgrade`) → its first message, which is its ticket (`task`). All bytes are read at a bounded rate
//! (`paced`). From then on each binary message, either way, is one payload, and all else is as over UDP: the same
//! reliable stream, rate limits and breaches. Whether the ticket admits is for admission to say.
//!
//! TCP keeps what it is given, so nothing is given to it early ([`tasks`](super::tasks)). What is held for a client that
//! does not read is at most 64 KiB: the queue with what messages cost besides their bytes (34 KiB), messages that came
//! early (8 KiB), the kernel's buffer (16 KiB), the snapshot, the payload, and the library's buffers (6 KiB). TLS adds a
//! record, 16 KiB.

mod line;
mod listen;
mod paced;
mod socket;
mod task;
mod upgrade;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;

use super::Rate;
use super::refusal::PacketRefusal;
use super::tasks::{AllowsOrigin, NetworkSettings, OnThread, StrangerLimits, TaskThread, ThreadRuntime};
use listen::Door;

pub use upgrade::{PATH, check as check_upgrade};

/// Bytes of messages that a client may send early: nothing overtakes within a TCP connection.
const HELD_BYTES: usize = 8 << 10;

/// Settings of the WebSocket transport.
#[derive(Clone)]
pub struct WebSocketSettings {
    /// The address to listen on; port 0 picks a free port.
    pub bind: SocketAddr,
    /// Most clients at once.
    pub max_clients: usize,
    /// How often the host polls, if at a fixed rate: what comes gathers until shortly before.
    pub poll_every: Option<Duration>,
    /// Limits of sockets that have not shown a ticket.
    pub strangers: StrangerLimits,
    /// Rate limit for messages of one connected client, pings included.
    pub messages_per_client: Rate,
    /// Which browser pages may connect. A request without an origin is no browser's, and is not asked about.
    pub allows_origin: AllowsOrigin,
    /// Accepts TLS; `None` for plain connections.
    pub tls: Option<TlsAcceptor>,
}

impl WebSocketSettings {
    /// Settings with the default limits, without TLS and for pages of every origin.
    pub fn new(bind: SocketAddr) -> Self {
        Self {
            bind,
            max_clients: 1_024,
            poll_every: None,
            strangers: StrangerLimits::default(),
            messages_per_client: Rate { per_second: 300, burst: 600 },
            allows_origin: Arc::new(|_, _| true),
            tls: None,
        }
    }
}

/// The host's side of the WebSocket transport. Dropping it ends all connections and the network thread.
///
/// ```
/// use std::sync::Arc;
///
/// use realmgate_engine::transport::Transports;
/// use realmgate_engine::transport::websocket::{WebSocketSettings, WebSocketTransport};
///
/// let websocket = WebSocketTransport::bind(WebSocketSettings {
///     max_clients: 200,
///     allows_origin: Arc::new(|origin, _| origin == "https://play.example.org"),
///     ..WebSocketSettings::new("127.0.0.1:0".parse()?)
/// })?;
/// let address = websocket.local_address();
/// assert_eq!(websocket.url(address.ip(), false), format!("ws://{address}/play"));
/// let transports = Transports::new(vec![Box::new(websocket)]);
/// # drop(transports);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WebSocketTransport {
    thread: TaskThread,
    local_address: SocketAddr,
}

impl WebSocketTransport {
    /// Binds the port and starts the network thread. The metrics recorder must be installed before.
    ///
    /// # Errors
    /// When the port cannot be bound, or the thread cannot be started.
    pub fn bind(settings: WebSocketSettings) -> io::Result<Self> {
        let listener = socket::listen(settings.bind)?;
        let local_address = listener.local_addr()?;
        let WebSocketSettings { max_clients, poll_every, strangers, messages_per_client, allows_origin, tls, .. } =
            settings;
        let shared =
            NetworkSettings { name: "websocket", max_clients, strangers, messages_per_client, held_bytes: HELD_BYTES };
        let thread = TaskThread::start(shared, ThreadRuntime::new(poll_every)?, move |network| {
            (listen::accept(listener, Door { network, allows_origin, tls }), std::future::ready(()))
        })?;
        Ok(Self { thread, local_address })
    }

    /// The address it listens on.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Where clients on other machines connect, which know this one by `host`.
    pub fn url(&self, host: IpAddr, is_tls: bool) -> String {
        let scheme = if is_tls { "wss" } else { "ws" };
        format!("{scheme}://{}{PATH}", SocketAddr::new(host, self.local_address.port()))
    }

    /// Whether the network thread is alive. If not, nobody can play here any more.
    pub fn is_running(&self) -> bool {
        self.thread.is_running()
    }

    /// How often something has been refused for this reason.
    pub fn refused(&self, reason: PacketRefusal) -> u64 {
        self.thread.refused(reason)
    }
}

impl OnThread for WebSocketTransport {
    fn thread(&self) -> &TaskThread {
        &self.thread
    }

    fn thread_mut(&mut self) -> &mut TaskThread {
        &mut self.thread
    }
}
