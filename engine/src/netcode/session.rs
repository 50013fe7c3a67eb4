//! One connected client.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::netcode::aead::Key;

use super::pending::Pending;
use super::replay::ReplayWindow;

/// How long a client may be silent at most, whatever time-out its token names.
pub(super) const MAX_SILENCE: Duration = Duration::from_secs(10);
/// How long a client may take to show that it knows it is connected.
pub(super) const CONFIRM_WITHIN: Duration = Duration::from_secs(5);
/// Time without another packet after which a keep-alive goes out.
const KEEP_ALIVE_EVERY: Duration = Duration::from_millis(250);
/// The same for a client that may not know yet that it is connected.
const ACCEPT_EVERY: Duration = Duration::from_millis(100);

/// A session: its keys, sequence numbers and times.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client_id: u64,
    pub(super) address: SocketAddr,
    pub(super) send_key: Key,
    pub(super) receive_key: Key,
    pub(super) window: ReplayWindow,
    next_sequence: u64,
    max_silence: Duration,
    connected_at: Duration,
    heard_at: Option<Duration>,
    sent_at: Duration,
}

impl Session {
    pub(super) fn new(pending: Pending, address: SocketAddr, now: Duration) -> Self {
        let asked = u64::try_from(pending.timeout_s).unwrap_or(0);
        let max_silence = if asked == 0 { MAX_SILENCE } else { Duration::from_secs(asked).min(MAX_SILENCE) };
        Self {
            client_id: pending.client_id,
            address,
            send_key: pending.send_key,
            receive_key: pending.receive_key,
            window: ReplayWindow::default(),
            next_sequence: 0,
            max_silence,
            connected_at: now,
            heard_at: None,
            sent_at: now,
        }
    }

    /// Takes the sequence number for the next packet to the client.
    pub(super) fn number(&mut self, now: Duration) -> u64 {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.sent_at = now;
        sequence
    }

    /// Notes an authentic packet. Only a client that knows it is connected sends one.
    pub(super) fn heard(&mut self, now: Duration) {
        self.heard_at = Some(now);
    }

    /// Whether the client knows that it is connected.
    pub(super) fn is_confirmed(&self) -> bool {
        self.heard_at.is_some()
    }

    pub(super) fn must_keep_alive(&self, now: Duration) -> bool {
        let every = if self.is_confirmed() { KEEP_ALIVE_EVERY } else { ACCEPT_EVERY };
        now.saturating_sub(self.sent_at) >= every
    }

    /// Whether the client has been silent for too long.
    pub(super) fn is_lost(&self, now: Duration) -> bool {
        match self.heard_at {
            None => now.saturating_sub(self.connected_at) >= CONFIRM_WITHIN,
            Some(heard_at) => now.saturating_sub(heard_at) >= self.max_silence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netcode::token::TokenId;

    fn session(timeout_s: i32) -> Session {
        let pending = Pending {
            serial: 1,
            token: TokenId { expires_s: 100, mac: [0; 16] },
            client_id: 1,
            timeout_s,
            user_data: Box::new([0; 256]),
            send_key: Key::new(&[1; 32]),
            receive_key: Key::new(&[2; 32]),
        };
        Session::new(pending, "192.0.2.1:4000".parse().unwrap(), Duration::ZERO)
    }

    #[test]
    fn silence_ends_a_session_whatever_its_token_says() {
        let (second, heard) = (Duration::from_secs(1), Duration::from_secs(4));
        let short = [(1, second), (2, 2 * second), (9, 9 * second)];
        let others = [0, -1, i32::MIN, 10, 11, i32::MAX].map(|timeout_s| (timeout_s, MAX_SILENCE));
        for (timeout_s, silence) in short.into_iter().chain(others) {
            let mut session = session(timeout_s);
            let is_lost_at = |session: &Session, at: Duration| {
                assert!(!session.is_lost(at - Duration::from_millis(1)), "{timeout_s}");
                session.is_lost(at)
            };
            assert!(is_lost_at(&session, CONFIRM_WITHIN), "it never said that it knows");
            session.heard(heard);
            assert!(is_lost_at(&session, heard + silence), "a shorter time-out is the token's to choose: {timeout_s}");
        }
    }
}
