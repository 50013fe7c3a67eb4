//! How much a client may send, and how much may wait for it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The window of [`Inflow`].
const WINDOW: Duration = Duration::from_secs(10);

/// What a client has sent in the current window.
#[derive(Debug, Default)]
pub(super) struct Inflow {
    since: Option<Instant>,
    messages: usize,
    bytes: usize,
}

/// The most that a client may send in 10 s.
#[derive(Debug, Clone, Copy)]
pub(super) struct InflowLimit {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

impl Inflow {
    /// Counts messages of this number of bytes. `false` if they are above the limit.
    pub(super) fn admits(&mut self, messages: usize, bytes: usize, limit: InflowLimit, now: Instant) -> bool {
        if self.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            *self = Self { since: Some(now), messages: 0, bytes: 0 };
        }
        self.messages = self.messages.saturating_add(messages);
        self.bytes = self.bytes.saturating_add(bytes);
        self.messages <= limit.messages && self.bytes <= limit.bytes
    }
}

/// The sizes of the last packets that were put into a client's queue, which itself counts only packets.
#[derive(Debug, Default)]
pub(super) struct Outflow {
    sizes: VecDeque<usize>,
    bytes: usize,
}

impl Outflow {
    /// At least the bytes that wait for the client.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a packet of this number of bytes.
    pub(super) fn push(&mut self, bytes: usize) {
        self.sizes.push_back(bytes);
        self.bytes += bytes;
    }

    /// Forgets the packets that have left a queue which holds at most `queued`.
    pub(super) fn keep(&mut self, queued: usize) {
        while self.sizes.len() > queued {
            self.bytes -= self.sizes.pop_front().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: InflowLimit = InflowLimit { messages: 3, bytes: 100 };

    #[test]
    fn messages_above_the_limit_are_refused_until_the_next_window() {
        let (mut inflow, start) = (Inflow::default(), Instant::now());
        assert!((0..3).all(|_| inflow.admits(1, 1, LIMIT, start)));
        assert!(!inflow.admits(1, 1, LIMIT, start));
        assert!(inflow.admits(1, 1, LIMIT, start + WINDOW));
    }

    #[test]
    fn bytes_above_the_limit_are_refused() {
        let (mut inflow, start) = (Inflow::default(), Instant::now());
        assert!(inflow.admits(1, 100, LIMIT, start));
        assert!(!inflow.admits(1, 1, LIMIT, start));
        assert!(!inflow.admits(1, usize::MAX, LIMIT, start), "the sum does not overflow");
    }

    #[test]
    fn packets_that_have_left_the_queue_are_not_counted() {
        let mut outflow = Outflow::default();
        [5, 7, 11].into_iter().for_each(|bytes| outflow.push(bytes));
        assert_eq!(outflow.bytes(), 23);
        outflow.keep(1);
        assert_eq!(outflow.bytes(), 11);
        outflow.keep(0);
        assert_eq!(outflow.bytes(), 0);
    }
}
