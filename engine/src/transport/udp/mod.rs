//! netcode over UDP: `renetcode` and `renet` on a thread of their own, behind checks of everything that reaches them.
//!
//! A datagram's way in: `socket` → `guard` (form and budgets, before any cryptography) → `NetcodeServer` → the
//! payload's header → `reliable_check` → `renet` → the inbox that the host polls. What is refused is counted.
//!
//! Known limits of `renetcode` 2.0.0 that no check can mend: 1,024 clients, and costs that grow with their number.

mod budget;
mod clock;
mod guard;
mod pump;
mod reliable_check;
mod session;
mod socket;
mod stream;
mod wire;

pub use budget::Rate;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use realmgate_protocol::limits::{MAX_PAYLOAD_BYTES, NETCODE_PROTOCOL_ID};
use realmgate_protocol::wire::datagram::{self, Kind};

use super::inbound::is_message_length;
use super::inbox::Inbox;
use super::refusal::{Refusal, RefusalCounts};
use super::{SessionId, Transport, TransportEvent};
use crate::outbox::FrameBatch;
use pump::Pump;
use socket::Waker;

/// Most clients; `renetcode` has no room for more.
pub const MAX_CLIENTS: usize = 1_024;
/// Ticks whose sends may wait for the network thread.
const MAX_BATCHES: usize = 32;
/// Messages and disconnects that may wait in front of those.
const MAX_RETAINED: usize = 65_536;

/// How the UDP transport runs. Holds a secret, so it is not `Debug`.
#[derive(Clone)]
pub struct UdpSettings {
    /// Where to listen; port 0 picks one.
    pub bind: SocketAddr,
    /// The key that connect tokens are sealed with.
    pub netcode_key: [u8; 32],
    /// The protocol id in connect tokens.
    pub protocol_id: u64,
    /// The addresses that connect tokens name for this server. A port of 0 stands for the bound one; none at all for
    /// the bound address.
    pub public_addresses: Vec<SocketAddr>,
    /// Most clients at once, at most [`MAX_CLIENTS`].
    pub max_clients: usize,
    /// Handshake datagrams of one IPv4 address or IPv6 /64 network. A client needs two, and sends four a second while
    /// it waits.
    pub handshakes_per_source: Rate,
    /// Handshake datagrams of everybody together: each costs some 10 µs of cryptography.
    pub handshakes: Rate,
    /// Datagrams of one connected client.
    pub datagrams_per_client: Rate,
    /// How far the time that connect tokens are held against is off the machine's clock, in milliseconds: 0, except where
    /// a test sets clocks.
    pub clock_off_by_ms: i64,
}

impl UdpSettings {
    /// The usual budgets and protocol id.
    pub fn new(bind: SocketAddr, netcode_key: [u8; 32]) -> Self {
        Self {
            bind,
            netcode_key,
            protocol_id: NETCODE_PROTOCOL_ID,
            public_addresses: Vec::new(),
            max_clients: MAX_CLIENTS,
            handshakes_per_source: Rate { per_second: 200, burst: 500 },
            handshakes: Rate { per_second: 4_000, burst: 2_000 },
            datagrams_per_client: Rate { per_second: 300, burst: 600 },
            clock_off_by_ms: 0,
        }
    }

    fn resolved_addresses(&self, bound: SocketAddr) -> io::Result<Vec<SocketAddr>> {
        if self.public_addresses.is_empty() && bound.ip().is_unspecified() {
            let message = "a server that listens on every address must be told its public one";
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

/// What the host tells the network thread.
enum Command {
    Frame(SessionId, Vec<u8>),
    Message(SessionId, Vec<u8>),
    Disconnect(SessionId),
}

/// What host and network thread both reach.
struct Shared {
    inbox: Mutex<Inbox>,
    refused: RefusalCounts,
    frames_out: AtomicU64,
    stop: AtomicBool,
}

impl Shared {
    fn with_inbox<T>(&self, act: impl FnOnce(&mut Inbox) -> T) -> T {
        act(&mut self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The host's side. Dropping it disconnects everybody and ends the thread.
pub struct UdpTransport {
    shared: Arc<Shared>,
    commands: SyncSender<Vec<Command>>,
    batch: Vec<Command>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
    local_address: SocketAddr,
}

impl UdpTransport {
    /// Binds the socket and starts the network thread. The metrics recorder is to be installed before.
    pub fn bind(settings: UdpSettings) -> io::Result<Self> {
        if settings.max_clients > MAX_CLIENTS {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "at most 1,024 clients"));
        }
        let socket = socket::bind(settings.bind)?;
        let local_address = socket.local_addr()?;
        let public_addresses = settings.resolved_addresses(local_address)?;
        let waker = Waker::new(local_address)?;
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            refused: RefusalCounts::default(),
            frames_out: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let (commands, received) = sync_channel(MAX_BATCHES);
        let pump = Pump::new(&settings, public_addresses, socket, waker.address()?, shared.clone(), received);
        let thread = std::thread::Builder::new().name("udp".to_owned()).spawn(move || pump.run())?;
        Ok(Self { shared, commands, batch: Vec::new(), waker, thread: Some(thread), local_address })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Whether the network thread lives. When it does not, nobody can play here any more.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// How often something was refused for this reason.
    pub fn refused(&self, reason: Refusal) -> u64 {
        self.shared.refused.get(reason)
    }

    /// The thread has not taken the last batches: frames are out of date by now, the rest must not be lost.
    fn retain(&mut self, mut batch: Vec<Command>) {
        batch.retain(|command| match command {
            Command::Frame(..) => {
                self.shared.refused.add(Refusal::HostBehind);
                false
            }
            Command::Message(..) | Command::Disconnect(_) => true,
        });
        if batch.len() > MAX_RETAINED {
            let sessions: BTreeSet<_> = batch.iter().map(Command::session).collect();
            batch = sessions.into_iter().map(Command::Disconnect).collect();
        }
        self.batch = batch;
    }
}

impl Command {
    fn session(&self) -> SessionId {
        let (Self::Frame(session, _) | Self::Message(session, _) | Self::Disconnect(session)) = self;
        *session
    }
}

impl Transport for UdpTransport {
    fn is_running(&self) -> bool {
        self.is_running()
    }

    fn poll(&mut self, events: &mut Vec<TransportEvent>) {
        self.shared.with_inbox(|inbox| inbox.drain_into(events));
    }

    fn send_frames(&mut self, mut frames: FrameBatch) -> FrameBatch {
        for (session, body) in frames.iter() {
            let payload = datagram::seal(Kind::ServerFrame, body);
            if payload.len() > MAX_PAYLOAD_BYTES {
                self.shared.refused.add(Refusal::Outgoing);
            } else {
                self.batch.push(Command::Frame(session, payload));
            }
        }
        frames.clear();
        frames
    }

    fn frames_out(&self) -> Option<u64> {
        Some(self.shared.frames_out.load(Ordering::Relaxed))
    }

    fn send_message(&mut self, session: SessionId, bytes: Vec<u8>) {
        if is_message_length(bytes.len() as u64) {
            self.batch.push(Command::Message(session, bytes));
        } else {
            self.shared.refused.add(Refusal::Outgoing);
        }
    }

    fn disconnect(&mut self, session: SessionId) {
        self.batch.push(Command::Disconnect(session));
    }

    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        match self.commands.try_send(std::mem::take(&mut self.batch)) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(batch)) => self.retain(batch),
        }
        self.waker.wake();
    }
}

impl Drop for UdpTransport {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.waker.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the network thread had panicked");
        }
    }
}
