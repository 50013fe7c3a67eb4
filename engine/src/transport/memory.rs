//! The in-memory transport: clients and host in one process, for tests, with seeded faults and no clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use super::inbound;
use super::inbox::Inbox;
use super::refusal::{PacketRefusal, RefusalCounts};
use super::{ClientId, Transport, TransportEvent};
use crate::outbox::FrameBatch;
use realmgate_protocol::wire::datagram::{self, MAX_SECTION_BYTES, Section};

/// Faults of the link for frames, in both directions. Messages always arrive, at once and in order.
///
/// ```
/// use realmgate_engine::transport::memory::{MemoryFaults, memory_transport};
/// use realmgate_engine::transport::{ClientId, Transport};
/// use realmgate_protocol::wire::datagram::ClientFrame;
///
/// let (mut host, network) = memory_transport();
/// let mut client = network.connect(b"a ticket".to_vec(), ClientId(7));
/// network.set_faults(Some(MemoryFaults { seed: 1, loss_per_mille: 0, delay_flushes: 2..=2 }));
/// client.send_frame(ClientFrame::default().seal());
///
/// let mut events = Vec::new();
/// host.flush();
/// host.poll(&mut events);
/// assert_eq!(events.len(), 1, "only the connection has arrived");
/// host.flush();
/// host.poll(&mut events);
/// assert_eq!(events.len(), 2, "the frame arrives after two flushes");
/// ```
#[derive(Debug, Clone)]
pub struct MemoryFaults {
    /// Seed of the generator that decides every fault.
    pub seed: u64,
    /// Lost frames per thousand.
    pub loss_per_mille: u32,
    /// Delay of a frame, in flushes of the host. With a range, frames may overtake each other.
    pub delay_flushes: RangeInclusive<u32>,
}

/// What a client receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryReceived {
    /// A whole payload, with a snapshot and nothing else in it.
    Frame(Vec<u8>),
    /// A reliable message.
    Message(Vec<u8>),
    /// The host ended the session.
    Disconnected,
}

/// The clients' side: creates connections.
#[derive(Debug, Clone)]
pub struct MemoryNetwork {
    wire: Arc<Mutex<Wire>>,
}

/// The host's side.
#[derive(Debug)]
pub struct MemoryTransport {
    wire: Arc<Mutex<Wire>>,
}

/// One client. Dropping it does not tell the host: call [`MemoryClient::disconnect`].
#[derive(Debug)]
pub struct MemoryClient {
    id: ClientId,
    wire: Arc<Mutex<Wire>>,
}

#[derive(Debug, Default)]
struct Wire {
    inbox: Inbox,
    refused: RefusalCounts,
    clients: BTreeMap<ClientId, VecDeque<MemoryReceived>>,
    /// Events that the host has not polled yet, in the order they came.
    waiting: VecDeque<TransportEvent>,
    faults: Option<(MemoryFaults, Pcg32)>,
    flushes: u64,
    frames_out: u64,
    under_way: Vec<(u64, UnderWay)>,
}

#[derive(Debug)]
enum UnderWay {
    ToHost(ClientId, Vec<u8>),
    ToClient(ClientId, Vec<u8>),
}

/// Creates a host's transport and the network that leads to it.
///
/// ```
/// use realmgate_engine::transport::memory::{MemoryReceived, memory_transport};
/// use realmgate_engine::transport::{ClientId, Transport, TransportEvent};
///
/// let (mut host, network) = memory_transport();
/// let mut client = network.connect(b"a ticket".to_vec(), ClientId(7));
/// client.send_message(b"hello".to_vec());
///
/// let mut events = Vec::new();
/// host.poll(&mut events);
/// assert!(matches!(events[..], [TransportEvent::Connected { .. }, TransportEvent::Message { .. }]));
///
/// host.send_message(ClientId(7), b"welcome".to_vec());
/// assert_eq!(client.recv(), [MemoryReceived::Message(b"welcome".to_vec())]);
/// ```
pub fn memory_transport() -> (MemoryTransport, MemoryNetwork) {
    let wire = Arc::new(Mutex::new(Wire::default()));
    (MemoryTransport { wire: wire.clone() }, MemoryNetwork { wire })
}

fn lock(wire: &Mutex<Wire>) -> MutexGuard<'_, Wire> {
    wire.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryNetwork {
    /// Connects a client that shows this ticket. As in the netcode layer, an id that is connected already is not
    /// connected again: the client is then disconnected from the start.
    pub fn connect(&self, ticket: Vec<u8>, id: ClientId) -> MemoryClient {
        let mut wire = lock(&self.wire);
        if wire.clients.contains_key(&id) {
            wire.refused.add(PacketRefusal::DuplicateSession);
            return MemoryClient { id, wire: Arc::new(Mutex::new(Wire::default())) };
        }
        wire.clients.insert(id, VecDeque::new());
        wire.waiting.push_back(TransportEvent::Connected { client: id, ticket });
        MemoryClient { id, wire: self.wire.clone() }
    }

    /// Applies these faults to frames from now on; `None` for no faults.
    pub fn set_faults(&self, faults: Option<MemoryFaults>) {
        lock(&self.wire).faults = faults.map(|faults| {
            let random = Pcg32::seed_from_u64(faults.seed);
            (faults, random)
        });
    }

    /// How often something has been refused for this reason.
    pub fn refused(&self, reason: PacketRefusal) -> u64 {
        lock(&self.wire).refused.get(reason)
    }
}

impl MemoryClient {
    /// The client's id.
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// Whether neither side has ended the session.
    pub fn is_connected(&self) -> bool {
        lock(&self.wire).clients.contains_key(&self.id)
    }

