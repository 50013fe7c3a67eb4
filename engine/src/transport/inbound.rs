//! Parses client payloads, in the same way for every transport, and says for which reason one is refused.

use realmgate_protocol::limits::MAX_RELIABLE_BYTES;
use realmgate_protocol::wire::datagram::{self, ClientFrame, DatagramError, Payload, Section};
use realmgate_protocol::wire::stream::StreamError;

use super::refusal::PacketRefusal;

/// Parses a payload into its parts and its input frame, if it has one.
pub(super) fn open(payload: &[u8]) -> Result<(Payload<'_>, Option<ClientFrame>), PacketRefusal> {
    let payload = datagram::open(payload)?;
    let frame = match payload.section {
        Section::None => None,
        Section::Input(body) => Some(ClientFrame::open(body).ok_or(PacketRefusal::Frame)?),
        Section::Snapshot(_) => return Err(PacketRefusal::Frame),
    };
    Ok((payload, frame))
}

impl From<DatagramError> for PacketRefusal {
    fn from(error: DatagramError) -> Self {
        match error {
            DatagramError::Message => Self::Message,
            DatagramError::Length | DatagramError::Version | DatagramError::Flags | DatagramError::End => Self::Payload,
        }
    }
}

impl From<StreamError> for PacketRefusal {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::NeverSent => Self::AckUnsent,
            StreamError::OutsideWindow | StreamError::TooMuch => Self::MessageAhead,
        }
    }
}

/// Whether one reliable message may have this length; no encoded message is empty.
pub(super) fn is_message_length(bytes: usize) -> bool {
    (1..=MAX_RELIABLE_BYTES).contains(&bytes)
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::Tick;
    use realmgate_protocol::movement::Angle;
    use realmgate_protocol::wire::InputCommand;
    use realmgate_protocol::wire::datagram::{SnapshotAck, VERSION};

    use super::*;

    #[test]
    fn a_client_may_not_send_snapshots_or_other_versions() {
        assert_eq!(open(&datagram::seal(Section::Snapshot(&[0; 9]))), Err(PacketRefusal::Frame));
        for version in (0..=u8::MAX).filter(|version| *version != VERSION) {
            assert_eq!(open(&[version, 4, 0, 0]), Err(PacketRefusal::Payload), "{version}");
        }
        assert_eq!(open(&[VERSION, 128, 0]), Err(PacketRefusal::Payload));
        assert_eq!(open(&[VERSION, 16, 1, 0, 0, 0, 0]), Err(PacketRefusal::Message));
        assert_eq!(open(&datagram::seal(Section::Input(&[0; 3]))), Err(PacketRefusal::Frame));
    }

    #[test]
    fn a_payload_may_hold_a_frame_or_none() {
        let command = InputCommand { number: 4, heading: Some(Angle(9)), action: None };
        let ack = SnapshotAck { newest: Tick(3), before: 1 };
        for frame in [ClientFrame::default(), ClientFrame { ack, commands: [command].into_iter().collect() }] {
            assert_eq!(open(&frame.seal()).unwrap().1, Some(frame));
        }
        assert_eq!(open(&[VERSION, 4, 0, 0]).unwrap().1, None);
    }
}
