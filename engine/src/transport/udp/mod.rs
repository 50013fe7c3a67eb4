//! netcode over UDP, on a thread of its own.
//!
//! A datagram's path in: `wire` → its form ([`Packet::read`](crate::netcode::Packet::read)) → rate limits of
//! handshakes, before any cryptography → the netcode [`Server`](crate::netcode::Server) → the client's rate limit →
//! the connection (the payload's parts) → the inbox that the host polls (`receiving`). Refusals are counted. The path out
//! begins with what the host hands over at the end of a tick (`handover`) and is spread over a part of the next one
//! (`sending`).

mod batch;
mod pump;
mod receiving;
mod sending;
mod socket;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;

use super::clock::Clock;
use super::front::Front;
use super::refusal::PacketRefusal;
use super::{ClientId, Rate, Transport, TransportEvent};
use crate::netcode::ServerSettings;
use crate::outbox::FrameBatch;
use pump::Pump;
use socket::Waker;
pub(super) use socket::bind as bind_socket;

/// Settings of the UDP transport. Holds a secret, so it is not `Debug`.
#[derive(Clone)]
pub struct UdpSettings {
    /// The address to listen on; port 0 picks a free port.
    pub bind: SocketAddr,
    /// The key that connect tokens are sealed with.
    pub netcode_key: [u8; 32],
    /// The protocol id in connect tokens.
    pub protocol_id: u64,
    /// The addresses under which connect tokens name this server. A port of 0 stands for the bound one; an empty list
    /// stands for the bound address.
    pub public_addresses: Vec<SocketAddr>,
    /// Most clients at once.
    pub max_clients: usize,
    /// Rate limit for handshake datagrams of one IPv4 address or IPv6 /64 network. A client needs two, and sends four a
    /// second while it waits.
    pub handshakes_per_source: Rate,
    /// Rate limit for handshake datagrams of all sources together: each costs about 10 µs of cryptography.
    pub handshakes: Rate,
    /// Rate limit for payload datagrams of one connected client.
    pub datagrams_per_client: Rate,
    /// Time over which a tick's snapshots are spread. Zero sends them as fast as possible.
    pub spread_sends_over: Duration,
    /// Bytes that leave at once, headers included: as many as the queue of the slowest link on the way bears.
    pub burst_bytes: usize,
    /// How often the host polls. Datagrams gather until shortly before the next poll, since one look at many costs less
    /// than many looks. `None` where it polls now and then: they gather for two milliseconds.
    pub poll_every: Option<Duration>,
    /// Whether the host and the network thread have one core between them, so that the thread rests while the host is in a tick. By
    /// default, whether this process may run on one core alone.
    pub shares_core: bool,
    /// Offset, in milliseconds, of the time that connect tokens are checked against from the machine's clock. 0, except
    /// in tests that set clocks.
    pub clock_off_by_ms: i64,
}

impl UdpSettings {
    /// Settings with the default rate limits and protocol id.
    pub fn new(bind: SocketAddr, netcode_key: [u8; 32]) -> Self {
        Self {
            bind,
            netcode_key,
            protocol_id: NETCODE_PROTOCOL_ID,
            public_addresses: Vec::new(),
            max_clients: 1_024,
            handshakes_per_source: Rate { per_second: 200, burst: 500 },
            handshakes: Rate { per_second: 4_000, burst: 2_000 },
            datagrams_per_client: Rate { per_second: 300, burst: 600 },
            spread_sends_over: Duration::ZERO,
            burst_bytes: 64 << 10,
            poll_every: None,
            shares_core: std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1),
            clock_off_by_ms: 0,
        }
    }

    fn resolved_addresses(&self, bound: SocketAddr) -> io::Result<Vec<SocketAddr>> {
        if self.public_addresses.is_empty() && bound.ip().is_unspecified() {
            let message = "a server that listens on all addresses needs a public address";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let with_port = |address: &SocketAddr| match address.port() {
            0 => SocketAddr::new(address.ip(), bound.port()),
            _ => *address,
        };
        let named: Vec<_> = self.public_addresses.iter().map(with_port).collect();
        Ok(if named.is_empty() { vec![bound] } else { named })
    }
}

/// The host's side of the UDP transport. Dropping it disconnects all clients and ends the network thread.
///
/// ```
/// use realmgate_engine::host::LocalLink;
/// use realmgate_engine::transport::Transports;
/// use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
///
/// // The same keys seal the connect tokens.
/// let (link, _ends) = LocalLink::open("example".parse()?)?;
/// let udp = UdpTransport::bind(UdpSettings::new("127.0.0.1:0".parse()?, link.keys().netcode_key()))?;
/// println!("listening on {}", udp.local_address());
/// let transports = Transports::new(vec![Box::new(udp)]);
/// # drop(transports);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UdpTransport {
    front: Front,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
    local_address: SocketAddr,
}

impl UdpTransport {
    /// Binds the socket and starts the network thread. The metrics recorder must be installed before.
    ///
    /// # Errors
    /// When the socket cannot be bound, the system has no random bytes or the thread cannot be started, and
    /// [`io::ErrorKind::InvalidInput`] when the bound address is unspecified and no public address is set.
    pub fn bind(settings: UdpSettings) -> io::Result<Self> {
        let socket = socket::bind(settings.bind)?;
        let local_address = socket.local_addr()?;
        let clock = Clock::start(settings.clock_off_by_ms);
        let mut challenge_key = [0; 32];
        aws_lc_rs::rand::fill(&mut challenge_key)
            .map_err(|_| io::Error::other("cannot get random bytes from the system"))?;
        let server = ServerSettings {
            key: settings.netcode_key,
            challenge_key,
            protocol_id: settings.protocol_id,
            addresses: settings.resolved_addresses(local_address)?,
            max_clients: settings.max_clients,
            unix_start: clock.unix_start(),
        };
        let (front, incoming) = Front::new(clock, settings.poll_every);
        let (waker, woken) = Waker::new()?;
        let shared = front.shared();
        let pump = move || Pump::new(&settings, server, clock, socket, woken, shared, incoming).run();
        let thread = std::thread::Builder::new().name("udp".to_owned()).spawn(pump)?;
        Ok(Self { front, waker, thread: Some(thread), local_address })
    }

    /// The address it listens on.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
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

impl Transport for UdpTransport {
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
            self.waker.wake();
        }
    }
}

impl Drop for UdpTransport {
    fn drop(&mut self) {
        self.front.stop();
        self.waker.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("UDP transport thread panicked");
        }
    }
}
