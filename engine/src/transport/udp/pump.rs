//! The network thread: receives what has come, sends some of what is due, and repeats. It sleeps when there is neither.
//!
//! Slices of both alternate, so that neither a tick's thousands of snapshots nor a flood of datagrams blocks the other.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use super::UdpSettings;
use super::batch::ReceiveBatch;
use super::sending::Sending;
use super::socket::Woken;
use super::wire::{WaitFor, Wire};
use crate::netcode::{Server, ServerSettings};
use crate::transport::budget::{HandshakeBudgets, Rate};
use crate::transport::clock::Clock;
use crate::transport::connection::Connection;
use crate::transport::front::Shared;
use crate::transport::handover::{Handover, Incoming};
use crate::transport::refusal::PacketRefusal;
use crate::transport::rhythm::Gathering;
use crate::transport::{ClientId, TransportEvent};

/// Longest sleep while there are connections and nobody knows when the host polls, so that timers are served in time.
const LOOK_EVERY: Duration = Duration::from_millis(4);
/// How long a tick has the core to itself, where there is only one.
const TICK_ALONE: Duration = Duration::from_millis(8);
/// Longest sleep while there are no connections.
const REST: Duration = Duration::from_secs(1);

pub(super) struct Pump {
    pub(super) wire: Wire,
    clock: Clock,
    pub(super) now: Duration,
    pub(super) netcode: Server,
    pub(super) handshakes: HandshakeBudgets,
    pub(super) datagrams_per_client: Rate,
    /// Sessions by the slots of the netcode server.
    pub(super) connections: Vec<Option<Box<Connection>>>,
    /// The slots of connections whose messages wait for the host.
    pub(super) talking: Vec<usize>,
    pub(super) events: Vec<TransportEvent>,
    /// What payloads are built in: one for all connections, so that it stays in the cache.
    pub(super) payload: Vec<u8>,
    pub(super) host_is_behind: bool,
    /// Whether the host and this thread have one core between them.
    shares_core: bool,
    pub(super) shared: Arc<Shared>,
    pub(super) incoming: Incoming,
    /// The tick whose sends are under way. `next` is the one after it, if it is there.
    pub(super) sending: Option<Sending>,
    pub(super) next: Option<Handover>,
    pub(super) spread: Duration,
    pub(super) burst_bytes: usize,
    gathering: Gathering,
    /// Datagrams that were taken from the socket since the last rest.
    taken: usize,
    pub(super) tended_at: Duration,
    /// The slot that was tended last.
    pub(super) tended: usize,
    /// Connections with renet's framing.
    renet: usize,
    own_metric: metrics::Gauge,
    renet_metric: metrics::Gauge,
    pub(super) queue_metric: metrics::Gauge,
    pub(super) lag_metric: metrics::Histogram,
}

impl Pump {
    pub(super) fn new(
        settings: &UdpSettings,
        server: ServerSettings,
        clock: Clock,
        socket: UdpSocket,
        woken: Woken,
        shared: Arc<Shared>,
        incoming: Incoming,
    ) -> Self {
        let wire = Wire::new(socket, woken);
        Self {
            gathering: Gathering::new(wire.holds()),
            wire,
            clock,
            now: Duration::ZERO,
            netcode: Server::new(server),
            handshakes: HandshakeBudgets::new(settings.handshakes_per_source, settings.handshakes, Duration::ZERO),
            datagrams_per_client: settings.datagrams_per_client,
            connections: Vec::new(),
            talking: Vec::new(),
            events: Vec::new(),
            payload: Vec::new(),
            host_is_behind: false,
            shares_core: settings.shares_core,
            shared,
            incoming,
            sending: None,
            next: None,
            spread: settings.spread_sends_over,
            burst_bytes: settings.burst_bytes,
            taken: 0,
            tended_at: Duration::ZERO,
            tended: 0,
            renet: 0,
            own_metric: metrics::gauge!("realmgate_sessions", "transport" => "udp", "framing" => "own"),
            renet_metric: metrics::gauge!("realmgate_sessions", "transport" => "udp", "framing" => "renet"),
            queue_metric: metrics::gauge!("realmgate_send_queue_frames", "transport" => "udp"),
            lag_metric: metrics::histogram!("realmgate_tick_send_seconds", "transport" => "udp"),
        }
    }

    /// Runs until the transport is dropped.
    pub(super) fn run(mut self) {
        let mut received = ReceiveBatch::new();
        while !self.shared.is_stopping() {
            self.now = self.clock.since_start();
            self.netcode.set_unix_start(self.clock.unix_start());
            self.receive_slice(&mut received);
            self.taken += received.len();
            let sends_are_due = self.send_slice();
            self.tend();
            self.wire.flush();
            self.deliver();
            self.wire.report();
            if !received.is_full() && !sends_are_due {
                self.rest();
            }
        }
        // What the host sent last must still go out.
        self.spread = Duration::ZERO;
        while self.send_slice() {}
        (0..self.connections.len()).for_each(|slot| self.disconnect(slot));
        self.wire.flush();
        self.wire.report();
    }

    /// Leaves the core to a tick that is under way, where there is only one. Returns whether it has waited.
    ///
    /// What comes during a tick is for the next one: to take it at once would only make this one longer.
    pub(super) fn yield_to_tick(&mut self) -> bool {
        if !self.shares_core || !self.shared.is_ticking() {
            return false;
        }
        self.wire.wait(WaitFor::Host, TICK_ALONE);
        self.now = self.clock.since_start();
        true
    }

