//! Sending to clients, on the network thread.
//!
//! A tick's snapshots are spread over a part of the tick, so that they do not leave as one burst. What is left of them
//! goes out at once when the next tick's are there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use realmgate_protocol::wire::datagram::MAX_SECTION_BYTES;

use super::pump::Pump;
use crate::transport::ClientId;
use crate::transport::handover::{Handover, Order};
use crate::transport::refusal::PacketRefusal;

/// Most frames that are sent before the socket is read again.
const SLICE: usize = 64;
/// What a datagram has beside its snapshot: the headers of IP, UDP, netcode and payload.
const HEAD_BYTES: usize = 60;
/// How often every connection is tended: keep-alives, time-outs, and resends to clients that get no snapshots.
const TEND_EVERY: Duration = Duration::from_millis(100);
const TEND_STEP: Duration = Duration::from_millis(1);

/// A tick's sends, partly done.
#[derive(Debug, Default)]
pub(super) struct Sending {
    handover: Handover,
    /// The next frame: its batch, and its index there.
    batch: usize,
    index: usize,
    sent: usize,
    frames: usize,
    /// Frames that go out together, since waking up costs more than sending some.
    burst: usize,
    begun_at: Duration,
    /// Clients that get messages besides frames.
    messaged: Vec<ClientId>,
    disconnects: Vec<ClientId>,
}

impl Sending {
    /// How many of the frames should be out by now: whole bursts, the first at once.
    fn due(&self, now: Duration, spread: Duration) -> usize {
        let (passed, bursts) = (now.saturating_sub(self.begun_at), self.frames.div_ceil(self.burst));
        if passed >= spread {
            return self.frames;
        }
        let before = (bursts as u128 * passed.as_nanos() / spread.as_nanos()) as usize;
        ((before + 1) * self.burst).min(self.frames)
    }

    /// Time until the next burst.
    pub(super) fn rests(&self, now: Duration, spread: Duration) -> Duration {
        let (burst, bursts) = (self.sent / self.burst, self.frames.div_ceil(self.burst).max(1));
        let due_at = self.begun_at + spread.mul_f64(burst as f64 / bursts as f64);
        due_at.saturating_sub(now)
    }

    /// Moves on to the next frame, if there is one.
    fn step(&mut self) -> Option<(usize, usize)> {
        while self.index >= self.handover.frames.get(self.batch)?.len() {
            (self.batch, self.index) = (self.batch + 1, 0);
        }
        self.index += 1;
        self.sent += 1;
        Some((self.batch, self.index - 1))
    }
}

impl Pump {
    /// Sends what is due, at most one slice. Returns whether more is due.
    pub(super) fn send_slice(&mut self) -> bool {
        if self.next.is_none() {
            self.next = self.incoming.next();
        }
        if self.sending.is_none() {
            match self.next.take() {
                Some(handover) => self.begin(handover),
                None => return false,
            }
        }
        let Some(mut sending) = self.sending.take() else { return false };
        let due = if self.next.is_some() { sending.frames } else { sending.due(self.now, self.spread) };
        let slice_end = due.min(sending.sent + SLICE);
        while sending.sent < slice_end
            && let Some((batch, index)) = sending.step()
        {
            if let Some((session, snapshot)) = sending.handover.frames[batch].get(index) {
                self.send_frame(session.client, snapshot);
            }
        }
        if sending.sent >= sending.frames {
            self.finish(sending);
            return true;
        }
        let is_more_due = sending.sent < due;
        self.sending = Some(sending);
        is_more_due
    }

    fn begin(&mut self, mut handover: Handover) {
        self.queue_metric.set(self.shared.frames_waiting.load(Ordering::Relaxed) as f64);
        let (frames, bytes) = (handover.frame_count(), handover.frame_bytes());
        let burst = (self.burst_bytes / (HEAD_BYTES + bytes / frames.max(1))).max(1);
        let mut sending = Sending { frames, burst, begun_at: self.now, ..Sending::default() };
        for order in handover.orders.drain(..) {
            match order {
                Order::Message(client, message) => {
                    self.queue_message(client, message);
                    sending.messaged.push(client);
                }
                Order::OfOthers(client, message) => {
                    self.queue_of_others(client, message);
                    sending.messaged.push(client);
                }
                // Done after the frames that were written before it.
                Order::Disconnect(client) => sending.disconnects.push(client),
            }
        }
        sending.handover = handover;
        self.sending = Some(sending);
    }

