//! The host's end of a transport whose sockets are on a thread of their own, and what both share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock::Clock;
use super::handover::{Incoming, Order, Outgoing, handover_queue};
use super::inbound::is_message_length;
use super::inbox::Inbox;
use super::refusal::{PacketRefusal, RefusalCounts};
use super::rhythm::Rhythm;
use super::{ClientId, TransportEvent};
use crate::outbox::FrameBatch;

/// State shared by the host and the network thread.
#[derive(Default)]
pub(super) struct Shared {
    inbox: Mutex<Inbox>,
    pub(super) refused: RefusalCounts,
    pub(super) frames_out: AtomicU64,
    /// Frames handed over and not sent yet.
    pub(super) frames_waiting: AtomicU64,
    /// When the host will poll next, in µs since the transport's start; 0 where nobody can say.
    next_poll_us: AtomicU64,
    is_ticking: AtomicBool,
    stop: AtomicBool,
}

impl Shared {
    pub(super) fn with_inbox<T>(&self, act: impl FnOnce(&mut Inbox) -> T) -> T {
        act(&mut self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When the host will poll next, if it polls at a fixed rate.
    pub(super) fn next_poll(&self) -> Option<Duration> {
        let us = self.next_poll_us.load(Ordering::Relaxed);
        (us > 0).then_some(Duration::from_micros(us))
    }

    /// Whether a host that polls at a fixed rate is between a poll and the flush at the end of its tick.
    pub(super) fn is_ticking(&self) -> bool {
        self.is_ticking.load(Ordering::Relaxed)
    }

    /// Whether the host has dropped its end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

/// The host's end.
pub(super) struct Front {
    shared: Arc<Shared>,
    outgoing: Outgoing,
    frames_open: u64,
    clock: Clock,
    rhythm: Option<Rhythm>,
}

impl Front {
    /// The end of a host that polls at this rate, if at any, and the queue that the network thread takes its sends from.
    pub(super) fn new(clock: Clock, poll_every: Option<Duration>) -> (Self, Incoming) {
        let (outgoing, incoming) = handover_queue();
        let rhythm = poll_every.map(Rhythm::new);
        (Self { shared: Arc::default(), outgoing, frames_open: 0, clock, rhythm }, incoming)
    }

    /// What the network thread shares with it.
    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn refused(&self, reason: PacketRefusal) -> u64 {
        self.shared.refused.get(reason)
    }

    pub(super) fn poll(&mut self, events: &mut Vec<TransportEvent>) {
        if let Some(rhythm) = &mut self.rhythm {
            let next = rhythm.polled(self.clock.since_start());
            self.shared.next_poll_us.store(next.as_micros() as u64, Ordering::Relaxed);
            self.shared.is_ticking.store(true, Ordering::Relaxed);
        }
        self.shared.with_inbox(|inbox| inbox.drain_into(events));
    }

    pub(super) fn frames_out(&self) -> u64 {
        self.shared.frames_out.load(Ordering::Relaxed)
    }

    pub(super) fn send_frames(&mut self, frames: FrameBatch) -> FrameBatch {
        self.frames_open += frames.len() as u64;
        self.outgoing.push_frames(frames)
    }

    pub(super) fn send_message(&mut self, client: ClientId, bytes: Vec<u8>) {
        self.push(bytes.len(), Order::Message(client, bytes));
    }

    pub(super) fn send_of_others(&mut self, client: ClientId, bytes: Vec<u8>) {
        self.push(bytes.len(), Order::OfOthers(client, bytes));
    }

    pub(super) fn disconnect(&mut self, client: ClientId) {
        self.outgoing.push(Order::Disconnect(client));
    }

    /// Hands over everything since the last call. Returns whether there was anything, so that the thread must be woken.
    pub(super) fn flush(&mut self) -> bool {
        self.shared.is_ticking.store(false, Ordering::Relaxed);
        if self.outgoing.is_empty() {
            return false;
        }
        // Added before they are handed over, since the thread subtracts them as soon as it has them.
        self.shared.frames_waiting.fetch_add(std::mem::take(&mut self.frames_open), Ordering::Relaxed);
        let lost = self.outgoing.flush(self.clock.since_start()) as u64;
        self.shared.refused.add_many(PacketRefusal::HostBehind, lost);
        self.shared.frames_waiting.fetch_sub(lost, Ordering::Relaxed);
        true
    }

    /// Tells the thread to end; it must be woken.
    pub(super) fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
    }

    fn push(&mut self, bytes: usize, order: Order) {
        if is_message_length(bytes) {
            self.outgoing.push(order);
        } else {
            self.shared.refused.add(PacketRefusal::Outgoing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_lasts_from_the_poll_to_the_flush() {
        let (mut front, _incoming) = Front::new(Clock::start(0), Some(Duration::from_millis(33)));
        let shared = front.shared();
        assert!(!shared.is_ticking());
        front.poll(&mut Vec::new());
        assert!(shared.is_ticking());
        assert!(!front.flush(), "there is nothing to send");
        assert!(!shared.is_ticking());
    }

    #[test]
    fn a_host_without_a_rate_is_never_in_a_tick() {
        let (mut front, _incoming) = Front::new(Clock::start(0), None);
        front.poll(&mut Vec::new());
        assert!(!front.shared().is_ticking());
    }
}