    fn rest(&mut self) {
        let (now, taken) = (self.clock.since_start(), std::mem::take(&mut self.taken));
        self.gathering.looked(now, taken);
        let next_poll = self.shared.next_poll();
        let is_played = self.netcode.connected() > 0;
        let (until, at_most) = match next_poll {
            _ if taken == 0 && !is_played => (WaitFor::Anything, REST),
            None if taken == 0 => (WaitFor::Anything, LOOK_EVERY),
            _ => (WaitFor::Host, self.gathering.rests(next_poll, self.netcode.is_anybody_entering())),
        };
        let next_burst = self.sending.as_ref().map_or(at_most, |sending| sending.rests(now, self.spread));
        self.wire.wait(until, at_most.min(next_burst));
    }

    pub(super) fn refuse(&self, reason: PacketRefusal) {
        self.shared.refused.add(reason);
    }

    pub(super) fn connection(&mut self, slot: usize) -> Option<&mut Connection> {
        self.connections.get_mut(slot)?.as_deref_mut()
    }

    /// Hands received events and messages over to the host.
    pub(super) fn deliver(&mut self) {
        if self.events.is_empty() && self.talking.is_empty() && !self.host_is_behind {
            return;
        }
        let (shared, events, connections) = (&self.shared, &mut self.events, &mut self.connections);
        let talking = &mut self.talking;
        self.host_is_behind = shared.with_inbox(|inbox| {
            for event in events.drain(..) {
                if !inbox.push(event) {
                    shared.refused.add(PacketRefusal::PollBudget);
                }
            }
            talking.retain(|slot| {
                let Some(connection) = connections.get_mut(*slot).and_then(Option::as_deref_mut) else { return false };
                while inbox.has_room_for_message(connection.client)
                    && let Some(bytes) = connection.next_message()
                {
                    inbox.push(TransportEvent::Message { client: connection.client, bytes });
                }
                connection.is_talking = connection.may_have_message();
                connection.is_talking
            });
            inbox.is_crowded()
        });
    }

    /// Ends a connection and tells its client.
    pub(super) fn disconnect(&mut self, slot: usize) {
        self.netcode.disconnect(slot, self.now, &mut |datagram, to| self.wire.send(datagram, to));
        self.end(slot);
    }

    /// Removes a connection. The host gets its last messages and learns that it is over.
    pub(super) fn end(&mut self, slot: usize) {
        let Some(mut entry) = self.connections.get_mut(slot).and_then(Option::take) else { return };
        self.talking.retain(|other| *other != slot);
        let was_renet = usize::from(entry.is_renet());
        self.count_renet(|count| count - was_renet);
        let client = entry.client;
        let last = std::iter::from_fn(|| entry.next_message());
        self.events.extend(last.map(|bytes| TransportEvent::Message { client, bytes }));
        self.events.push(TransportEvent::Disconnected { client });
    }

    /// Changes the number of connections with renet's framing, and reports how many there are of each.
    pub(super) fn count_renet(&mut self, change: impl FnOnce(usize) -> usize) {
        self.renet = change(self.renet);
        self.own_metric.set(self.netcode.connected().saturating_sub(self.renet) as f64);
        self.renet_metric.set(self.renet as f64);
    }

    /// The slot of a connection that is not closing.
    pub(super) fn open_slot(&mut self, client: ClientId) -> Option<usize> {
        let slot = self.netcode.slot_of(client.0)?;
        self.connection(slot).is_some_and(|connection| !connection.is_closing()).then_some(slot)
    }
}

/// The host learns that the connections are over, however the thread ends.
impl Drop for Pump {
    fn drop(&mut self) {
        let left = self.connections.iter_mut().filter_map(Option::take);
        self.events.extend(left.map(|connection| TransportEvent::Disconnected { client: connection.client }));
        self.deliver();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::socket::{self, Waker};
    use super::*;
    use crate::transport::front::Front;

    /// The pump of a host that ticks, with the host's end.
    fn pump(shares_core: bool) -> (Pump, Front, Waker) {
        let settings = UdpSettings { shares_core, ..UdpSettings::new((Ipv4Addr::LOCALHOST, 0).into(), [7; 32]) };
        let clock = Clock::start(0);
        let server = ServerSettings {
            key: settings.netcode_key,
            challenge_key: [8; 32],
            protocol_id: settings.protocol_id,
            addresses: Vec::new(),
            max_clients: 1,
            unix_start: clock.unix_start(),
        };
        let (front, incoming) = Front::new(clock, Some(Duration::from_millis(50)));
        let (waker, woken) = Waker::new().unwrap();
        let socket = socket::bind(settings.bind).unwrap();
        (Pump::new(&settings, server, clock, socket, woken, front.shared(), incoming), front, waker)
    }

    #[test]
    fn single_core_is_left_to_a_tick_that_is_under_way() {
        let (mut pump, mut front, waker) = pump(true);
        assert!(!pump.yield_to_tick(), "no tick is under way");
        front.poll(&mut Vec::new());
        let began = pump.clock.since_start();
        assert!(pump.yield_to_tick());
        assert!(pump.clock.since_start() - began >= TICK_ALONE, "it waits");
        assert!(pump.now - began >= TICK_ALONE, "what comes next is dated by the time after the wait");
        waker.wake();
        assert!(pump.yield_to_tick(), "a host that has ended its tick ends the wait");
        front.flush();
        assert!(!pump.yield_to_tick(), "the tick is over");
    }

    #[test]
    fn pump_with_a_core_of_its_own_waits_for_no_tick() {
        let (mut pump, mut front, _waker) = pump(false);
        front.poll(&mut Vec::new());
        assert!(!pump.yield_to_tick());
    }
}
