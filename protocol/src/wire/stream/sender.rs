//! The sending half: queued messages, messages in flight, and when to resend them.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Bounds, StreamError, WINDOW_BYTES, WINDOW_MESSAGES};
use crate::limits::MAX_RELIABLE_BYTES;
use crate::wire::datagram::Ack;

/// The shortest wait before a message is resent, however short the round trip: the answer waits for a tick.
const RESEND_LEAST: Duration = Duration::from_millis(100);
/// The longest wait before a message is resent.
const RESEND_MOST: Duration = Duration::from_secs(1);
/// How many of the oldest messages in flight an acknowledgement can name as arrived or missing: the next one, and a bit
/// for each of 32. Messages further ahead cannot be reported missing, so they are not resent.
const NAMED: usize = 1 + 32;

/// Why a message was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// It is empty or too long, with this many bytes.
    #[error("a message of {0} bytes cannot be sent")]
    Length(usize),
    /// Too much is queued that the other end has not acknowledged.
    #[error("too many unacknowledged messages")]
    Full,
}

#[derive(Debug)]
struct UnderWay {
    message: Vec<u8>,
    first_sent_at: Duration,
    /// When to resend it. A message that was never sent is always due.
    due_at: Duration,
    resend_after: Duration,
    times_sent: u32,
    has_arrived: bool,
}

#[derive(Debug)]
pub(super) struct Sender {
    waiting: VecDeque<Vec<u8>>,
    /// Bytes of all messages, in flight or waiting.
    bytes: usize,
    under_way: VecDeque<UnderWay>,
    under_way_bytes: usize,
    /// The id of the oldest message in flight.
    oldest: u64,
    round_trip: Option<Duration>,
    resend_after: Duration,
    bounds: Bounds,
}

impl Sender {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes: 0,
            under_way: VecDeque::new(),
            under_way_bytes: 0,
            oldest: 0,
            round_trip: None,
            resend_after: RESEND_LEAST,
            bounds,
        }
    }

    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        if message.is_empty() || message.len() > MAX_RELIABLE_BYTES {
            return Err(QueueError::Length(message.len()));
        }
        if self.bytes + message.len() > self.bounds.queue_bytes || self.waiting.len() >= self.bounds.queue_messages {
            return Err(QueueError::Full);
        }
        self.bytes += message.len();
        self.waiting.push_back(message);
        Ok(())
    }

    /// Takes the messages that were never sent.
    pub(super) fn take_waiting(&mut self) -> VecDeque<Vec<u8>> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes -= waiting.iter().map(Vec::len).sum::<usize>();
        waiting
    }

    pub(super) fn queued(&self) -> (usize, usize) {
        (self.bytes, self.under_way.len() + self.waiting.len())
    }

    pub(super) fn is_behind(&self) -> bool {
        self.bytes >= self.bounds.behind_bytes || self.waiting.len() >= self.bounds.behind_messages
    }

    pub(super) fn is_acknowledged(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    /// Moves the waiting messages that fit into the window. All of them are due, so the caller sends them.
    pub(super) fn fill_window(&mut self) {
        while self.under_way.len() < WINDOW_MESSAGES
            && let Some(message) = self.waiting.pop_front_if(|next| self.under_way_bytes + next.len() <= WINDOW_BYTES)
        {
            self.under_way_bytes += message.len();
            self.under_way.push_back(UnderWay {
                message,
                first_sent_at: Duration::ZERO,
                due_at: Duration::ZERO,
                resend_after: self.resend_after,
                times_sent: 0,
                has_arrived: false,
            });
        }
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.next_due(0, now).is_some()
    }

    /// The first due message at or after index `at` of the window: its index, the low bits of its id, its bytes.
    pub(super) fn next_due(&self, at: usize, now: Duration) -> Option<(usize, u16, &[u8])> {
        let is_due = |place: usize, entry: &UnderWay| match entry.times_sent {
            0 => true,
            _ => !entry.has_arrived && place < NAMED && entry.due_at <= now,
        };
        let (place, entry) = self.under_way.iter().enumerate().skip(at).find(|(place, entry)| is_due(*place, entry))?;
        Some((place, (self.oldest + place as u64) as u16, &entry.message))
    }

    /// Notes that the message at this index of the window is sent now. From the third time on, its wait doubles: a
    /// single loss does not mean that the link is overloaded.
    pub(super) fn note_sent(&mut self, place: usize, now: Duration) {
        let Some(entry) = self.under_way.get_mut(place) else { return };
        match entry.times_sent {
            0 => entry.first_sent_at = now,
            1 => {}
            _ => entry.resend_after = (entry.resend_after * 2).min(RESEND_MOST),
        }
        entry.times_sent += 1;
        entry.due_at = now + entry.resend_after;
    }

    /// Takes an acknowledgement from the other end. An older one that was overtaken does no harm.
    pub(super) fn acknowledge(&mut self, ack: Ack, now: Duration) -> Result<(), StreamError> {
        // The distance fits 16 bits: the window is far smaller.
        let apart = i64::from(ack.next.wrapping_sub(self.oldest as u16) as i16);
        let next = self.oldest.checked_add_signed(apart).ok_or(StreamError::NeverSent)?;
        let named = u64::from(u32::BITS - ack.received_after.leading_zeros());
        let end = if named == 0 { next } else { next + 1 + named };
        if end > self.oldest + self.under_way.len() as u64 {
            return Err(StreamError::NeverSent);
        }
        for place in 0..next.saturating_sub(self.oldest) as usize {
            self.arrived(place, now);
        }
        for id in (0..named).filter(|bit| ack.received_after >> bit & 1 == 1).map(|bit| next + 1 + bit) {
            if let Some(place) = id.checked_sub(self.oldest) {
                self.arrived(place as usize, now);
            }
        }
        while let Some(entry) = self.under_way.pop_front_if(|oldest| oldest.has_arrived) {
            self.oldest += 1;
            self.bytes -= entry.message.len();
            self.under_way_bytes -= entry.message.len();
        }
        Ok(())
    }

    fn arrived(&mut self, place: usize, now: Duration) {
        let Some(entry) = self.under_way.get_mut(place).filter(|entry| !entry.has_arrived) else { return };
        entry.has_arrived = true;
        if entry.times_sent > 1 {
            // It is unknown which of the sends is acknowledged. If it was the first, the round trip took this long.
            // With this wait, the next message that is sent only once measures it, and is not resent for it before
            // that.
            let longest = now.saturating_sub(entry.first_sent_at).max(entry.resend_after);
            self.resend_after = self.resend_after.max(longest + longest / 8).min(RESEND_MOST);
            return;
        }
        let sample = now.saturating_sub(entry.first_sent_at);
        let smoothed = self.round_trip.map_or(sample, |before| (before * 7 + sample) / 8);
        self.round_trip = Some(smoothed);
        self.resend_after = (smoothed * 2).clamp(RESEND_LEAST, RESEND_MOST);
    }
}
