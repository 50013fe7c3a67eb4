//! Check 1: the raw datagram, before the netcode layer sees it.
//!
//! `renetcode` 2.0.0 indexes and splits by what an unauthenticated datagram says, so a datagram gets there only when
//! its length fits its type exactly, and a handshake only within a budget.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::limits::MAX_PAYLOAD_BYTES;

use super::budget::{Budget, Rate, SourceBudgets};
use crate::transport::refusal::Refusal;

const MAC_BYTES: usize = 16;
/// Prefix, version text, protocol id, expiry, nonce and the sealed part of the connect token.
const REQUEST_BYTES: usize = 1 + 13 + 8 + 8 + 24 + 1_024;
/// Sequence number and sealed challenge token.
const RESPONSE_BODY_BYTES: usize = 8 + 300;
/// Client index and number of clients.
const KEEP_ALIVE_BODY_BYTES: usize = 8;
/// `renetcode` refuses anything shorter, and says so in its log.
const MIN_BYTES: usize = 2 + MAC_BYTES;
/// At a thousand datagrams a second, a hundred million years; beyond it, `renetcode`'s arithmetic would overflow.
const MAX_SEQUENCE: u64 = 1 << 62;

/// A datagram that the netcode layer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    /// A connection request or the response to a challenge, of a client that is not connected.
    Handshake,
    /// A payload of a connected client.
    Payload,
    /// A sign of life of a connected client.
    KeepAlive,
    /// The goodbye of a connected client.
    Disconnect,
}

/// Budgets of the handshake.
#[derive(Debug)]
pub(super) struct Guard {
    sources: SourceBudgets,
    everybody: Budget,
}

impl Guard {
    pub(super) fn new(per_source: Rate, everybody: Rate, now: Duration) -> Self {
        Self { sources: SourceBudgets::new(per_source, now), everybody: Budget::new(everybody, now) }
    }

    /// Whether the datagram may be processed.
    pub(super) fn check(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        is_connected: bool,
        now: Duration,
    ) -> Result<Passed, Refusal> {
        let passed = shape(datagram)?;
        match (passed, is_connected) {
            // It would prolong the session's life without any proof of who sent it.
            (Passed::Handshake, true) => return Err(Refusal::HandshakeWhileConnected),
            (Passed::Handshake, false) if !self.sources.spend(from.ip(), now) => return Err(Refusal::SourceBudget),
            (Passed::Handshake, false) if !self.everybody.spend(now) => return Err(Refusal::HandshakeBudget),
            (Passed::Handshake, false) | (_, true) => {}
            (_, false) => return Err(Refusal::UnknownAddress),
        }
        Ok(passed)
    }
}

