//! A client's connection: its mirrors by namespace, the packet whose attachments are on their way, and its limits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use engineioxide::socket::Permit;
use engineioxide::{Socket, Str};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::flow::{Inflow, Outflow};
use super::packet::Packet;

/// Maximum number of packets that wait for a client; engineioxide has this queue.
pub(super) const CLIENT_QUEUE: usize = 64;
/// Maximum number of packets that wait for a service's socket. More than a client sends at once, since engineioxide
/// passes a burst on before the mirror's task runs; their bytes are bounded by what a client may send in 10 s.
pub(super) const SERVICE_QUEUE: usize = 1_024;

/// The state that engineioxide keeps for each connection.
#[derive(Default)]
pub struct Connection(Mutex<State>);

/// What a connection holds, behind its lock.
#[derive(Default)]
pub(super) struct State {
    mirrors: Vec<Handle>,
    last_id: u64,
    pending: Option<Pending>,
    is_closed: bool,
    /// Whether a task waits for a namespace to be joined.
    pub(super) is_watched: bool,
    pub(super) inflow: Inflow,
    outflow: Outflow,
}

/// Why a mirror ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client left the namespace.
    ClientLeft,
    /// The client's connection has closed.
    ClientClosed,
    /// The service left the namespace.
    ServiceLeft,
    /// The service's socket was lost.
    ServiceLost,
    /// The service broke the protocol.
    ServiceFault,
    /// The login has ended.
    LoggedOut,
    /// The client does not read.
    SlowClient,
    /// The service does not read.
    SlowService,
    /// A packet is larger than the service's limit.
    TooLarge,
    /// The client has sent more than a client may.
    Flood,
    /// The door shuts down.
    Shutdown,
}

impl End {
    /// Its name in metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::ClientLeft => "client_left",
            Self::ClientClosed => "client_closed",
            Self::ServiceLeft => "service_left",
            Self::ServiceLost => "service_lost",
            Self::ServiceFault => "service_fault",
            Self::LoggedOut => "logged_out",
            Self::SlowClient => "slow_client",
            Self::SlowService => "slow_service",
            Self::TooLarge => "too_large",
            Self::Flood => "flood",
            Self::Shutdown => "shutdown",
        }
    }
}

/// Ends a mirror from outside, once.
#[derive(Default)]
pub(super) struct Stop {
    token: CancellationToken,
    why: OnceLock<End>,
}

impl Stop {
    pub(super) fn stop(&self, why: End) {
        // The first reason counts.
        let _ = self.why.set(why);
        self.token.cancel();
    }

    pub(super) async fn stopped(&self) -> End {
        self.token.cancelled().await;
        self.why.get().copied().unwrap_or(End::ClientClosed)
    }
}

/// A packet on its way to a service: an Engine.IO text and its attachments.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    pub(super) text: String,
    pub(super) attachments: Vec<Bytes>,
}

/// A connection's end of a mirror.
pub(super) struct Handle {
    pub(super) id: u64,
    pub(super) namespace: Arc<str>,
    pub(super) service_namespace: Arc<str>,
    pub(super) max_packet_bytes: usize,
    pub(super) queue: mpsc::Sender<Parcel>,
    pub(super) stop: Arc<Stop>,
}

/// A packet whose attachments are not complete.
struct Pending {
    /// The mirror that gets it; `None` if it is dropped.
    mirror: Option<u64>,
    parcel: Parcel,
    bytes: usize,
    missing: usize,
}

/// A message that comes where none is allowed: the connection closes.
pub(super) struct OutOfOrder;

/// Why a packet was not put into a client's queue.
pub(super) enum NotSent {
    /// The queue is full; the packet comes back.
    Full(String, VecDeque<Bytes>),
    /// The connection is closed, or the mirror does not belong to it any longer.
    Closed,
}

impl Connection {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether it has joined no namespace.
    pub(super) const fn is_idle(&self) -> bool {
        self.mirrors.is_empty()
    }

