//! What is refused of the network's traffic, and how often: counted, never logged one by one.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! refusals {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal),* $(,)?) => {
        /// Why something from or to the network was dropped.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal {
            $($(#[doc = $doc])* $variant),*
        }

        impl Refusal {
            /// All reasons.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable name in `realmgate_packets_refused_total{reason}`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }
        }
    };
}

refusals! {
    /// A datagram that is too short or too long for its type.
    Length = "length",
    /// A datagram type that does not exist, or that only a server sends.
    PacketType = "packet_type",
    /// A datagram that claims a sequence number of more than 8 bytes.
    SequenceLength = "sequence_length",
    /// A sequence number beyond what any connection can reach.
    Sequence = "sequence",
    /// A datagram that only a connected client sends, from an unknown address.
    UnknownAddress = "unknown_address",
    /// A handshake datagram from the address of a connected client, and not of another connection that begins there.
    HandshakeWhileConnected = "handshake_while_connected",
    /// Too many handshake datagrams from one source.
    SourceBudget = "source_budget",
    /// Too many handshake datagrams from all sources together.
    HandshakeBudget = "handshake_budget",
    /// Too many datagrams from one client.
    SessionBudget = "session_budget",
    /// Not authentic, expired, or for another server.
    Netcode = "netcode",
    /// A packet of a session that came before, or too long after its time.
    Replayed = "replayed",
    /// A connect token that made its connection already, or was shown from another address before.
    TokenUsed = "token_used",
    /// A connect token that can not be remembered beside all those that have not expired; the client is told.
    TokensRemembered = "tokens_remembered",
    /// A client for whom there is no room; it is told.
    ServerFull = "server_full",
    /// A connection request while too many wait for the end of their handshake.
    PendingFull = "pending_full",
    /// A second connection with the client id of another.
    DuplicateSession = "duplicate_session",
    /// The host does not take what comes.
    HostBehind = "host_behind",
    /// A payload of another version, with illegal flags, of an illegal length, or cut short.
    Payload = "payload",
    /// A frame that only a server sends, or that is no frame.
    Frame = "frame",
    /// More of one client than the host takes in one poll.
    PollBudget = "poll_budget",
    /// A reliable message that is empty or too long.
    Message = "message",
    /// A reliable message too far ahead of the next one, or too many bytes ahead of it.
    MessageAhead = "message_ahead",
    /// The acknowledgement of a reliable message that was never sent.
    AckUnsent = "ack_unsent",
    /// What the host sends and may not: empty or too long.
    Outgoing = "outgoing",
    /// A client that does not read what it is sent.
    ClientBehind = "client_behind",
    /// A client that was disconnected because it broke the rules too often.
    Abuse = "abuse",
}

/// Counts what was refused, for metrics and for whoever asks.
pub struct RefusalCounts {
    counts: Vec<(AtomicU64, metrics::Counter)>,
}

impl Default for RefusalCounts {
    /// Registers the counters with the recorder that is installed now.
    fn default() -> Self {
        let counter =
            |reason: &Refusal| metrics::counter!("realmgate_packets_refused_total", "reason" => reason.name());
        Self { counts: Refusal::ALL.iter().map(|reason| (AtomicU64::new(0), counter(reason))).collect() }
    }
}

impl RefusalCounts {
    /// Counts one.
    pub fn add(&self, reason: Refusal) {
        let (count, metric) = &self.counts[reason as usize];
        count.fetch_add(1, Ordering::Relaxed);
        metric.increment(1);
    }

    /// How many there were for this reason.
    pub fn get(&self, reason: Refusal) -> u64 {
        self.counts[reason as usize].0.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for RefusalCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counted = Refusal::ALL.iter().map(|reason| (reason.name(), self.get(*reason)));
        f.debug_map().entries(counted.filter(|(_, count)| *count > 0)).finish()
    }
}
