//! A transport that can be waited for: it holds what came until the host asks, and knows what the host has sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use realmgate_engine::outbox::FrameBatch;
use realmgate_engine::transport::udp::UdpTransport;
use realmgate_engine::transport::{SessionId, Transport, TransportEvent};

/// A session that no ticket names.
const NOBODY: SessionId = SessionId(u64::MAX);

/// What has passed between the host and one client.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Input frames that came.
    pub frames_in: usize,
    /// Reliable messages that came.
    pub messages_in: usize,
    /// The newest snapshot.
    pub newest_frame: Option<Vec<u8>>,
    /// Reliable messages that were sent.
    pub messages_out: usize,
    /// Whether the host has ended the session.
    pub ended: bool,
    /// Whether the host's next poll finds it over, or one has found it so.
    pub gone: bool,
}

/// The transport, shared between the host and whoever steps it. Copies are the same gate.
#[derive(Clone)]
pub struct Gate(Arc<Mutex<Held>>);

struct Held {
    transport: UdpTransport,
    events: Vec<TransportEvent>,
    tallies: BTreeMap<SessionId, Tally>,
}

impl Gate {
    /// A gate before this transport.
    pub fn new(transport: UdpTransport) -> Self {
        Self(Arc::new(Mutex::new(Held { transport, events: Vec::new(), tallies: BTreeMap::new() })))
    }

    /// Takes in what has come by now.
    pub fn collect(&self) {
        self.lock().collect();
    }

    /// Has the network thread look at once at what has come: it wakes to end the session of nobody.
    pub fn hurry(&self) {
        let mut held = self.lock();
        held.transport.disconnect(NOBODY);
        held.transport.flush();
    }

    /// What has passed between the host and a client; `None` for one that never connected.
    pub fn tally(&self, session: SessionId) -> Option<Tally> {
        self.lock().tallies.get(&session).cloned()
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
            let tally = self.tallies.entry(event.session()).or_default();
            match event {
                TransportEvent::Frame { .. } => tally.frames_in += 1,
                TransportEvent::Message { .. } => tally.messages_in += 1,
                TransportEvent::Disconnected { .. } => tally.gone = true,
                TransportEvent::Connected { .. } => {}
            }
        }
    }

    /// The tally of a session that goes on.
    fn open(&mut self, session: SessionId) -> Option<&mut Tally> {
        self.tallies.get_mut(&session).filter(|tally| !tally.ended)
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
            if let Some(tally) = held.open(session) {
                tally.newest_frame = Some(body.to_vec());
            }
        }
        held.transport.send_frames(frames)
    }

    fn send_message(&mut self, session: SessionId, bytes: Vec<u8>) {
        let mut held = self.lock();
        if let Some(tally) = held.open(session) {
            tally.messages_out += 1;
        }
        held.transport.send_message(session, bytes);
    }

    fn disconnect(&mut self, session: SessionId) {
        let mut held = self.lock();
        if let Some(tally) = held.open(session) {
            tally.ended = true;
        }
        held.transport.disconnect(session);
    }

    fn flush(&mut self) {
        self.lock().transport.flush();
    }

    fn frames_out(&self) -> Option<u64> {
        self.lock().transport.frames_out()
    }
}
