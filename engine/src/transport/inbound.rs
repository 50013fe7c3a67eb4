//! What a client's payload is: the same reading for every transport.

use realmgate_protocol::limits::MAX_RELIABLE_BYTES;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Kind};

use super::refusal::Refusal;

/// A client's payload, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inbound<'a> {
    /// An input frame.
    Frame(ClientFrame),
    /// A packet of the reliable layer, not looked at yet.
    Reliable(&'a [u8]),
}

/// Reads a payload.
pub(super) fn open(payload: &[u8]) -> Result<Inbound<'_>, Refusal> {
    match datagram::open(payload) {
        Ok((Kind::ClientFrame, body)) => ClientFrame::open(body).map(Inbound::Frame).ok_or(Refusal::Frame),
        Ok((Kind::Reliable, body)) => Ok(Inbound::Reliable(body)),
        Ok((Kind::ServerFrame, _)) => Err(Refusal::Frame),
        Err(_) => Err(Refusal::Payload),
    }
}

/// Whether one reliable message may have this length; no encoded message is empty.
pub(super) fn is_message_length(bytes: u64) -> bool {
    (1..=MAX_RELIABLE_BYTES as u64).contains(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_not_send_snapshots_or_unknown_kinds() {
        assert_eq!(open(&datagram::seal(Kind::ServerFrame, &[0; 9])), Err(Refusal::Frame));
        assert_eq!(open(&[1, 9, 0]), Err(Refusal::Payload));
        assert_eq!(open(&[2, 1, 0]), Err(Refusal::Payload));
        assert_eq!(open(&datagram::seal(Kind::ClientFrame, &[0; 3])), Err(Refusal::Frame));
    }

    #[test]
    fn frames_and_reliable_packets_are_told_apart() {
        let frame = ClientFrame::default();
        assert_eq!(open(&frame.seal()), Ok(Inbound::Frame(frame)));
        assert_eq!(open(&datagram::seal(Kind::Reliable, &[4, 2])), Ok(Inbound::Reliable(&[4, 2])));
    }
}
