//! What a network thread keeps for one connected client, besides what carries its payloads: its messages, its rate, and how
//! many payloads that break the rules it may send.

use std::time::Duration;

use realmgate_protocol::wire::datagram::ClientFrame;
use realmgate_protocol::wire::stream::QueueError;

use super::ClientId;
use super::budget::{Budget, Rate};
use super::framing::{self, Framing};
use super::refusal::PacketRefusal;

/// Breaches within [`BREACH_WINDOW`] that end a connection.
const MAX_BREACHES: u32 = 20;
const BREACH_WINDOW: Duration = Duration::from_secs(10);
/// How long a connection that the host has ended stays open at most, until the client has acknowledged its last
/// messages: a ticket to another world may be among them.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: ClientId,
    framing: Framing,
    budget: Budget,
    closing_since: Option<Duration>,
    breaches: u32,
    breaches_since: Duration,
    /// Whether it is among the connections whose messages wait for the host.
    pub(super) is_talking: bool,
}

impl Connection {
    /// A connection that may send payloads at this rate.
    pub(super) fn new(client: ClientId, payloads: Rate, framing: Framing, now: Duration) -> Self {
        Self {
            client,
            framing,
            budget: Budget::new(payloads, now),
            closing_since: None,
            breaches: 0,
            breaches_since: now,
            is_talking: false,
        }
    }

    /// Takes an authentic payload and passes its input frames to `take`. A refused one changes nothing but the budget, and the
    /// framing where it is the first.
    pub(super) fn receive(
        &mut self,
        payload: &[u8],
        now: Duration,
        take: impl FnMut(ClientFrame),
    ) -> Result<(), PacketRefusal> {
        if !self.budget.spend_packets(framing::cost(payload), now) {
            return Err(PacketRefusal::SessionBudget);
        }
        self.framing.receive(payload, now, take)
    }

    /// Whether its payloads are stock renet's.
    pub(super) fn is_renet(&self) -> bool {
        self.framing.is_renet()
    }

    /// Passes the payloads that are due to `send`: the snapshot, if there is one, and messages. Each is built in `out`.
    pub(super) fn compose(
        &mut self,
        snapshot: Option<&[u8]>,
        now: Duration,
        out: &mut Vec<u8>,
        send: impl FnMut(&[u8]),
    ) {
        self.framing.compose(snapshot, now, out, send);
    }

