//! The in-memory transport: clients and host in one process, for tests, with seeded faults and no clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use super::inbound;
use super::inbox::Inbox;
use super::refusal::{Refusal, RefusalCounts};
use super::{SessionId, Transport, TransportEvent};
use crate::outbox::FrameBatch;
use realmgate_protocol::wire::datagram::{self, MAX_SECTION_BYTES, Section};

/// Faults of the link for frames, in both directions. Messages always arrive, at once and in order.
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
    session: SessionId,
    wire: Arc<Mutex<Wire>>,
}

#[derive(Debug, Default)]
struct Wire {
    inbox: Inbox,
    refused: RefusalCounts,
    clients: BTreeMap<SessionId, VecDeque<MemoryReceived>>,
    /// Events that the host has not polled yet, in the order they came.
    waiting: VecDeque<TransportEvent>,
    faults: Option<(MemoryFaults, Pcg32)>,
    flushes: u64,
    under_way: Vec<(u64, UnderWay)>,
}

#[derive(Debug)]
enum UnderWay {
    ToHost(SessionId, Vec<u8>),
    ToClient(SessionId, Vec<u8>),
}

/// Creates a host's transport and the network that leads to it.
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
    pub fn connect(&self, ticket: Vec<u8>, session: SessionId) -> MemoryClient {
        let mut wire = lock(&self.wire);
        if wire.clients.contains_key(&session) {
            wire.refused.add(Refusal::DuplicateSession);
            return MemoryClient { session, wire: Arc::new(Mutex::new(Wire::default())) };
        }
        wire.clients.insert(session, VecDeque::new());
        wire.waiting.push_back(TransportEvent::Connected { session, ticket });
        MemoryClient { session, wire: self.wire.clone() }
    }

    /// Applies these faults to frames from now on; `None` for no faults.
    pub fn set_faults(&self, faults: Option<MemoryFaults>) {
        lock(&self.wire).faults = faults.map(|faults| {
            let random = Pcg32::seed_from_u64(faults.seed);
            (faults, random)
        });
    }

    /// How often something has been refused for this reason.
    pub fn refused(&self, reason: Refusal) -> u64 {
        lock(&self.wire).refused.get(reason)
    }
}

impl MemoryClient {
    /// The client's session.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Whether neither side has ended the session.
    pub fn is_connected(&self) -> bool {
        lock(&self.wire).clients.contains_key(&self.session)
    }

    /// Sends a whole payload, with an input frame and nothing else in it.
    pub fn send_frame(&mut self, payload: Vec<u8>) {
        lock(&self.wire).send(UnderWay::ToHost(self.session, payload));
    }

    /// Sends a reliable message.
    pub fn send_message(&mut self, bytes: Vec<u8>) {
        let mut wire = lock(&self.wire);
        if !wire.clients.contains_key(&self.session) {
            return;
        }
        if inbound::is_message_length(bytes.len()) {
            wire.waiting.push_back(TransportEvent::Message { session: self.session, bytes });
        } else {
            wire.refused.add(Refusal::Message);
        }
    }

    /// Everything received since the last call.
    pub fn recv(&mut self) -> Vec<MemoryReceived> {
        let mut wire = lock(&self.wire);
        let Some(received) = wire.clients.get_mut(&self.session) else { return Vec::new() };
        let received: Vec<_> = std::mem::take(received).into();
        if received.contains(&MemoryReceived::Disconnected) {
            wire.clients.remove(&self.session);
        }
        received
    }

    /// Ends the session.
    pub fn disconnect(&mut self) {
        let mut wire = lock(&self.wire);
        if let Some(received) = wire.clients.remove(&self.session)
            && !received.contains(&MemoryReceived::Disconnected)
        {
            wire.waiting.push_back(TransportEvent::Disconnected { session: self.session });
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
            UnderWay::ToClient(session, payload) => {
                if let Some(received) = self.open_client(session) {
                    received.push_back(MemoryReceived::Frame(payload));
                }
            }
            UnderWay::ToHost(session, payload) => {
                if self.open_client(session).is_none() {
                    return;
                }
                match inbound::open(&payload) {
                    Ok((payload, Some(frame))) if payload.ack.is_none() && payload.messages.is_empty() => {
                        self.waiting.push_back(TransportEvent::Frame { session, frame });
                    }
                    // Messages do not travel in payloads here.
                    Ok(_) => self.refused.add(Refusal::Payload),
                    Err(reason) => self.refused.add(reason),
                }
            }
        }
    }

    /// The client's queue, unless the host has ended the session.
    fn open_client(&mut self, session: SessionId) -> Option<&mut VecDeque<MemoryReceived>> {
        let received = self.clients.get_mut(&session)?;
        (received.back() != Some(&MemoryReceived::Disconnected)).then_some(received)
    }
}

impl Transport for MemoryTransport {
    fn poll(&mut self, events: &mut Vec<TransportEvent>) {
        let mut wire = lock(&self.wire);
        let wire = &mut *wire;
        // A session whose share of messages is used up waits as a whole, so that its events stay in order.
        let mut later = VecDeque::new();
        let mut blocked = BTreeSet::new();
        for event in wire.waiting.drain(..) {
            let session = event.session();
            let is_message = matches!(event, TransportEvent::Message { .. });
            if blocked.contains(&session) || (is_message && !wire.inbox.has_room_for_message(session)) {
                blocked.insert(session);
                later.push_back(event);
            } else if !wire.inbox.push(event) {
                wire.refused.add(Refusal::PollBudget);
            }
        }
        wire.waiting = later;
        wire.inbox.drain_into(events);
    }

    fn send_frames(&mut self, mut frames: FrameBatch) -> FrameBatch {
        let mut wire = lock(&self.wire);
        for (session, body) in frames.iter() {
            if body.len() > MAX_SECTION_BYTES {
                wire.refused.add(Refusal::Outgoing);
            } else {
                wire.send(UnderWay::ToClient(session, datagram::seal(Section::Snapshot(body))));
            }
        }
        frames.clear();
        frames
    }

    fn send_message(&mut self, session: SessionId, bytes: Vec<u8>) {
        let mut wire = lock(&self.wire);
        if !inbound::is_message_length(bytes.len()) {
            wire.refused.add(Refusal::Outgoing);
        } else if let Some(received) = wire.open_client(session) {
            received.push_back(MemoryReceived::Message(bytes));
        }
    }

    fn disconnect(&mut self, session: SessionId) {
        let mut wire = lock(&self.wire);
        if let Some(received) = wire.open_client(session) {
            received.push_back(MemoryReceived::Disconnected);
            wire.waiting.push_back(TransportEvent::Disconnected { session });
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
}

#[cfg(test)]
mod tests;
