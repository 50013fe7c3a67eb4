//! One client's connection, and the moment when both ends have all that was sent.

use std::sync::Arc;
use std::time::Duration;

use realmgate_client::clock::Clock;
use realmgate_client::transport::{Incoming, Transport};
use realmgate_engine::transport::ClientId;
use realmgate_engine::transport::memory::{MemoryClient, MemoryReceived};
use realmgate_protocol::wire::datagram::{self, ClientFrame};
use tokio::runtime::Runtime;

use super::gate::{Gate, Tally};

/// Longer than anything here takes, even on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How long one look at the socket waits for a datagram.
const LOOK: Duration = Duration::from_millis(1);
/// How often it looks whether it is so before it waits for a datagram.
const GLANCES: usize = 100;

/// A connection.
pub(super) enum Link {
    /// Within the process.
    Memory(MemoryClient),
    /// Over a socket.
    Socket(Box<SocketLink>),
}

impl Link {
    /// Whether neither side has ended the session.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Memory(client) => client.is_connected(),
            Self::Socket(link) => link.is_open(),
        }
    }

    /// Queues a reliable message.
    pub fn send_message(&mut self, bytes: Vec<u8>) {
        match self {
            Self::Memory(client) => client.send_message(bytes),
            Self::Socket(link) => link.send_message(bytes),
        }
    }

    /// Ends a client's tick; with a frame once it plays.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>) {
        match (self, frame) {
            (Self::Memory(client), Some(frame)) => client.send_frame(frame.seal()),
            (Self::Memory(_), None) => {}
            (Self::Socket(link), frame) => link.finish_tick(frame),
        }
    }

    /// Waits until the server's next tick will find all that was sent.
    pub fn wait_until_sent(&mut self) {
        if let Self::Socket(link) = self {
            link.gate.hurry();
            link.wait("the server to have it", SocketLink::is_all_there);
        }
    }

    /// All that the server has sent since the last call.
    pub fn receive(&mut self) -> Vec<Incoming> {
        match self {
            Self::Memory(client) => client.recv().into_iter().filter_map(incoming).collect(),
            Self::Socket(link) => {
                link.wait("the client to have it", SocketLink::is_all_here);
                std::mem::take(&mut link.received)
            }
        }
    }

    /// Goes away with a farewell, and waits until the server's next tick will find it gone.
    pub fn close(self) {
        match self {
            Self::Memory(mut client) => client.disconnect(),
            Self::Socket(link) => link.close(),
        }
    }
}

fn incoming(received: MemoryReceived) -> Option<Incoming> {
    match received {
        MemoryReceived::Frame(payload) => {
            let payload = datagram::open(&payload).expect("a legal payload");
            Some(Incoming::Frame(payload.section.body().to_vec()))
        }
        MemoryReceived::Message(bytes) => Some(Incoming::Message(bytes)),
        MemoryReceived::Disconnected => None,
    }
}

/// A connection over a socket.
pub(super) struct SocketLink {
    transport: Transport,
    id: ClientId,
    gate: Gate,
    runtime: Arc<Runtime>,
    clock: Clock,
    frames_out: usize,
    messages_out: usize,
    messages_in: usize,
    newest_frame: Vec<u8>,
    received: Vec<Incoming>,
}

impl SocketLink {
    pub fn new(transport: Transport, id: ClientId, gate: Gate, runtime: Arc<Runtime>, clock: Clock) -> Self {
        Self {
            transport,
            id,
            gate,
            runtime,
            clock,
            frames_out: 0,
            messages_out: 0,
            messages_in: 0,
            newest_frame: Vec::new(),
            received: Vec::new(),
        }
    }

    fn is_open(&self) -> bool {
        self.transport.close_reason().is_none()
    }

    fn send_message(&mut self, bytes: Vec<u8>) {
        if self.is_open() {
            self.messages_out += 1;
            self.transport.send_message(bytes).expect("few messages wait");
        }
    }

    fn finish_tick(&mut self, frame: Option<&ClientFrame>) {
        if !self.is_open() {
            return;
        }
        let before = self.transport.traffic().datagrams_out;
        // That it has ended shows when it is asked for its reason.
        let _ = self.transport.finish_tick(frame);
        // While a server is silent for long, not every frame is sent.
        let is_sent = self.transport.traffic().datagrams_out > before;
        self.frames_out += usize::from(frame.is_some() && is_sent);
    }

    /// Waits until the server's next tick will find it there: over a WebSocket a client hears no word of that.
    pub fn wait_until_connected(&self) {
        let started = self.clock.now();
        while self.gate.tally(self.id).is_none_or(|tally| tally.gone) {
            assert!(self.clock.now() - started < PATIENCE, "waited in vain for the server to find it there");
            std::thread::yield_now();
            self.gate.collect();
        }
    }

    fn close(self) {
        let Self { transport, id, gate, clock, .. } = self;
        let is_open = transport.close_reason().is_none();
        transport.close();
        let started = clock.now();
        gate.hurry();
        while is_open && !gate.tally(id).unwrap_or_default().gone {
            assert!(clock.now() - started < PATIENCE, "waited in vain for the server to find it gone");
            std::thread::yield_now();
            gate.collect();
        }
    }

    fn tally(&self) -> Tally {
        self.gate.tally(self.id).unwrap_or_default()
    }

    fn is_all_there(&self) -> bool {
        self.gate.collect();
        let tally = self.tally();
        (tally.frames_in, tally.messages_in) == (self.frames_out, self.messages_out)
    }

    fn is_all_here(&self) -> bool {
        let tally = self.tally();
        let newest = tally.newest_frame.as_deref().unwrap_or_default();
        let has_newest = newest.is_empty() || newest == self.newest_frame;
        tally.messages_out == self.messages_in && has_newest && !tally.ended
    }

    /// Pumps until it is so, or the session has ended.
    fn wait(&mut self, what: &str, is_so: fn(&Self) -> bool) {
        let started = self.clock.now();
        // Mostly the other thread only needs its turn.
        for _ in 0..GLANCES {
            if is_so(self) {
                return;
            }
            std::thread::yield_now();
        }
        while self.is_open() && !is_so(self) {
            assert!(self.clock.now() - started < PATIENCE, "waited in vain for {what}");
            let runtime = self.runtime.clone();
            // Nothing to receive is what the time-out is for; that it has ended shows by its reason.
            let _ = runtime.block_on(async { tokio::time::timeout(LOOK, self.transport.receive()).await });
            while let Some(incoming) = self.transport.next_incoming() {
                match &incoming {
                    Incoming::Frame(body) => self.newest_frame.clone_from(body),
                    Incoming::Message(_) => self.messages_in += 1,
                }
                self.received.push(incoming);
            }
            let _ = self.transport.finish_tick(None);
        }
    }
}
