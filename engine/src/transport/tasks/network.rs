//! What all sockets of the thread share: who is connected, what the host sends, and what it gets.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use realmgate_protocol::wire::datagram::MAX_SECTION_BYTES;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::NetworkSettings;
use super::runtime::StrangerCount;
use super::session::{End, Session};
use super::strangers::Strangers;
use crate::transport::clock::Clock;
use crate::transport::connection::Connection;
use crate::transport::framing::Framing;
use crate::transport::front::Shared;
use crate::transport::handover::{Handover, Incoming, Order};
use crate::transport::refusal::PacketRefusal;
use crate::transport::{ClientId, TransportEvent};

/// How often every connection is tended.
const TEND_EVERY: Duration = Duration::from_millis(100);
/// How long it waits while nobody is connected. Whoever comes is heard of in the first message of the host to it.
const REST: Duration = Duration::from_secs(1);
/// How often it is looked whether the host takes messages that wait for it.
const LOOK_EVERY: Duration = Duration::from_millis(4);
/// How long those who are connected at the end have to take what was sent last, and to say goodbye.
const END_WITHIN: Duration = Duration::from_secs(1);

/// The state of the thread. Nothing of it is held over an `await`.
pub(in crate::transport) struct Network {
    settings: NetworkSettings,
    pub(in crate::transport) strangers: Rc<Strangers>,
    pub(super) metrics: Metrics,
    shared: Arc<Shared>,
    clock: Clock,
    sessions: RefCell<HashMap<ClientId, Rc<Session>>>,
    /// Those whose messages wait for the host.
    talking: RefCell<Vec<Rc<Session>>>,
    host_is_behind: Cell<bool>,
    /// Sockets of clients that have shown a ticket, those that say goodbye included.
    pub(super) sockets: Cell<usize>,
}

/// What is measured of all sockets.
pub(super) struct Metrics {
    pub(super) messages_in: metrics::Counter,
    pub(super) messages_out: metrics::Counter,
    pub(super) bytes_in: metrics::Counter,
    pub(super) bytes_out: metrics::Counter,
    sessions: metrics::Gauge,
    queue: metrics::Gauge,
    lag: metrics::Histogram,
}

impl Metrics {
    fn new(transport: &'static str) -> Self {
        Self {
            messages_in: metrics::counter!("realmgate_datagrams_in_total", "transport" => transport),
            messages_out: metrics::counter!("realmgate_datagrams_out_total", "transport" => transport),
            bytes_in: metrics::counter!("realmgate_bytes_in_total", "transport" => transport),
            bytes_out: metrics::counter!("realmgate_bytes_out_total", "transport" => transport),
            sessions: metrics::gauge!("realmgate_sessions", "transport" => transport, "framing" => "own"),
            queue: metrics::gauge!("realmgate_send_queue_frames", "transport" => transport),
            lag: metrics::histogram!("realmgate_tick_send_seconds", "transport" => transport),
        }
    }
}

impl Network {
    pub(super) fn new(
        settings: NetworkSettings,
        shared: Arc<Shared>,
        clock: Clock,
        stranger_count: StrangerCount,
    ) -> Rc<Self> {
        Rc::new(Self {
            strangers: Strangers::new(settings.strangers, stranger_count, clock.since_start()),
            metrics: Metrics::new(settings.name),
            settings,
            shared,
            clock,
            sessions: RefCell::default(),
            talking: RefCell::default(),
            host_is_behind: Cell::new(false),
            sockets: Cell::new(0),
        })
    }

    /// Runs until the transport is dropped, or nobody accepts any more.
    pub(super) async fn run(
        self: Rc<Self>,
        accepting: JoinHandle<()>,
        ending: impl Future<Output = ()>,
        incoming: Incoming,
        woken: &Notify,
    ) {
        let mut tended_at = self.now();
        loop {
            // Asked before the queue is emptied, so that what the host sent last goes out.
            let is_last = self.shared.is_stopping();
            while let Some(mut handover) = incoming.next() {
                self.dispatch(&mut handover);
                incoming.give_back(handover);
            }
            self.deliver_waiting();
            if is_last || accepting.is_finished() {
                break;
            }
            if self.now().saturating_sub(tended_at) >= TEND_EVERY {
                tended_at = self.now();
                self.tend();
            }
            let at_most = match () {
                () if !self.talking.borrow().is_empty() => LOOK_EVERY,
                () if self.sessions.borrow().is_empty() => REST,
                () => TEND_EVERY,
            };
            let _ = timeout(at_most, woken.notified()).await;
        }
        accepting.abort();
        self.for_all(|session| session.close(self.now()));
        let _ = timeout(END_WITHIN, async {
            while self.sockets.get() > 0 {
                sleep(LOOK_EVERY).await;
            }
            ending.await;
        })
        .await;
    }

    pub(in crate::transport) fn now(&self) -> Duration {
        self.clock.since_start()
    }

    pub(in crate::transport) fn refuse(&self, reason: PacketRefusal) {
        self.shared.refused.add(reason);
    }

    /// Whether the host has not polled for a long time: then nobody new is let in.
    pub(in crate::transport) fn host_is_behind(&self) -> bool {
        self.host_is_behind.get()
    }