    fn finish(&mut self, sending: Sending) {
        for client in sending.messaged {
            if let Some(slot) = self.netcode.slot_of(client.0) {
                self.compose(slot, None);
            }
        }
        for client in sending.disconnects {
            if let Some(slot) = self.netcode.slot_of(client.0) {
                let now = self.now;
                self.connection(slot).into_iter().for_each(|connection| connection.close(now));
                self.tend_slot(slot);
            }
        }
        if sending.frames > 0 {
            self.lag_metric.record(self.now.saturating_sub(sending.handover.handed_over_at).as_secs_f64());
            let left = self.shared.frames_waiting.fetch_sub(sending.frames as u64, Ordering::Relaxed);
            self.queue_metric.set(left.saturating_sub(sending.frames as u64) as f64);
        }
        self.incoming.give_back(sending.handover);
    }

    fn send_frame(&mut self, client: ClientId, snapshot: &[u8]) {
        if snapshot.len() > MAX_SECTION_BYTES {
            return self.refuse(PacketRefusal::Outgoing);
        }
        if let Some(slot) = self.open_slot(client) {
            self.compose(slot, Some(snapshot));
            self.shared.frames_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn queue_message(&mut self, client: ClientId, message: Vec<u8>) {
        let Some(slot) = self.open_slot(client) else { return };
        if self.connection(slot).is_some_and(|connection| connection.queue(message).is_err()) {
            self.refuse(PacketRefusal::ClientBehind);
            self.disconnect(slot);
        }
    }

    fn queue_of_others(&mut self, client: ClientId, message: Vec<u8>) {
        let Some(slot) = self.open_slot(client) else { return };
        if self.connection(slot).is_some_and(|connection| connection.is_behind()) {
            return self.refuse(PacketRefusal::ClientSlow);
        }
        self.queue_message(client, message);
    }

    /// Sends a snapshot, if there is one, and those of the connection's messages that are due.
    fn compose(&mut self, slot: usize, snapshot: Option<&[u8]>) {
        let (now, wire, netcode) = (self.now, &self.wire, &mut self.netcode);
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_deref_mut) else { return };
        connection.compose(snapshot, now, &mut self.payload, |payload| {
            netcode.send_payload(slot, payload, now, &mut |datagram, to| wire.send(datagram, to));
        });
    }

    /// Tends some of the connections, so that each has its turn in time.
    pub(super) fn tend(&mut self) {
        let passed = self.now.saturating_sub(self.tended_at).min(TEND_EVERY);
        if passed < TEND_STEP {
            return;
        }
        self.tended_at = self.now;
        self.netcode.forget_late_handshakes(self.now);
        self.shared.refused.add_many(PacketRefusal::PendingFull, self.netcode.take_pushed_out());
        let slots = self.netcode.slots();
        let turns = (slots as u128 * passed.as_micros()).div_ceil(TEND_EVERY.as_micros()) as usize;
        for _ in 0..turns {
            self.tended = (self.tended + 1) % slots;
            self.tend_slot(self.tended);
        }
    }

    fn tend_slot(&mut self, slot: usize) {
        self.compose(slot, None);
        let now = self.now;
        let is_over = self.connection(slot).is_some_and(|connection| connection.is_over(now));
        let wire = &self.wire;
        let lives = self.netcode.tend(slot, now, &mut |datagram, to| wire.send(datagram, to));
        if is_over || !lives {
            self.disconnect(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: usize = 64;

    #[test]
    fn bursts_are_spread_evenly() {
        let ms = Duration::from_millis;
        let sending = Sending { frames: 4 * BURST - 5, burst: BURST, begun_at: ms(1_000), ..Sending::default() };
        let due = |at_ms| sending.due(ms(at_ms), ms(20));
        assert_eq!([due(1_000), due(1_004), due(1_005), due(1_012)], [BURST, BURST, 2 * BURST, 3 * BURST]);
        assert_eq!([due(1_015), due(1_020), due(9_000)], [4 * BURST - 5; 3]);
        assert_eq!(sending.due(ms(1_000), Duration::ZERO), sending.frames, "spread over no time at all");
        assert_eq!(Sending { burst: BURST, ..Sending::default() }.due(ms(0), ms(20)), 0);
    }

    #[test]
    fn a_rest_ends_with_the_next_burst() {
        let ms = Duration::from_millis;
        let sending =
            |sent| Sending { frames: 4 * BURST, sent, burst: BURST, begun_at: ms(1_000), ..Sending::default() };
        assert_eq!(sending(BURST).rests(ms(1_001), ms(20)), ms(4));
        assert_eq!(sending(3 * BURST).rests(ms(1_001), ms(20)), ms(14));
        assert_eq!(sending(BURST).rests(ms(1_006), ms(20)), Duration::ZERO, "it is late");
    }
}
