//! The network thread: receives what has come, sends some of what is due, and repeats. It sleeps when there is neither.
//!
//! Slices of both alternate, so that neither a tick's thousands of snapshots nor a flood of datagrams blocks the other.

use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::budget::{HandshakeBudgets, Rate};
use super::clock::Clock;
use super::handover::{Handover, Incoming};
use super::sending::Sending;
use super::session::Session;
use super::wire::{WaitFor, Wire};
use super::{Shared, UdpSettings};
use crate::netcode::{Server, ServerSettings};
use crate::transport::refusal::Refusal;
use crate::transport::{ClientId, TransportEvent};

/// Longer than any datagram that is accepted; the kernel cuts off the rest.
const RECEIVE_BYTES: usize = 2_048;
/// How long further datagrams may gather after some have come: one look at a thousand clients' inputs costs less than a
/// thousand looks.
const GATHER: Duration = Duration::from_millis(2);
/// Longest sleep while there are sessions, so that timers are served in time.
const LOOK_EVERY: Duration = Duration::from_millis(4);
/// Longest sleep while there are no sessions.
const REST: Duration = Duration::from_millis(100);

pub(super) struct Pump {
    pub(super) wire: Wire,
    clock: Clock,
    pub(super) now: Duration,
    pub(super) netcode: Server,
    pub(super) handshakes: HandshakeBudgets,
    pub(super) datagrams_per_client: Rate,
    /// Sessions by the slots of the netcode server.
    pub(super) sessions: Vec<Option<Box<Session>>>,
    /// The slots of sessions whose messages wait for the host.
    pub(super) talking: Vec<usize>,
    pub(super) events: Vec<TransportEvent>,
    pub(super) host_is_behind: bool,
    pub(super) shared: Arc<Shared>,
    pub(super) incoming: Incoming,
    /// The tick whose sends are under way. `next` is the one after it, if it is there.
    pub(super) sending: Option<Sending>,
    pub(super) next: Option<Handover>,
    pub(super) spread: Duration,
    pub(super) tended_at: Duration,
    /// The slot that was tended last.
    pub(super) tended: usize,
    pub(super) sessions_metric: metrics::Gauge,
    pub(super) queue_metric: metrics::Gauge,
    pub(super) lag_metric: metrics::Histogram,
}

impl Pump {
    pub(super) fn new(
        settings: &UdpSettings,
        server: ServerSettings,
        clock: Clock,
        socket: UdpSocket,
        woken: UnixStream,
        shared: Arc<Shared>,
        incoming: Incoming,
    ) -> Self {
        Self {
            wire: Wire::new(socket, woken),
            clock,
            now: Duration::ZERO,
            netcode: Server::new(server),
            handshakes: HandshakeBudgets::new(settings.handshakes_per_source, settings.handshakes, Duration::ZERO),
            datagrams_per_client: settings.datagrams_per_client,
            sessions: Vec::new(),
            talking: Vec::new(),
            events: Vec::new(),
            host_is_behind: false,
            shared,
            incoming,
            sending: None,
            next: None,
            spread: settings.spread_sends_over,
            tended_at: Duration::ZERO,
            tended: 0,
            sessions_metric: metrics::gauge!("realmgate_sessions"),
            queue_metric: metrics::gauge!("realmgate_send_queue_frames"),
            lag_metric: metrics::histogram!("realmgate_tick_send_seconds"),
        }
    }

    /// Runs until the transport is dropped.
    pub(super) fn run(mut self) {
        let mut buffer = [0; RECEIVE_BYTES];
        while !self.shared.stop.load(Ordering::Acquire) {
            self.now = self.clock.now();
            let received = self.receive_slice(&mut buffer);
            let sends_are_due = self.send_slice();
            self.tend();
            self.deliver();
            self.wire.report();
            if !received.is_full && !sends_are_due {
                self.rest(received.count > 0);
            }
        }
        // What the host sent last must still go out.
        self.spread = Duration::ZERO;
        while self.send_slice() {}
        (0..self.sessions.len()).for_each(|slot| self.disconnect(slot));
        self.wire.report();
    }

    fn rest(&self, has_received: bool) {
        let (until, at_most) = match () {
            () if has_received => (WaitFor::Host, GATHER),
            () if self.netcode.connected() > 0 => (WaitFor::Anything, LOOK_EVERY),
            () => (WaitFor::Anything, REST),
        };
        let next_burst = self.sending.as_ref().map_or(at_most, |sending| sending.rests(self.now, self.spread));
        self.wire.wait(until, at_most.min(next_burst));
    }

    pub(super) fn refuse(&self, reason: Refusal) {
        self.shared.refused.add(reason);
    }

    pub(super) fn session(&mut self, slot: usize) -> Option<&mut Session> {
        self.sessions.get_mut(slot)?.as_deref_mut()
    }

    /// Hands received events and messages over to the host.
    pub(super) fn deliver(&mut self) {
        if self.events.is_empty() && self.talking.is_empty() && !self.host_is_behind {
            return;
        }
        let (shared, events, sessions) = (&self.shared, &mut self.events, &mut self.sessions);
        let talking = &mut self.talking;
        self.host_is_behind = shared.with_inbox(|inbox| {
            for event in events.drain(..) {
                if !inbox.push(event) {
                    shared.refused.add(Refusal::PollBudget);
                }
            }
            talking.retain(|slot| {
                let Some(session) = sessions.get_mut(*slot).and_then(Option::as_deref_mut) else { return false };
                while inbox.has_room_for_message(session.client)
                    && let Some(bytes) = session.next_message()
                {
                    inbox.push(TransportEvent::Message { client: session.client, bytes });
                }
                session.is_talking = session.may_have_message();
                session.is_talking
            });
            inbox.is_crowded()
        });
    }

    /// Ends a session and tells its client.
    pub(super) fn disconnect(&mut self, slot: usize) {
        self.netcode.disconnect(slot, self.now, &mut |datagram, to| self.wire.send(datagram, to));
        self.end(slot);
    }

    /// Removes a session. The host gets its last messages and learns that it is over.
    pub(super) fn end(&mut self, slot: usize) {
        let Some(mut entry) = self.sessions.get_mut(slot).and_then(Option::take) else { return };
        self.talking.retain(|other| *other != slot);
        self.sessions_metric.set(self.netcode.connected() as f64);
        let client = entry.client;
        let last = std::iter::from_fn(|| entry.next_message());
        self.events.extend(last.map(|bytes| TransportEvent::Message { client, bytes }));
        self.events.push(TransportEvent::Disconnected { client });
    }

    /// The slot of a session that is not closing.
    pub(super) fn open_slot(&mut self, client: ClientId) -> Option<usize> {
        let slot = self.netcode.slot_of(client.0)?;
        self.session(slot).is_some_and(|session| !session.is_closing()).then_some(slot)
    }
}

/// The host learns that the sessions are over, however the thread ends.
impl Drop for Pump {
    fn drop(&mut self) {
        let left = self.sessions.iter_mut().filter_map(Option::take);
        self.events.extend(left.map(|session| TransportEvent::Disconnected { client: session.client }));
        self.deliver();
    }
}