    /// Sends a whole payload, with an input frame and nothing else in it.
    pub fn send_frame(&mut self, payload: Vec<u8>) {
        lock(&self.wire).send(UnderWay::ToHost(self.id, payload));
    }

    /// Sends a reliable message.
    pub fn send_message(&mut self, bytes: Vec<u8>) {
        let mut wire = lock(&self.wire);
        if !wire.clients.contains_key(&self.id) {
            return;
        }
        if inbound::is_message_length(bytes.len()) {
            wire.waiting.push_back(TransportEvent::Message { client: self.id, bytes });
        } else {
            wire.refused.add(PacketRefusal::Message);
        }
    }

    /// Everything received since the last call.
    pub fn recv(&mut self) -> Vec<MemoryReceived> {
        let mut wire = lock(&self.wire);
        let Some(received) = wire.clients.get_mut(&self.id) else { return Vec::new() };
        let received: Vec<_> = std::mem::take(received).into();
        if received.contains(&MemoryReceived::Disconnected) {
            wire.clients.remove(&self.id);
        }
        received
    }

    /// Ends the session.
    pub fn disconnect(&mut self) {
        let mut wire = lock(&self.wire);
        if let Some(received) = wire.clients.remove(&self.id)
            && !received.contains(&MemoryReceived::Disconnected)
        {
            wire.waiting.push_back(TransportEvent::Disconnected { client: self.id });
        }
    }
}

impl Wire {
    fn send(&mut self, frame: UnderWay) {
        let Some((faults, random)) = &mut self.faults else { return self.arrive(frame) };
        if random.next_u32() % 1_000 < faults.loss_per_mille {
            return;
        }
        let (least, most) = (*faults.delay_flushes.start(), *faults.delay_flushes.end());
        let spread = most.saturating_sub(least).saturating_add(1);
        let delay = least + random.next_u32() % spread;
        if delay == 0 {
            return self.arrive(frame);
        }
        self.under_way.push((self.flushes + u64::from(delay), frame));
    }

    fn arrive(&mut self, frame: UnderWay) {
        match frame {
            UnderWay::ToClient(client, payload) => {
                if let Some(received) = self.open_client(client) {
                    received.push_back(MemoryReceived::Frame(payload));
                }
            }
            UnderWay::ToHost(client, payload) => {
                if self.open_client(client).is_none() {
                    return;
                }
                match inbound::open(&payload) {
                    Ok((payload, Some(frame))) if payload.ack.is_none() && payload.messages.is_empty() => {
                        self.waiting.push_back(TransportEvent::Frame { client, frame });
                    }
                    // Messages do not travel in payloads here.
                    Ok(_) => self.refused.add(PacketRefusal::Payload),
                    Err(reason) => self.refused.add(reason),
                }
            }
        }
    }

    /// The client's queue, unless the host has ended the session.
    fn open_client(&mut self, client: ClientId) -> Option<&mut VecDeque<MemoryReceived>> {
        let received = self.clients.get_mut(&client)?;
        (received.back() != Some(&MemoryReceived::Disconnected)).then_some(received)
    }
}

impl Transport for MemoryTransport {
    fn poll(&mut self, events: &mut Vec<TransportEvent>) {
        let mut wire = lock(&self.wire);
        let wire = &mut *wire;
        // A client whose share of messages is used up waits as a whole, so that its events stay in order.
        let mut later = VecDeque::new();
        let mut blocked = BTreeSet::new();
        for event in wire.waiting.drain(..) {
            let client = event.client();
            let is_message = matches!(event, TransportEvent::Message { .. });
            if blocked.contains(&client) || (is_message && !wire.inbox.has_room_for_message(client)) {
                blocked.insert(client);
                later.push_back(event);
            } else if !wire.inbox.push(event) {
                wire.refused.add(PacketRefusal::PollBudget);
            }
        }
        wire.waiting = later;
        wire.inbox.drain_into(events);
    }

    fn send_frames(&mut self, mut frames: FrameBatch) -> FrameBatch {
        let mut wire = lock(&self.wire);
        wire.frames_out += frames.len() as u64;
        for (session, body) in frames.iter() {
            if body.len() > MAX_SECTION_BYTES {
                wire.refused.add(PacketRefusal::Outgoing);
            } else {
                wire.send(UnderWay::ToClient(session.client, datagram::seal(Section::Snapshot(body))));
            }
        }
        frames.clear();
        frames
    }

    fn send_message(&mut self, client: ClientId, bytes: Vec<u8>) {
        let mut wire = lock(&self.wire);
        if !inbound::is_message_length(bytes.len()) {
            wire.refused.add(PacketRefusal::Outgoing);
        } else if let Some(received) = wire.open_client(client) {
            received.push_back(MemoryReceived::Message(bytes));
        }
    }

    fn disconnect(&mut self, client: ClientId) {
        let mut wire = lock(&self.wire);
        if let Some(received) = wire.open_client(client) {
            received.push_back(MemoryReceived::Disconnected);
            wire.waiting.push_back(TransportEvent::Disconnected { client });
        }
    }

    fn flush(&mut self) {
        let mut wire = lock(&self.wire);
        wire.flushes += 1;
        let now = wire.flushes;
        let (due, later) = std::mem::take(&mut wire.under_way).into_iter().partition(|(at, _)| *at <= now);
        wire.under_way = later;
        let due: Vec<(u64, UnderWay)> = due;
        due.into_iter().for_each(|(_, frame)| wire.arrive(frame));
    }

    fn frames_out(&self) -> u64 {
        lock(&self.wire).frames_out
    }
}

#[cfg(test)]
mod tests;
