//! WebSockets for clients that cannot send datagrams, browsers above all, on a thread of their own.
//!
//! A client's way in: `strangers` (limits of those that have not shown a ticket) → TLS, if there is a certificate → the
//! request to become a WebSocket (`upgrade`) → its first message, which is its ticket (`task`). All bytes are read at a
//! bounded rate (`paced`). From then on each
//! binary message, either way, is one payload, and all else is as over UDP: the same reliable stream, rate limits and
//! breaches. Whether the ticket admits is for admission to say.
//!
//! TCP keeps what it is given, so nothing is given to it early: a session builds its next payload when the kernel has
//! taken the one before, and until then keeps the newest snapshot alone. A client that enters a large world is sent a
//! lot at once, so its queue may be as long as over UDP; but one whose socket has taken nothing for [`STALLED_AFTER`]
//! loses its connection if more than [`STALLED_QUEUE_BYTES`] wait. So what is held for a client that does not read is
//! at most 64 KiB: the queue with what messages cost besides their bytes (34 KiB), messages that came early (8 KiB),
//! the kernel's buffer (16 KiB), the snapshot, the payload, and the library's buffers (6 KiB). TLS adds a record, 16 KiB.

mod listen;
mod network;
mod paced;
mod session;
mod socket;
mod strangers;
mod task;
mod upgrade;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use realmgate_protocol::wire::stream::{Bounds, QUEUE_BYTES, QUEUE_MESSAGES};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::clock::Clock;
use super::front::Front;
use super::refusal::PacketRefusal;
use super::{ClientId, Rate, Transport, TransportEvent};
use crate::outbox::FrameBatch;
use network::Network;

pub use strangers::StrangerLimits;
pub use upgrade::{PATH, check as check_upgrade};

/// For how long a socket takes nothing until its client counts as one that does not read.
pub const STALLED_AFTER: Duration = Duration::from_secs(1);
/// Maximum bytes of messages that wait for a client that does not read.
pub const STALLED_QUEUE_BYTES: usize = 20 << 10;
/// Maximum number of messages that wait for a client that does not read: in flight one costs 96 bytes more than its own,
/// and before that 64.
pub const STALLED_QUEUE_MESSAGES: usize = 192;

/// What may wait for a client, and what it may send early: nothing overtakes within a TCP connection. Messages that
/// others cause are left out long before the client could lose its connection by them.
const BOUNDS: Bounds = Bounds {
    queue_bytes: QUEUE_BYTES,
    queue_messages: QUEUE_MESSAGES,
    behind_bytes: STALLED_QUEUE_BYTES / 2,
    behind_messages: 112,
    held_bytes: 8 << 10,
};

/// Whether a browser page of an origin may connect; the second is the request's `Host`.
pub type AllowsOrigin = Arc<dyn Fn(&str, Option<&str>) -> bool + Send + Sync>;

/// Settings of the WebSocket transport.
#[derive(Clone)]
pub struct WebSocketSettings {
    /// The address to listen on; port 0 picks a free port.
    pub bind: SocketAddr,
    /// Most clients at once.
    pub max_clients: usize,
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
            strangers: StrangerLimits::default(),
            messages_per_client: Rate { per_second: 300, burst: 600 },
            allows_origin: Arc::new(|_, _| true),
            tls: None,
        }
    }
}

/// The host's side of the WebSocket transport. Dropping it ends all connections and the network thread.
pub struct WebSocketTransport {
    front: Front,
    wake: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (front, incoming) = Front::new(Clock::start(0));
        let (shared, clock, wake) = (front.shared(), front.clock(), Arc::new(Notify::new()));
        let woken = wake.clone();
        let thread = std::thread::Builder::new().name("websocket".to_owned()).spawn(move || {
            let network = Network::new(settings, shared, clock);
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime, network.run(listener, incoming, &woken));
        })?;
        Ok(Self { front, wake, thread: Some(thread), local_address })
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
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// How often something has been refused for this reason.
    pub fn refused(&self, reason: PacketRefusal) -> u64 {
        self.front.refused(reason)
    }
}

impl Transport for WebSocketTransport {
    fn is_running(&self) -> bool {
        self.is_running()
    }

    fn poll(&mut self, events: &mut Vec<TransportEvent>) {
        self.front.poll(events);
    }

    fn send_frames(&mut self, frames: FrameBatch) -> FrameBatch {
        self.front.send_frames(frames)
    }

    fn frames_out(&self) -> u64 {
        self.front.frames_out()
    }

    fn send_message(&mut self, client: ClientId, bytes: Vec<u8>) {
        self.front.send_message(client, bytes);
    }

    fn send_of_others(&mut self, client: ClientId, bytes: Vec<u8>) {
        self.front.send_of_others(client, bytes);
    }

    fn disconnect(&mut self, client: ClientId) {
        self.front.disconnect(client);
    }

    fn flush(&mut self) {
        if self.front.flush() {
            self.wake.notify_one();
        }
    }
}

impl Drop for WebSocketTransport {
    fn drop(&mut self) {
        self.front.stop();
        self.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the WebSocket transport had panicked");
        }
    }
}
