//! The receiving half: what came, in order and too early, and what is to be acknowledged.

use std::collections::VecDeque;
use std::time::Duration;

use super::{HELD_BYTES, StreamError, WINDOW_MESSAGES};
use crate::wire::datagram::{Ack, Messages};

/// In how many datagrams an arrival is acknowledged: any of them may be lost.
const ACKS: u8 = 2;

#[derive(Debug)]
pub(super) struct Receiver {
    /// From the message `taken` on; empty where one is missing.
    held: VecDeque<Option<Vec<u8>>>,
    held_bytes: usize,
    /// The id of the next message that the caller takes.
    taken: u64,
    /// The id of the first message that is missing: all from `taken` to it are there.
    next: u64,
    acks_due: u8,
    /// When the first came that no acknowledgement was sent for.
    unacknowledged_since: Option<Duration>,
    ack_alone_after: Duration,
}

impl Receiver {
    pub(super) fn new(ack_alone_after: Duration) -> Self {
        let held = VecDeque::new();
        Self { held, held_bytes: 0, taken: 0, next: 0, acks_due: 0, unacknowledged_since: None, ack_alone_after }
    }

    /// The whole id of a first message.
    fn id(&self, messages: &Messages<'_>) -> Option<u64> {
        self.next.checked_add_signed(i64::from(messages.first.wrapping_sub(self.next as u16) as i16))
    }

    /// Whether an honest end may have sent these.
    pub(super) fn judge(&self, messages: &Messages<'_>) -> Result<(), StreamError> {
        if messages.is_empty() {
            return Ok(());
        }
        let first = self.id(messages).ok_or(StreamError::OutsideWindow)?;
        if first + messages.len() as u64 > self.next + WINDOW_MESSAGES as u64 {
            return Err(StreamError::OutsideWindow);
        }
        // Where the caller has not taken everything, it is the caller who is late.
        if self.has_message() || self.fits(first, messages) { Ok(()) } else { Err(StreamError::TooMuch) }
    }

    fn fits(&self, first: u64, messages: &Messages<'_>) -> bool {
        let new = (first..).zip(messages.iter()).filter(|(id, _)| self.is_missing(*id));
        let bytes: usize = new.map(|(_, message)| message.len()).sum();
        let end = first + messages.len() as u64;
        self.held_bytes + bytes <= HELD_BYTES && end <= self.taken + WINDOW_MESSAGES as u64
    }

    fn is_missing(&self, id: u64) -> bool {
        let place = id.checked_sub(self.taken).and_then(|place| usize::try_from(place).ok());
        id >= self.next && place.is_some_and(|place| self.held.get(place).is_none_or(Option::is_none))
    }

    /// Takes messages that were judged. What there is no room for, because the caller has not taken what came before,
    /// is left: it is not acknowledged, and so comes again.
    pub(super) fn take(&mut self, messages: &Messages<'_>, now: Duration) {
        let Some(first) = self.id(messages).filter(|first| !messages.is_empty() && self.fits(*first, messages)) else {
            return;
        };
        for (id, message) in (first..).zip(messages.iter()) {
            if !self.is_missing(id) {
                continue;
            }
            let place = (id - self.taken) as usize;
            if self.held.len() <= place {
                self.held.resize_with(place + 1, || None);
            }
            self.held[place] = Some(message.to_vec());
            self.held_bytes += message.len();
        }
        while self.held.get((self.next - self.taken) as usize).is_some_and(Option::is_some) {
            self.next += 1;
        }
        self.acks_due = ACKS;
        self.unacknowledged_since.get_or_insert(now);
    }

    pub(super) fn has_message(&self) -> bool {
        self.taken < self.next
    }

    pub(super) fn next_message(&mut self) -> Option<Vec<u8>> {
        if !self.has_message() {
            return None;
        }
        let message = self.held.pop_front()??;
        self.taken += 1;
        self.held_bytes -= message.len();
        Some(message)
    }

    /// Whether something came that no acknowledgement was sent for.
    pub(super) fn owes_ack(&self) -> bool {
        self.unacknowledged_since.is_some()
    }

    /// The acknowledgement for the datagram that is made now, if one is due. When no datagram goes anyway, only one
    /// that has waited long enough.
    pub(super) fn ack_to_send(&mut self, goes_anyway: bool, now: Duration) -> Option<Ack> {
        let waited = |since: Duration| now.saturating_sub(since) >= self.ack_alone_after;
        if self.acks_due == 0 || !(goes_anyway || self.unacknowledged_since.is_some_and(waited)) {
            return None;
        }
        self.acks_due -= 1;
        self.unacknowledged_since = None;
        Some(self.ack())
    }

    fn ack(&self) -> Ack {
        let beyond = (self.next - self.taken) as usize + 1;
        let early = self.held.iter().skip(beyond).take(u32::BITS as usize).enumerate();
        let gaps = early.filter(|(_, held)| held.is_some()).fold(0, |gaps, (bit, _)| gaps | 1 << bit);
        Ack { next: self.next as u16, gaps }
    }
}
