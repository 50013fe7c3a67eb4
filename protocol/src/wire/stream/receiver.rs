//! The receiving half: messages that came in order or early, and what to acknowledge.

use std::collections::VecDeque;
use std::time::Duration;

use super::{StreamError, WINDOW_MESSAGES};
use crate::wire::datagram::{Ack, Messages};

/// Number of datagrams in which an arrival is acknowledged, since any of them may be lost.
const ACKS: u8 = 2;

#[derive(Debug)]
pub(super) struct Receiver {
    /// Messages from `taken` on; `None` where one is missing.
    held: VecDeque<Option<Vec<u8>>>,
    held_bytes: usize,
    /// The id of the next message for the caller to take.
    taken: u64,
    /// The id of the first missing message. All from `taken` up to it are held.
    next: u64,
    acks_due: u8,
    /// When the first message arrived for which no acknowledgement was sent yet.
    unacknowledged_since: Option<Duration>,
    ack_alone_after: Duration,
    most_held: usize,
}

impl Receiver {
    pub(super) fn new(ack_alone_after: Duration, most_held: usize) -> Self {
        let held = VecDeque::new();
        Self {
            held,
            held_bytes: 0,
            taken: 0,
            next: 0,
            acks_due: 0,
            unacknowledged_since: None,
            ack_alone_after,
            most_held,
        }
    }

    /// The full id of the first of `messages`.
    fn id(&self, messages: &Messages<'_>) -> Option<u64> {
        self.next.checked_add_signed(i64::from(messages.first.wrapping_sub(self.next as u16) as i16))
    }

    /// Checks whether an honest end may have sent these.
    pub(super) fn judge(&self, messages: &Messages<'_>) -> Result<(), StreamError> {
        if messages.is_empty() {
            return Ok(());
        }
        let first = self.id(messages).ok_or(StreamError::OutsideWindow)?;
        if first + messages.len() as u64 > self.next + WINDOW_MESSAGES as u64 {
            return Err(StreamError::OutsideWindow);
        }
        // If the caller has not taken everything, the caller is late, and not the other end at fault.
        if self.has_message() || self.fits(first, messages) { Ok(()) } else { Err(StreamError::TooMuch) }
    }

    fn fits(&self, first: u64, messages: &Messages<'_>) -> bool {
        let new = (first..).zip(messages.iter()).filter(|(id, _)| self.is_missing(*id));
        let bytes: usize = new.map(|(_, message)| message.len()).sum();
        let end = first + messages.len() as u64;
        self.held_bytes + bytes <= self.most_held && end <= self.taken + WINDOW_MESSAGES as u64
    }

    fn is_missing(&self, id: u64) -> bool {
        let place = id.checked_sub(self.taken).and_then(|place| usize::try_from(place).ok());
        id >= self.next && place.is_some_and(|place| self.held.get(place).is_none_or(Option::is_none))
    }

    /// Takes messages that [`Self::judge`] accepted. If there is no room, because the caller has not taken earlier
    /// ones, they are dropped: they are not acknowledged, and so are resent.
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

    /// Whether something arrived for which no acknowledgement was sent yet.
    pub(super) fn owes_ack(&self) -> bool {
        self.unacknowledged_since.is_some()
    }

    /// The acknowledgement for the datagram that is built now, if one is due. If no datagram is sent anyway, only one
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
        let received_after = early.filter(|(_, held)| held.is_some()).fold(0, |bits, (bit, _)| bits | 1 << bit);
        Ack { next: self.next as u16, received_after }
    }
}
