//! What the network thread keeps of one connected client.

use std::net::SocketAddr;
use std::time::Duration;

use super::budget::{Budget, Rate};
use super::stream::ReliableStream;

/// Breaches within [`BREACH_WINDOW`] that end a session.
const MAX_BREACHES: u32 = 20;
const BREACH_WINDOW: Duration = Duration::from_secs(10);
/// How long a session that the host ends goes on at most, until the client has acknowledged what it was told last: a
/// ticket to another world may be in it.
const GRACE: Duration = Duration::from_secs(2);
/// How long a client may take to show that it knows it is connected.
const CONFIRM_WITHIN: Duration = Duration::from_secs(5);
/// How long a client may be silent, whatever time-out its connect token names.
const SILENCE: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(super) struct Session {
    pub(super) address: SocketAddr,
    pub(super) stream: ReliableStream,
    pub(super) budget: Budget,
    connected_at: Duration,
    heard_at: Option<Duration>,
    closing_since: Option<Duration>,
    breaches: u32,
    breaches_since: Duration,
}

impl Session {
    pub(super) fn new(address: SocketAddr, datagrams: Rate, now: Duration) -> Self {
        Self {
            address,
            stream: ReliableStream::new(now),
            budget: Budget::new(datagrams, now),
            connected_at: now,
            heard_at: None,
            closing_since: None,
            breaches: 0,
            breaches_since: now,
        }
    }

    /// Notes an authentic datagram that only a client sends which knows that it is connected.
    pub(super) fn heard(&mut self, now: Duration) {
        self.heard_at = Some(now);
    }

    /// Whether the client knows that it is connected. Until it does, no payload may go out: `renetcode` repeats the
    /// datagram that says so only while nothing else is sent, and a client that lost it would wait for ever.
    pub(super) fn is_confirmed(&self) -> bool {
        self.heard_at.is_some()
    }

    pub(super) fn connected_at(&self) -> Duration {
        self.connected_at
    }

    /// Begins the end: nothing new is taken from either side.
    pub(super) fn close(&mut self, now: Duration) {
        self.closing_since.get_or_insert(now);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing_since.is_some()
    }

    /// Whether the session is over by its own clocks.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        if let Some(since) = self.closing_since {
            return self.stream.is_acknowledged() || now.saturating_sub(since) >= GRACE;
        }
        match self.heard_at {
            None => now.saturating_sub(self.connected_at) >= CONFIRM_WITHIN,
            Some(heard_at) => now.saturating_sub(heard_at) >= SILENCE,
        }
    }

    /// Notes a breach of the rules; whether it was one too many.
    pub(super) fn breach(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.breaches_since) >= BREACH_WINDOW {
            (self.breaches, self.breaches_since) = (0, now);
        }
        self.breaches += 1;
        self.breaches >= MAX_BREACHES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let rate = Rate { per_second: 1, burst: 1 };
        Session::new("192.0.2.1:4000".parse().unwrap(), rate, Duration::ZERO)
    }

    #[test]
    fn rare_breaches_are_forgiven_and_many_are_not() {
        let mut session = session();
        assert!((0..200).all(|i| !session.breach(Duration::from_secs(i))), "one a second");
        let mut session = self::session();
        assert_eq!((1..).find(|_| session.breach(Duration::ZERO)), Some(MAX_BREACHES));
    }

    #[test]
    fn a_closing_session_waits_until_its_last_messages_have_arrived() {
        let mut session = session();
        session.stream.queue(vec![1]).unwrap();
        session.close(Duration::ZERO);
        let last = GRACE - Duration::from_millis(1);
        let mut sent = 0;
        (0..last.as_millis() as u64).for_each(|ms| session.stream.drive(Duration::from_millis(ms), |_| sent += 1));
        assert!(!session.is_over(last), "each may have been lost on its way");
        assert!(sent > 5, "and is sent again, not {sent} times");
        assert!(session.is_over(GRACE), "but nobody is waited for for ever");
        let mut idle = self::session();
        idle.close(Duration::ZERO);
        assert!(idle.is_over(Duration::ZERO), "nothing to wait for");
    }

    #[test]
    fn silence_ends_a_session() {
        let mut session = session();
        assert!(session.is_over(CONFIRM_WITHIN));
        session.heard(Duration::from_secs(4));
        assert!(!session.is_over(CONFIRM_WITHIN));
        assert!(session.is_over(Duration::from_secs(4) + SILENCE));
    }
}
