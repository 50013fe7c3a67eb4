//! A transport that tests can wait for: it holds received events until the host polls, and knows what the host has
//! sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use realmgate_engine::outbox::FrameBatch;
use realmgate_engine::transport::{ClientId, Transport, TransportEvent};

/// A client that does not exist: no ticket names it.
const NOBODY: ClientId = ClientId(u64::MAX);

/// The traffic between the host and one client.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Number of input frames received.
    pub frames_in: usize,
    /// Number of reliable messages received.
    pub messages_in: usize,
    /// The newest snapshot.
    pub newest_frame: Option<Vec<u8>>,
    /// Number of reliable messages sent.
    pub messages_out: usize,
    /// Whether the host has ended the session.
    pub ended: bool,
    /// Whether the end of the session is in the host's next poll, or was in an earlier one.
    pub gone: bool,
}

/// The transport, shared between the host and the test that steps it. Clones are the same gate.
#[derive(Clone)]
pub struct Gate(Arc<Mutex<Held>>);

struct Held {
    transport: Box<dyn Transport>,
    events: Vec<TransportEvent>,
    tallies: BTreeMap<ClientId, Tally>,
}

impl Gate {
    /// A gate in front of this transport.
    pub fn new(transport: impl Transport + 'static) -> Self {
        let transport = Box::new(transport);
        Self(Arc::new(Mutex::new(Held { transport, events: Vec::new(), tallies: BTreeMap::new() })))
    }

    /// Collects the events that have come by now.
    pub fn collect(&self) {
        self.lock().collect();
    }

    /// Makes the network thread receive at once: it wakes up to end a session that does not exist.
    pub fn hurry(&self) {
        let mut held = self.lock();
        held.transport.disconnect(NOBODY);
        held.transport.flush();
    }

    /// The traffic between the host and a client; `None` if it never connected.
    pub fn tally(&self, client: ClientId) -> Option<Tally> {
        self.lock().tallies.get(&client).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn collect(&mut self) {
        let seen = self.events.len();
        self.transport.poll(&mut self.events);
        for event in &self.events[seen..] {
            let tally = self.tallies.entry(event.client()).or_default();
            match event {
                TransportEvent::Frame { .. } => tally.frames_in += 1,
                TransportEvent::Message { .. } => tally.messages_in += 1,
                TransportEvent::Disconnected { .. } => tally.gone = true,
                // A client that comes again begins anew.
                TransportEvent::Connected { .. } => *tally = Tally::default(),
            }
        }
    }

    /// The tally of a session that the host has not ended.
    fn open(&mut self, client: ClientId) -> Option<&mut Tally> {
        self.tallies.get_mut(&client).filter(|tally| !tally.ended)
    }
}

impl Transport for Gate {
    fn poll(&mut self, events: &mut Vec<TransportEvent>) {
        let mut held = self.lock();
        held.collect();
        events.append(&mut held.events);
    }

    fn send_frames(&mut self, frames: FrameBatch) -> FrameBatch {
        let mut held = self.lock();
        for (session, body) in frames.iter() {
            if let Some(tally) = held.open(session.client) {
                tally.newest_frame = Some(body.to_vec());
            }
        }
        held.transport.send_frames(frames)
    }

    fn send_message(&mut self, client: ClientId, bytes: Vec<u8>) {
        let mut held = self.lock();
        if let Some(tally) = held.open(client) {
            tally.messages_out += 1;
        }
        held.transport.send_message(client, bytes);
    }

    fn disconnect(&mut self, client: ClientId) {
        let mut held = self.lock();
        if let Some(tally) = held.open(client) {
            tally.ended = true;
        }
        held.transport.disconnect(client);
    }

    fn flush(&mut self) {
        self.lock().transport.flush();
    }

    fn frames_out(&self) -> u64 {
        self.lock().transport.frames_out()
    }
}
