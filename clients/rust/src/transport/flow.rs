//! What a connection over WebSocket or WebTransport has besides its socket: payloads both ways, what is counted of them, and
//! how it ended.

use std::time::Duration;

use realmgate_protocol::wire::datagram::ClientFrame;

use super::payloads::Payloads;
use super::{CloseReason, Traffic};
use crate::clock::Clock;

/// A server that sends nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(10);
/// While nothing comes, one tick is sent over QUIC in so long.
const PROBE_EVERY: Duration = Duration::from_millis(500);
/// How long a connection that is closed waits for the server to have heard of it.
pub(super) const FAREWELL_WITHIN: Duration = Duration::from_secs(1);
/// The close code of a server that has no room.
pub(super) const TRY_AGAIN_LATER: u16 = 1_013;

/// The payloads of a connection, and its end.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) payloads: Payloads,
    pub(super) traffic: Traffic,
    /// Why it is over; `None` while it is not. The first reason stays.
    pub(super) end: Option<CloseReason>,
    clock: Clock,
    advanced_to: Duration,
    heard_at: Duration,
    /// For how many whole [`PROBE_EVERY`] nothing had come when a tick was last sent over QUIC.
    unheard_probes: u128,
}

impl Flow {
    /// That of a connection which has just been opened.
    pub(super) fn new(clock: Clock) -> Self {
        let (payloads, traffic, now) = (Payloads::new(), Traffic::default(), clock.now());
        Self { payloads, traffic, end: None, clock, advanced_to: now, heard_at: now, unheard_probes: 0 }
    }

    /// The server lives: something has come from it.
    pub(super) fn heard(&mut self) {
        self.heard_at = self.clock.now();
    }

    /// Takes a payload that has come.
    pub(super) fn take(&mut self, payload: &[u8]) {
        self.traffic.bytes_in += payload.len() as u64;
        self.traffic.datagrams_in += 1;
        if self.payloads.receive(payload).is_err() {
            self.traffic.bad_datagrams += 1;
        }
    }

    /// Begins the end of a client tick, before [`Self::compose`]: a server that has been silent for too long is gone.
    pub(super) fn advance(&mut self) -> Result<(), CloseReason> {
        let now = self.clock.now();
        self.payloads.advance(now - self.advanced_to);
        self.advanced_to = now;
        if now - self.heard_at >= SILENCE {
            self.ends(CloseReason::TimedOut);
        }
        self.outcome()
    }

    /// Whether this tick's payloads had better be sent over QUIC: all ticks' while something comes, else those of some.
    ///
    /// QUIC lets little be under way that nobody has acknowledged. What is sent into a line that is down uses that up, and then neither
    /// commands nor, in quinn, acknowledgements go out when it is up again: they wait for probes, which come the more seldom the
    /// longer it was down.
    pub(super) fn is_tick_due(&mut self) -> bool {
        let unheard = self.advanced_to.saturating_sub(self.heard_at);
        let unheard_probes = unheard.as_millis() / PROBE_EVERY.as_millis();
        let is_due = unheard_probes == 0 || unheard_probes != self.unheard_probes;
        self.unheard_probes = unheard_probes;
        is_due
    }

    /// Passes the payloads of a client tick to `send`.
    pub(super) fn compose(&mut self, frame: Option<&ClientFrame>, mut send: impl FnMut(&[u8])) {
        let traffic = &mut self.traffic;
        self.payloads.compose(frame, |payload| {
            traffic.bytes_out += payload.len() as u64;
            traffic.datagrams_out += 1;
            send(payload);
        });
    }

    /// The connection is over.
    pub(super) fn ends(&mut self, reason: CloseReason) {
        self.end.get_or_insert(reason);
    }

    /// Why it is over, as an error.
    pub(super) fn outcome(&self) -> Result<(), CloseReason> {
        self.end.clone().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_nothing_comes_a_tick_in_each_half_second_is_due() {
        let mut flow = Flow::new(Clock::start());
        let mut due_in = |ticks: std::ops::Range<u32>| {
            let is_due = |tick| {
                flow.advanced_to = flow.heard_at + Duration::from_millis(50) * tick;
                flow.is_tick_due()
            };
            ticks.map(is_due).filter(|is_due| *is_due).count()
        };
        assert_eq!(due_in(0..10), 10, "as long as the server may have been slow");
        assert_eq!(due_in(10..60), 5, "at 0.5, 1, 1.5, 2 and 2.5 s");
        assert_eq!(due_in(0..10), 10, "once something has come");
    }
}