    /// Sends what is due to a client, as far as its socket takes it.
    pub(super) fn send_due(&self, session: &Session, now: Duration) {
        session.send_due(now, |bytes, shows| {
            self.metrics.messages_out.increment(1);
            self.metrics.bytes_out.increment(bytes as u64);
            if shows {
                self.shared.frames_out.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    /// Connects the client of a ticket, whose bytes admission will check, or says why it cannot be.
    pub(super) fn join(&self, client: ClientId, ticket: &[u8]) -> Result<Rc<Session>, PacketRefusal> {
        if self.host_is_behind() {
            return Err(PacketRefusal::HostBehind);
        }
        let mut sessions = self.sessions.borrow_mut();
        if sessions.contains_key(&client) {
            return Err(PacketRefusal::DuplicateSession);
        }
        if sessions.len() >= self.settings.max_clients {
            return Err(PacketRefusal::ServerFull);
        }
        let connection = Connection::new(
            client,
            self.settings.messages_per_client,
            Framing::own(self.settings.bounds()),
            self.now(),
        );
        let session = Rc::new(Session::new(connection, self.now()));
        sessions.insert(client, session.clone());
        self.metrics.sessions.set(sessions.len() as f64);
        self.deliver([TransportEvent::Connected { client, ticket: ticket.to_vec() }]);
        Ok(session)
    }

    /// Ends a session. The host gets its last messages and learns that it is over.
    pub(super) fn end_session(&self, session: &Session) {
        let client = session.client();
        let mut sessions = self.sessions.borrow_mut();
        sessions.remove(&client);
        self.metrics.sessions.set(sessions.len() as f64);
        self.talking.borrow_mut().retain(|other| other.client() != client);
        let last = std::iter::from_fn(|| session.next_message());
        let last = last.map(|bytes| TransportEvent::Message { client, bytes });
        self.deliver(last.chain([TransportEvent::Disconnected { client }]));
    }

    /// Hands events over to the host.
    pub(super) fn deliver(&self, events: impl IntoIterator<Item = TransportEvent>) {
        let is_crowded = self.shared.with_inbox(|inbox| {
            for event in events {
                if !inbox.push(event) {
                    self.refuse(PacketRefusal::PollBudget);
                }
            }
            inbox.is_crowded()
        });
        self.host_is_behind.set(is_crowded);
    }

    /// Hands over the messages of a session for which the host has room. The others wait for its next poll.
    pub(super) fn deliver_messages(&self, session: &Rc<Session>) {
        if !session.has_message() {
            return;
        }
        let client = session.client();
        self.shared.with_inbox(|inbox| {
            while inbox.has_room_for_message(client)
                && let Some(bytes) = session.next_message()
            {
                inbox.push(TransportEvent::Message { client, bytes });
            }
        });
        let mut talking = self.talking.borrow_mut();
        if session.has_message() && !talking.iter().any(|other| other.client() == client) {
            talking.push(session.clone());
        }
    }

    fn deliver_waiting(&self) {
        let talking = self.talking.take();
        talking.iter().for_each(|session| self.deliver_messages(session));
    }

    /// Hands a tick's sends to the sessions that they are for.
    fn dispatch(&self, handover: &mut Handover) {
        let waiting = &self.shared.frames_waiting;
        self.metrics.queue.set(waiting.load(Ordering::Relaxed) as f64);
        let mut ends = Vec::new();
        for order in handover.orders.drain(..) {
            match order {
                Order::Message(client, message) => self.queue(client, message),
                Order::OfOthers(client, message) => self.queue_of_others(client, message),
                // Done after the snapshots that were written before it.
                Order::Disconnect(client) => ends.push(client),
            }
        }
        let sessions = self.sessions.borrow();
        for (session, snapshot) in handover.frames.iter().flat_map(|batch| batch.iter()) {
            if snapshot.len() > MAX_SECTION_BYTES {
                self.refuse(PacketRefusal::Outgoing);
            } else if let Some(session) = sessions.get(&session.client)
                && !session.is_decided()
            {
                if session.show(snapshot) {
                    self.refuse(PacketRefusal::SnapshotLate);
                }
                self.send_due(session, self.now());
                session.wake_if_needed();
            }
        }
        ends.iter().filter_map(|client| sessions.get(client)).for_each(|session| session.close(self.now()));
        let frames = handover.frame_count() as u64;
        if frames > 0 {
            self.metrics.lag.record(self.now().saturating_sub(handover.handed_over_at).as_secs_f64());
            let left = waiting.fetch_sub(frames, Ordering::Relaxed);
            self.metrics.queue.set(left.saturating_sub(frames) as f64);
        }
    }

    fn queue(&self, client: ClientId, message: Vec<u8>) {
        let Some(session) = self.sessions.borrow().get(&client).cloned() else { return };
        if !session.is_decided() && session.queue(message).is_err() {
            self.refuse(PacketRefusal::ClientBehind);
            session.end(End::Behind);
        }
    }

    fn queue_of_others(&self, client: ClientId, message: Vec<u8>) {
        if self.sessions.borrow().get(&client).is_some_and(|session| session.is_behind()) {
            return self.refuse(PacketRefusal::ClientSlow);
        }
        self.queue(client, message);
    }

    /// Ends those that were closed, those that are silent, and those that have to be, though their sockets take nothing; and
    /// looks how far behind the host is.
    fn tend(&self) {
        let now = self.now();
        self.for_all(|session| {
            if session.is_stalled(now) {
                self.refuse(PacketRefusal::ClientBehind);
                session.end(End::Behind);
            }
            session.end_if_over(now);
            if session.is_silent(now) {
                session.end(End::Silent);
            }
        });
        self.host_is_behind.set(self.shared.with_inbox(|inbox| inbox.is_crowded()));
    }

    fn for_all(&self, act: impl FnMut(&Rc<Session>)) {
        self.sessions.borrow().values().for_each(act);
    }
}
