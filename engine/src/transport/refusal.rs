//! Refused network traffic: counted by reason, never logged one by one.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! refusals {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal),* $(,)?) => {
        /// Why something from or to the network was dropped.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum PacketRefusal {
            $($(#[doc = $doc])* $variant),*
        }

        impl PacketRefusal {
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
    /// A handshake datagram from the address of a connected client that does not begin another connection there.
    HandshakeWhileConnected = "handshake_while_connected",
    /// Too many handshakes from one source: datagrams, or sockets that have not shown a ticket.
    SourceBudget = "source_budget",
    /// Too many handshakes from all sources together.
    HandshakeBudget = "handshake_budget",
    /// Too many payloads from one client.
    SessionBudget = "session_budget",
    /// Not authentic, expired, or for another server.
    Netcode = "netcode",
    /// A packet that was received before, or is too old for replay protection to tell.
    Replayed = "replayed",
    /// A connect token that has made its connection already, or whose handshake is under way from another address.
    TokenUsed = "token_used",
    /// A client for which there is no room; it is told so.
    ServerFull = "server_full",
    /// A pending handshake that made way for a newer one, since too many were pending.
    PendingFull = "pending_full",
    /// A second connection with the client id of a connected one.
    DuplicateSession = "duplicate_session",
    /// The host does not poll, or the network thread does not keep up with what the host sends.
    HostBehind = "host_behind",
    /// A payload of another version, with illegal flags, of an illegal length, or cut short.
    Payload = "payload",
    /// A frame that only a server sends, or that is no frame.
    Frame = "frame",
    /// More from one client than the host takes in one poll.
    PollBudget = "poll_budget",
    /// A reliable message that is empty or too long.
    Message = "message",
    /// A reliable message too far ahead of the next expected one, in messages or in bytes.
    MessageAhead = "message_ahead",
    /// The acknowledgement of a reliable message that was never sent.
    AckUnsent = "ack_unsent",
    /// A message or snapshot from the host that is empty or too long.
    Outgoing = "outgoing",
    /// A client that was disconnected because its queue of unacknowledged messages was full.
    ClientBehind = "client_behind",
    /// A message caused by another player, dropped because the client does not keep up.
    ClientSlow = "client_slow",
    /// A client that was disconnected because it broke the rules too often.
    Abuse = "abuse",
    /// A connection that did not become a WebSocket or a WebTransport session, or not in time.
    Upgrade = "upgrade",
    /// A QUIC handshake of an address that may be anybody's: its sender has to prove it first.
    AddressUnproven = "address_unproven",
    /// A WebSocket or session for a browser page of an origin that is not allowed.
    Origin = "origin",
    /// A WebSocket or session whose first message is no ticket, or did not come in time.
    NoTicket = "no_ticket",
    /// A text message, where all messages are binary.
    Text = "text",
    /// A snapshot that a newer one replaced before the client's socket took it.
    SnapshotLate = "snapshot_late",
}

/// Counts refusals by reason, for metrics and for [`Self::get`].
pub struct RefusalCounts {
    counts: Vec<(AtomicU64, metrics::Counter)>,
}

impl Default for RefusalCounts {
    /// Registers the counters with the recorder that is installed now.
    fn default() -> Self {
        let counter =
            |reason: &PacketRefusal| metrics::counter!("realmgate_packets_refused_total", "reason" => reason.name());
        Self { counts: PacketRefusal::ALL.iter().map(|reason| (AtomicU64::new(0), counter(reason))).collect() }
    }
}

impl RefusalCounts {
    /// Counts one refusal.
    pub fn add(&self, reason: PacketRefusal) {
        self.add_many(reason, 1);
    }

    /// Counts `many` refusals.
    pub fn add_many(&self, reason: PacketRefusal, many: u64) {
        let (count, metric) = &self.counts[reason as usize];
        count.fetch_add(many, Ordering::Relaxed);
        metric.increment(many);
    }

    /// Number of refusals for this reason.
    pub fn get(&self, reason: PacketRefusal) -> u64 {
        self.counts[reason as usize].0.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for RefusalCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counted = PacketRefusal::ALL.iter().map(|reason| (reason.name(), self.get(*reason)));
        f.debug_map().entries(counted.filter(|(_, count)| *count > 0)).finish()
    }
}
