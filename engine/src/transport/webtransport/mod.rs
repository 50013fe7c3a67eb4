//! WebTransport for browsers: datagrams over QUIC, on a UDP port and a thread of its own.
//!
//! A client's way in: the limits of those that have not shown a ticket → where they are many, a proof that its address is
//! its own → the QUIC handshake → the request for a session (`listen`, `http3`) → its ticket, which is the first message on the one
//! stream that it opens (`stream`, `task`), or in the request already, where a client may open none before the answer. From then on each datagram, either way, is one payload, and all else is as
//! over UDP: the same reliable stream, rate limits and breaches. A payload that is too long for a datagram goes over the
//! stream ([`framing`](realmgate_protocol::wire::framing)): the way may carry datagrams of less than
//! 1,200 bytes. Whether the ticket admits is for admission to say.
//!
//! What is held for a client that does not read is at most 64 KiB: the queue with what messages cost besides their bytes
//! (34 KiB), messages that came early (16 KiB: as much as an honest client may have on its way), what QUIC holds of its
//! stream and of datagrams that wait to be sent (`quic`: 10 KiB, if it sends its stream in order), the snapshot and a
//! message of the stream.

mod certificate;
mod congestion;
mod early;
mod hellos;
mod http3;
mod line;
mod listen;
mod quic;
mod stream;
mod task;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use realmgate_protocol::wire::stream::WINDOW_BYTES;
use tokio_rustls::rustls::ServerConfig;

use super::Rate;
use super::refusal::PacketRefusal;
use super::tasks::{AllowsOrigin, NetworkSettings, OnThread, StrangerLimits, TaskThread, ThreadRuntime};
use listen::Door;

pub use super::websocket::PATH;
pub use certificate::{RENEW_AFTER, SelfMadeCertificate};

/// Most QUIC connections beside those of clients: strangers, and those that end.
const CONNECTIONS_BESIDE: usize = 4_096;

/// Settings of the WebTransport transport.
#[derive(Clone)]
pub struct WebTransportSettings {
    /// The address to listen on; port 0 picks a free port.
    pub bind: SocketAddr,
    /// Most clients at once.
    pub max_clients: usize,
    /// How often the host polls, if at a fixed rate: what comes gathers until shortly before.
    pub poll_every: Option<Duration>,
    /// Limits of connections that have not shown a ticket.
    pub strangers: StrangerLimits,
    /// Rate limit for payloads of one connected client.
    pub messages_per_client: Rate,
    /// Which browser pages may connect. A request without an origin is no browser's, and is not asked about.
    pub allows_origin: AllowsOrigin,
    /// The certificate. It must speak TLS 1.3.
    pub tls: Arc<ServerConfig>,
}

impl WebTransportSettings {
    /// Settings with the default limits, for pages of every origin.
    pub fn new(bind: SocketAddr, tls: Arc<ServerConfig>) -> Self {
        Self {
            bind,
            max_clients: 1_024,
            poll_every: None,
            strangers: StrangerLimits::default(),
            messages_per_client: Rate { per_second: 300, burst: 600 },
            allows_origin: Arc::new(|_, _| true),
            tls,
        }
    }
}

/// The host's side of the WebTransport transport. Dropping it ends all connections and the network thread.
///
/// ```
/// use realmgate_engine::transport::Transports;
/// use realmgate_engine::transport::webtransport::{SelfMadeCertificate, WebTransport, WebTransportSettings};
///
/// // A page needs this certificate's hash to connect. With a certificate that a CA has signed, it needs none.
/// let certificate = SelfMadeCertificate::new(vec!["localhost".to_owned()])?;
/// println!("hash: {}", certificate.sha256());
/// let webtransport = WebTransport::bind(WebTransportSettings {
///     max_clients: 200,
///     ..WebTransportSettings::new("127.0.0.1:0".parse()?, certificate.server_config()?)
/// })?;
/// let address = webtransport.local_address();
/// assert_eq!(webtransport.url(address.ip()), format!("https://{address}/play"));
/// let transports = Transports::new(vec![Box::new(webtransport)]);
/// # drop(transports);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WebTransport {
    thread: TaskThread,
    local_address: SocketAddr,
}

impl WebTransport {
    /// Binds the port and starts the network thread. The metrics recorder must be installed before.
    ///
    /// # Errors
    /// When the port cannot be bound, the certificate cannot be used for QUIC, or the thread cannot be started.
    pub fn bind(settings: WebTransportSettings) -> io::Result<Self> {
        let WebTransportSettings { bind, max_clients, poll_every, strangers, messages_per_client, .. } = settings;
        let runtime = ThreadRuntime::new(poll_every)?;
        let (endpoint, hellos) = {
            // QUIC's timers and socket belong to this runtime.
            let _within = runtime.runtime.enter();
            quic::endpoint(bind, settings.tls)?
        };
        let local_address = endpoint.local_addr()?;
        let shared = NetworkSettings {
            name: "webtransport",
            max_clients,
            strangers,
            messages_per_client,
            held_bytes: WINDOW_BYTES,
        };
        let thread = TaskThread::start(shared, runtime, move |network| {
            let most_connections = max_clients + CONNECTIONS_BESIDE;
            let door = Door { network, hellos, allows_origin: settings.allows_origin, most_connections };
            (listen::accept(endpoint.clone(), door), async move { endpoint.wait_idle().await })
        })?;
        Ok(Self { thread, local_address })
    }

    /// The address it listens on.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Where clients on other machines connect, which know this one by `host`.
    pub fn url(&self, host: IpAddr) -> String {
        format!("https://{}{PATH}", SocketAddr::new(host, self.local_address.port()))
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

impl OnThread for WebTransport {
    fn thread(&self) -> &TaskThread {
        &self.thread
    }

    fn thread_mut(&mut self) -> &mut TaskThread {
        &mut self.thread
    }
}
