//! The sending half: what waits, what is under way, and when it is sent again.

use std::collections::VecDeque;
use std::time::Duration;

use super::{QUEUE_BYTES, QUEUE_MESSAGES, StreamError, WINDOW_BYTES, WINDOW_MESSAGES};
use crate::limits::MAX_RELIABLE_BYTES;
use crate::wire::datagram::Ack;

/// A message is not sent again before this long, however short the round trip: the answer waits for a tick.
const RESEND_LEAST: Duration = Duration::from_millis(100);
/// Nor later than this.
const RESEND_MOST: Duration = Duration::from_secs(1);
/// How many of the oldest under way an acknowledgement can name as arrived or missing: the next one, and a bit for
/// each of 32. Of what is further ahead nobody can say that it is missing, so it is not sent again.
const NAMED: usize = 1 + 32;

/// Why a message was not taken for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// It is empty or too long.
    #[error("a message of {0} bytes can not be sent")]
    Length(usize),
    /// The other end has not acknowledged what waits already.
    #[error("too many messages wait to be acknowledged")]
    Full,
}

#[derive(Debug)]
struct UnderWay {
    message: Vec<u8>,
    first_sent_at: Duration,
    /// When to send it again; before it was sent, at once.
    due_at: Duration,
    resend_after: Duration,
    times_sent: u32,
    has_arrived: bool,
}

#[derive(Debug)]
pub(super) struct Sender {
    waiting: VecDeque<Vec<u8>>,
    /// Of all messages, under way or not.
    bytes: usize,
    under_way: VecDeque<UnderWay>,
    under_way_bytes: usize,
    /// The id of the oldest under way.
    oldest: u64,
    round_trip: Option<Duration>,
    resend_after: Duration,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes: 0,
            under_way: VecDeque::new(),
            under_way_bytes: 0,
            oldest: 0,
            round_trip: None,
            resend_after: RESEND_LEAST,
        }
    }
}

impl Sender {
    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        if message.is_empty() || message.len() > MAX_RELIABLE_BYTES {
            return Err(QueueError::Length(message.len()));
        }
        if self.bytes + message.len() > QUEUE_BYTES || self.waiting.len() >= QUEUE_MESSAGES {
            return Err(QueueError::Full);
        }
        self.bytes += message.len();
        self.waiting.push_back(message);
        Ok(())
    }

    pub(super) fn is_acknowledged(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    /// Takes into the window what fits. All of it is due, so the caller sends it.
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

    /// The first due message from the place `at` of the window on: its place, the low bits of its id, its bytes.
    pub(super) fn next_due(&self, at: usize, now: Duration) -> Option<(usize, u16, &[u8])> {
        let is_due = |place: usize, entry: &UnderWay| match entry.times_sent {
            0 => true,
            _ => !entry.has_arrived && place < NAMED && entry.due_at <= now,
        };
        let (place, entry) = self.under_way.iter().enumerate().skip(at).find(|(place, entry)| is_due(*place, entry))?;
        Some((place, (self.oldest + place as u64) as u16, &entry.message))
    }

    /// Notes that the message at this place of the window goes out now. From the third time on it waits twice as long:
    /// one loss is no sign that the link can bear less.
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

    /// Takes what the other end says has arrived. An older acknowledgement that was overtaken is none the worse.
    pub(super) fn acknowledge(&mut self, ack: Ack, now: Duration) -> Result<(), StreamError> {
        // The distance fits 16 bits: the window is far smaller.
        let apart = i64::from(ack.next.wrapping_sub(self.oldest as u16) as i16);
        let next = self.oldest.checked_add_signed(apart).ok_or(StreamError::NeverSent)?;
        let named = u64::from(u32::BITS - ack.gaps.leading_zeros());
        let end = if named == 0 { next } else { next + 1 + named };
        if end > self.oldest + self.under_way.len() as u64 {
            return Err(StreamError::NeverSent);
        }
        for place in 0..next.saturating_sub(self.oldest) as usize {
            self.arrived(place, now);
        }
        for id in (0..named).filter(|bit| ack.gaps >> bit & 1 == 1).map(|bit| next + 1 + bit) {
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
            // Which time is acknowledged, nobody can say. If it was the first, the round trip was this long: waiting so
            // long, a message that is sent once tells it, and until then nothing is sent twice for it.
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