/// Whether the datagram has the form of its type.
fn shape(datagram: &[u8]) -> Result<Passed, Refusal> {
    let (&prefix, rest) = datagram.split_first().ok_or(Refusal::Length)?;
    let (packet_type, sequence_bytes) = (prefix & 0xf, usize::from(prefix >> 4));
    if packet_type == 0 {
        return if datagram.len() == REQUEST_BYTES { Ok(Passed::Handshake) } else { Err(Refusal::Length) };
    }
    if sequence_bytes > 8 {
        return Err(Refusal::SequenceLength);
    }
    let body = rest.len().checked_sub(sequence_bytes + MAC_BYTES).ok_or(Refusal::Length)?;
    if datagram.len() < MIN_BYTES {
        return Err(Refusal::Length);
    }
    let mut sequence = [0; 8];
    sequence[..sequence_bytes].copy_from_slice(&rest[..sequence_bytes]);
    if u64::from_le_bytes(sequence) > MAX_SEQUENCE {
        return Err(Refusal::Sequence);
    }
    match (packet_type, body) {
        (3, RESPONSE_BODY_BYTES) => Ok(Passed::Handshake),
        (4, KEEP_ALIVE_BODY_BYTES) => Ok(Passed::KeepAlive),
        (5, 1..=MAX_PAYLOAD_BYTES) => Ok(Passed::Payload),
        (6, 0) => Ok(Passed::Disconnect),
        (3..=6, _) => Err(Refusal::Length),
        _ => Err(Refusal::PacketType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NO_LIMIT: Rate = Rate { per_second: 1_000_000, burst: 1_000_000 };

    fn from() -> SocketAddr {
        "192.0.2.1:4000".parse().unwrap()
    }

    #[test]
    fn what_panics_the_netcode_layer_is_refused() {
        for nibble in 9..=15u8 {
            let mut datagram = vec![0; 40];
            datagram[0] = nibble << 4 | 5;
            assert_eq!(shape(&datagram), Err(Refusal::SequenceLength));
        }
        let mut short = [0; 18];
        short[0] = 8 << 4 | 5;
        assert_eq!(shape(&short), Err(Refusal::Length));
        let mut far = [0xff; 40];
        far[0] = 8 << 4 | 5;
        assert_eq!(shape(&far), Err(Refusal::Sequence), "sequence + 256 would overflow");
    }

    #[test]
    fn lengths_are_exact() {
        let datagram = |packet_type: u8, sequence_bytes: u8, bytes: usize| {
            let mut datagram = vec![0; bytes];
            datagram[0] = sequence_bytes << 4 | packet_type;
            shape(&datagram)
        };
        assert_eq!(datagram(0, 0, 1_078), Ok(Passed::Handshake));
        assert_eq!(datagram(0, 0, 1_079), Err(Refusal::Length));
        assert_eq!(datagram(3, 1, 1 + 1 + 308 + 16), Ok(Passed::Handshake));
        assert_eq!(datagram(3, 1, 1 + 1 + 307 + 16), Err(Refusal::Length));
        assert_eq!(datagram(4, 0, 1 + 8 + 16), Ok(Passed::KeepAlive));
        assert_eq!(datagram(5, 8, 1 + 8 + 1_200 + 16), Ok(Passed::Payload));
        assert_eq!(datagram(5, 8, 1 + 8 + 1_201 + 16), Err(Refusal::Length));
        assert_eq!(datagram(5, 1, 1 + 1 + 16), Err(Refusal::Length), "an empty payload says nothing");
        assert_eq!(datagram(6, 1, 1 + 1 + 16), Ok(Passed::Disconnect));
        for server_only in [1, 2, 7, 15] {
            assert_eq!(datagram(server_only, 1, 1 + 1 + 308 + 16), Err(Refusal::PacketType));
        }
    }

    #[test]
    fn handshakes_have_budgets_and_connected_clients_make_none() {
        let mut guard = Guard::new(Rate { per_second: 1, burst: 3 }, NO_LIMIT, Duration::ZERO);
        let request = [0; REQUEST_BYTES];
        assert_eq!(
            guard.check(&request, from(), true, Duration::ZERO),
            Err(Refusal::HandshakeWhileConnected),
            "else anybody could keep a dead session alive"
        );
        for _ in 0..3 {
            assert_eq!(guard.check(&request, from(), false, Duration::ZERO), Ok(Passed::Handshake));
        }
        assert_eq!(guard.check(&request, from(), false, Duration::ZERO), Err(Refusal::SourceBudget));

        let mut guard = Guard::new(NO_LIMIT, Rate { per_second: 1, burst: 1 }, Duration::ZERO);
        assert!(guard.check(&request, from(), false, Duration::ZERO).is_ok());
        assert_eq!(guard.check(&request, from(), false, Duration::ZERO), Err(Refusal::HandshakeBudget));
    }

    proptest! {
        #[test]
        fn whatever_passes_has_room_for_its_sequence_and_mac(bytes in prop::collection::vec(any::<u8>(), 0..1_500)) {
            let mut guard = Guard::new(NO_LIMIT, NO_LIMIT, Duration::ZERO);
            if guard.check(&bytes, from(), true, Duration::ZERO).is_ok() {
                let sequence_bytes = usize::from(bytes[0] >> 4);
                prop_assert!(sequence_bytes <= 8 && bytes.len() > sequence_bytes + 16 && bytes.len() <= 1_225);
            }
        }
    }
}