    /// The next payload that is due, built in `out`, with the snapshot if there is one.
    pub(super) fn compose_one<'out>(
        &mut self,
        snapshot: Option<&[u8]>,
        now: Duration,
        out: &'out mut Vec<u8>,
    ) -> Option<&'out [u8]> {
        self.framing.compose_one(snapshot, now, out)
    }

    /// Whether it has nothing to send but snapshots, now or later.
    pub(super) fn is_quiet(&self) -> bool {
        self.framing.is_quiet() && !self.is_closing()
    }

    /// Takes one from the budget of what the client may send, for something other than a payload.
    pub(super) fn spend(&mut self, now: Duration) -> bool {
        self.budget.spend(now)
    }

    /// Whether so much waits for the client that messages caused by others are dropped.
    pub(super) fn is_behind(&self) -> bool {
        self.framing.is_behind()
    }

    /// What is queued for the client: bytes and messages.
    pub(super) fn queued(&self) -> (usize, usize) {
        self.framing.queued()
    }

    /// Queues a message for the client.
    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        self.framing.queue(message)
    }

    /// Whether it is worth calling [`Self::next_message`].
    pub(super) fn may_have_message(&self) -> bool {
        self.framing.has_message() && !self.is_closing()
    }

    /// The client's next message; `None` once the connection is closing.
    pub(super) fn next_message(&mut self) -> Option<Vec<u8>> {
        if self.is_closing() { None } else { self.framing.next_message() }
    }

    /// Begins to close the connection: nothing new is taken from either side.
    pub(super) fn close(&mut self, now: Duration) {
        self.closing_since.get_or_insert(now);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing_since.is_some()
    }

    /// Whether it has been closed, and there is nothing more to wait for.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        let is_late = |since| now.saturating_sub(since) >= GRACE;
        self.closing_since.is_some_and(|since| self.framing.is_acknowledged() || is_late(since))
    }

    /// Counts what was refused as a breach of the rules, if it is one. Returns whether it was one too many.
    ///
    /// Payloads over the rate limit are dropped, but are no breach: they may have been delayed and come all at once. Neither are
    /// messages that the host has no room for, which renet sends before it knows, nor packets of renet that overtook each other.
    pub(super) fn breach(&mut self, reason: PacketRefusal, now: Duration) -> bool {
        if matches!(reason, PacketRefusal::SessionBudget | PacketRefusal::PollBudget | PacketRefusal::Replayed) {
            return false;
        }
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
    use realmgate_protocol::wire::datagram::{self, VERSION};
    use realmgate_protocol::wire::stream::Bounds;

    /// Takes a payload and returns its frame.
    fn receive(connection: &mut Connection, payload: &[u8]) -> Result<Option<ClientFrame>, PacketRefusal> {
        let mut frame = None;
        connection.receive(payload, Duration::ZERO, |taken| frame = Some(taken))?;
        Ok(frame)
    }

    fn connection() -> Connection {
        Connection::new(ClientId(1), Rate { per_second: 1, burst: 1 }, Framing::own(Bounds::default()), Duration::ZERO)
    }

    #[test]
    fn rare_breaches_are_forgiven_and_many_are_not() {
        let mut connection = connection();
        assert!((0..200).all(|i| !connection.breach(PacketRefusal::Payload, Duration::from_secs(i))), "one a second");
        for (mut connection, at) in [(connection, Duration::from_secs(1_000)), (self::connection(), Duration::ZERO)] {
            assert_eq!(
                (1..100).find(|_| connection.breach(PacketRefusal::Payload, at)),
                Some(MAX_BREACHES),
                "forgiven ones before or not"
            );
        }
        let last_is_too_many = |at| {
            let mut connection = self::connection();
            assert!((1..MAX_BREACHES).all(|_| !connection.breach(PacketRefusal::Payload, Duration::ZERO)));
            connection.breach(PacketRefusal::Payload, at)
        };
        assert!(last_is_too_many(BREACH_WINDOW - Duration::from_millis(1)) && !last_is_too_many(BREACH_WINDOW));
    }

    #[test]
    fn a_closing_session_waits_until_its_last_messages_have_arrived() {
        let mut connection = connection();
        connection.queue(vec![1]).unwrap();
        connection.close(Duration::ZERO);
        let last = GRACE - Duration::from_millis(1);
        let mut sent = 0;
        let mut out = Vec::new();
        let mut compose = |ms| connection.compose(None, Duration::from_millis(ms), &mut out, |_| sent += 1);
        (0..last.as_millis() as u64).for_each(&mut compose);
        assert!(!connection.is_over(last), "each may have been lost on its way");
        assert!(sent > 3, "and is sent again, not {sent} times");
        assert!(connection.is_over(GRACE), "but nobody is waited for forever");
        let mut heard = self::connection();
        heard.queue(vec![1]).unwrap();
        heard.close(Duration::ZERO);
        heard.compose(None, Duration::ZERO, &mut Vec::new(), |_| {});
        assert!(!heard.is_over(Duration::ZERO), "it is on its way");
        assert_eq!(receive(&mut heard, &[VERSION, 4, 1, 0]), Ok(None));
        assert!(heard.is_over(Duration::ZERO), "it has arrived");
        let mut idle = self::connection();
        assert!(!idle.is_over(GRACE), "nobody closed it");
        idle.close(Duration::ZERO);
        assert!(idle.is_over(Duration::ZERO), "nothing to wait for");
    }

    /// One that may send as many payloads as a test does.
    fn talkative() -> Connection {
        Connection::new(
            ClientId(1),
            Rate { per_second: 1, burst: 100 },
            Framing::own(Bounds::default()),
            Duration::ZERO,
        )
    }

    #[test]
    fn a_session_that_packs_many_messages_uses_up_its_rate_sooner() {
        let rate = Rate { per_second: 1, burst: 160 };
        let mut connection = Connection::new(ClientId(1), rate, Framing::undecided(Bounds::default()), Duration::ZERO);
        let messages = |sequence: u8| {
            let mut packet = vec![0, sequence, 1, 1, 44];
            (0..300_u16).for_each(|id| packet.extend([[0x40 | (id >> 8) as u8, id as u8], [1, 7]].concat()));
            packet
        };
        assert_eq!(
            [1, 2, 3].map(|sequence| receive(&mut connection, &messages(sequence))),
            [Ok(None), Ok(None), Err(PacketRefusal::SessionBudget)]
        );
        let small = |sequence: u8| [0, sequence, 1, 0, 1, 0, 1, 7];
        let taken = (4..).take_while(|sequence| receive(&mut connection, &small(*sequence)).is_ok()).count();
        assert_eq!(taken, 8, "of 160 packets, two have cost 76 each");
    }

    #[test]
    fn a_snapshot_carries_messages_and_acknowledgements() {
        let mut connection = talkative();
        let client = [VERSION, 16, 1, 0, 0, 1, 0, 7];
        assert_eq!(receive(&mut connection, &client), Ok(None));
        connection.queue(vec![8, 9]).unwrap();
        let mut sent = Vec::new();
        connection.compose(Some(&[1, 2]), Duration::ZERO, &mut Vec::new(), |payload| sent.push(payload.to_vec()));
        assert_eq!(sent, [[VERSION, 1 | 4 | 16, 1, 0, 1, 0, 0, 2, 0, 8, 9, 1, 2]]);
        assert_eq!(connection.next_message(), Some(vec![7]));
        assert_eq!(receive(&mut connection, &[VERSION, 4, 1, 0]), Ok(None));
        assert!(connection.framing.is_acknowledged() && connection.is_quiet());
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut connection = talkative();
        let frame_and_message =
            |id: u8| [&[VERSION, 18, 1, id, 0, 1, 0, 7][..], &ClientFrame::default().seal()[2..]].concat();
        let mut torn = frame_and_message(0);
        torn.pop();
        assert_eq!(receive(&mut connection, &torn), Err(PacketRefusal::Frame));
        assert_eq!(receive(&mut connection, &frame_and_message(64)), Err(PacketRefusal::MessageAhead));
        assert_eq!(receive(&mut connection, &[VERSION, 4, 1, 0]), Err(PacketRefusal::AckUnsent));
        let acknowledges_and_says = |id: u8| [VERSION, 20, 1, 0, 1, id, 0, 1, 0, 7];
        let unsent = receive(&mut connection, &acknowledges_and_says(0));
        assert_eq!(unsent, Err(PacketRefusal::AckUnsent));
        assert!(!connection.may_have_message() && connection.is_quiet(), "nothing came that would be acknowledged");
        connection.queue(vec![8]).unwrap();
        connection.compose(None, Duration::ZERO, &mut Vec::new(), |_| {});
        let ahead = receive(&mut connection, &acknowledges_and_says(64));
        assert_eq!((ahead, connection.framing.is_acknowledged()), (Err(PacketRefusal::MessageAhead), false));
        let taken = receive(&mut connection, &frame_and_message(0));
        assert_eq!(taken, Ok(Some(ClientFrame::default())));
        assert_eq!(connection.next_message(), Some(vec![7]));
        assert!(datagram::open(&frame_and_message(1)).is_ok());
    }
}