    pub(super) const fn mirrors(&self) -> usize {
        self.mirrors.len()
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(super) const fn is_between_packets(&self) -> bool {
        self.pending.is_none()
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn has(&self, namespace: &str) -> bool {
        self.mirrors.iter().any(|mirror| *mirror.namespace == *namespace)
    }

    pub(super) fn join(&mut self, handle: Handle) {
        self.mirrors.push(handle);
    }

    /// Removes and returns the mirror of a namespace.
    pub(super) fn leave(&mut self, namespace: &str) -> Option<Handle> {
        let at = self.mirrors.iter().position(|mirror| *mirror.namespace == *namespace)?;
        Some(self.mirrors.swap_remove(at))
    }

    /// Ends all mirrors; no other is joined.
    pub(super) fn close(&mut self, why: End) {
        self.is_closed = true;
        self.pending = None;
        for mirror in self.mirrors.drain(..) {
            mirror.stop.stop(why);
        }
    }

    /// Passes a packet on to the mirror of its namespace, at once or when its attachments are complete. A packet of a
    /// namespace that is not joined is dropped: the mirror may have ended while the packet was on its way.
    pub(super) fn pass(&mut self, packet: &Packet<'_>) {
        let mirror = self.mirrors.iter().find(|mirror| *mirror.namespace == *packet.namespace);
        let text = mirror.map(|mirror| packet.write("4", &mirror.service_namespace)).unwrap_or_default();
        let bytes = text.len();
        let parcel = Parcel { text, attachments: Vec::new() };
        let mirror = mirror.map(|mirror| mirror.id);
        let pending = Pending { mirror, parcel, bytes, missing: packet.attachments };
        self.advance(pending);
    }

    /// The next attachment of the packet that is not complete.
    pub(super) fn attach(&mut self, bytes: Bytes) -> Result<(), OutOfOrder> {
        let mut pending = self.pending.take().ok_or(OutOfOrder)?;
        pending.missing -= 1;
        pending.bytes += bytes.len();
        if pending.mirror.is_some() {
            pending.parcel.attachments.push(bytes);
        }
        self.advance(pending);
        Ok(())
    }

    fn advance(&mut self, mut pending: Pending) {
        let mirror = self.mirrors.iter().find(|mirror| Some(mirror.id) == pending.mirror);
        let too_large = mirror.filter(|mirror| pending.bytes > mirror.max_packet_bytes);
        if let Some(mirror) = too_large {
            mirror.stop.stop(End::TooLarge);
            (pending.mirror, pending.parcel) = (None, Parcel::default());
        }
        if pending.missing > 0 {
            self.pending = Some(pending);
        } else if let Some(mirror) = mirror.filter(|_| pending.mirror.is_some())
            && let Err(mpsc::error::TrySendError::Full(_)) = mirror.queue.try_send(pending.parcel)
        {
            mirror.stop.stop(End::SlowService);
        }
    }

    /// Puts a packet of a mirror into the client's queue. Its attachments follow it immediately.
    pub(super) fn emit(
        &mut self,
        socket: &Socket<Connection>,
        mirror: u64,
        (text, attachments): (String, VecDeque<Bytes>),
        max_bytes: usize,
    ) -> Result<(), NotSent> {
        if !self.mirrors.iter().any(|handle| handle.id == mirror) {
            return Err(NotSent::Closed);
        }
        let size = text.len() + attachments.iter().map(Bytes::len).sum::<usize>();
        if !self.has_room(socket, size, max_bytes) {
            return Err(NotSent::Full(text, attachments));
        }
        // One slot stays free: a ping that finds a full queue closes the connection.
        let slots = socket.reserve().and_then(|slot| Ok((slot, socket.reserve()?)));
        match slots {
            Ok((slot, _free)) => slot.emit_many(Str::from(text), attachments),
            Err(mpsc::error::TrySendError::Full(())) => return Err(NotSent::Full(text, attachments)),
            Err(mpsc::error::TrySendError::Closed(())) => return Err(NotSent::Closed),
        }
        self.outflow.push(size);
        Ok(())
    }

    /// Whether the packets in the queue and this one have at most `max_bytes`. An empty queue takes every packet.
    fn has_room(&mut self, socket: &Socket<Connection>, size: usize, max_bytes: usize) -> bool {
        self.outflow.keep(CLIENT_QUEUE);
        if self.outflow.bytes() + size <= max_bytes {
            return true;
        }
        // The queue does not say how full it is: its free slots are counted.
        let mut free: Vec<Permit<'_>> = Vec::with_capacity(CLIENT_QUEUE);
        free.extend(std::iter::from_fn(|| socket.reserve().ok()));
        self.outflow.keep(CLIENT_QUEUE.saturating_sub(free.len()));
        self.outflow.bytes() == 0 || self.outflow.bytes() + size <= max_bytes
    }

    /// Removes a mirror that ends by itself. `None` if it was removed before; else whether it was the only one.
    pub(super) fn end(&mut self, mirror: u64) -> Option<bool> {
        let at = self.mirrors.iter().position(|handle| handle.id == mirror)?;
        self.mirrors.swap_remove(at);
        Some(self.mirrors.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::parse;
    use super::*;

    fn joined(state: &mut State, namespace: &str, max_packet_bytes: usize) -> (mpsc::Receiver<Parcel>, Arc<Stop>) {
        let (queue, parcels) = mpsc::channel(2);
        let stop = Arc::new(Stop::default());
        let (namespace, service_namespace) = (namespace.into(), "/".into());
        let id = state.next_id();
        state.join(Handle { id, namespace, service_namespace, max_packet_bytes, queue, stop: stop.clone() });
        (parcels, stop)
    }

    #[test]
    fn attachments_stay_with_their_packet() {
        let mut state = State::default();
        let (mut parcels, _stop) = joined(&mut state, "/shop", 100);
        state.pass(&parse(r#"52-/shop,["a"]"#).unwrap());
        assert!(!state.is_between_packets());
        assert!(parcels.try_recv().is_err(), "it is not complete");
        assert!(state.attach("one".into()).is_ok() && state.attach("two".into()).is_ok());
        let parcel = parcels.try_recv().unwrap();
        assert_eq!(parcel.text, r#"452-["a"]"#);
        assert_eq!(parcel.attachments, ["one", "two"]);
        assert!(state.is_between_packets() && state.attach("three".into()).is_err());
    }

    #[test]
    fn packets_of_other_namespaces_are_dropped_with_their_attachments() {
        let mut state = State::default();
        let (mut parcels, _stop) = joined(&mut state, "/shop", 100);
        state.pass(&parse(r#"51-/forum,["a"]"#).unwrap());
        assert!(state.attach("one".into()).is_ok());
        state.pass(&parse(r#"2/shop,["b"]"#).unwrap());
        assert_eq!(parcels.try_recv().unwrap().text, r#"42["b"]"#);
    }

    #[test]
    fn packet_above_the_limit_ends_its_mirror_alone() {
        let mut state = State::default();
        let (mut parcels, stop) = joined(&mut state, "/shop", 20);
        let (_forum_parcels, forum) = joined(&mut state, "/forum", 20);
        state.pass(&parse(r#"52-/shop,["a"]"#).unwrap());
        assert!(state.attach(vec![0; 30].into()).is_ok() && state.attach("two".into()).is_ok());
        assert_eq!(stop.why.get(), Some(&End::TooLarge));
        assert!(parcels.try_recv().is_err() && forum.why.get().is_none());
    }

    #[test]
    fn full_queue_ends_its_mirror_alone() {
        let mut state = State::default();
        let (_parcels, stop) = joined(&mut state, "/shop", 100);
        let (_forum_parcels, forum) = joined(&mut state, "/forum", 100);
        for _ in 0..2 {
            state.pass(&parse("2/shop,[]").unwrap());
        }
        assert_eq!(stop.why.get(), None);
        state.pass(&parse("2/shop,[]").unwrap());
        assert_eq!((stop.why.get(), forum.why.get()), (Some(&End::SlowService), None));
    }

    #[test]
    fn mirror_that_has_ended_is_not_the_one_that_joins_again() {
        let mut state = State::default();
        let (_parcels, _stop) = joined(&mut state, "/shop", 100);
        assert!(state.leave("/shop").is_some() && !state.has("/shop"));
        let (_other_parcels, _other) = joined(&mut state, "/shop", 100);
        assert_eq!(state.end(1), None);
        assert_eq!(state.end(2), Some(true));
    }
}
