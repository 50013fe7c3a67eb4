//! Check 2: a packet of the reliable layer, between the netcode layer and `renet`.
//!
//! `renet` 2.0.1 trusts what it reads: a slice index beyond the count panics, ten bytes make it reserve 5 MB, empty
//! messages cost nothing of a channel's memory limit. So its packets are read here first, and only two of its five
//! types exist for us. Their layout, with QUIC's variable-length integers (`v`):
//!
//! * 0, messages: sequence v · channel u8 · count u16 · count × (message id v · length v · bytes)
//! * 4, acknowledgements: sequence v · newest v · size v · further ranges v · that many × (gap v · size v)

use crate::transport::inbound::is_message_length;
use crate::transport::refusal::Refusal;

/// The only channel there is.
pub(super) const CHANNEL: u8 = 0;
/// Most messages in one packet.
const MAX_MESSAGES: u16 = 256;
/// How far ahead of the next message one may be: what lies between waits in memory.
const MAX_AHEAD: u64 = 1_024;
/// Most further ranges: `renet` keeps 64, and one more where a late packet splits one.
const MAX_ACK_RANGES: u64 = 65;

/// A packet that `renet` may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReliablePacket {
    /// It wants to be acknowledged.
    Messages,
    /// It acknowledges.
    Acks,
}

/// Whether the packet may be processed, when `next` is the id of the next message that the host will see.
pub(super) fn check(packet: &[u8], next: u64) -> Result<ReliablePacket, Refusal> {
    let mut from = Reader(packet);
    let passed = match from.byte()? {
        0 => messages(&mut from, next)?,
        1 => return Err(Refusal::Unreliable),
        2 | 3 => return Err(Refusal::Slice),
        4 => acks(&mut from)?,
        _ => return Err(Refusal::Reliable),
    };
    if from.0.is_empty() { Ok(passed) } else { Err(Refusal::Reliable) }
}

fn messages(from: &mut Reader<'_>, next: u64) -> Result<ReliablePacket, Refusal> {
    from.varint()?;
    if from.byte()? != CHANNEL {
        return Err(Refusal::Channel);
    }
    let count = u16::from_be_bytes([from.byte()?, from.byte()?]);
    if !(1..=MAX_MESSAGES).contains(&count) {
        return Err(Refusal::Message);
    }
    for _ in 0..count {
        let (id, length) = (from.varint()?, from.varint()?);
        if id >= next.saturating_add(MAX_AHEAD) {
            return Err(Refusal::MessageAhead);
        }
        if !is_message_length(length) {
            return Err(Refusal::Message);
        }
        from.skip(length as usize)?;
    }
    Ok(ReliablePacket::Messages)
}

fn acks(from: &mut Reader<'_>) -> Result<ReliablePacket, Refusal> {
    from.varint()?;
    let (newest, size, further) = (from.varint()?, from.varint()?, from.varint()?);
    if further >= MAX_ACK_RANGES {
        return Err(Refusal::AckRanges);
    }
    let mut oldest = newest.checked_sub(size).ok_or(Refusal::AckRanges)?;
    for _ in 0..further {
        let (gap, size) = (from.varint()?, from.varint()?);
        let below = gap.checked_add(2).and_then(|gap| gap.checked_add(size)).ok_or(Refusal::AckRanges)?;
        oldest = oldest.checked_sub(below).ok_or(Refusal::AckRanges)?;
    }
    Ok(ReliablePacket::Acks)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Refusal> {
        let (&byte, rest) = self.0.split_first().ok_or(Refusal::Reliable)?;
        self.0 = rest;
        Ok(byte)
    }

    fn skip(&mut self, count: usize) -> Result<(), Refusal> {
        self.0 = self.0.get(count..).ok_or(Refusal::Reliable)?;
        Ok(())
    }

    /// The two highest bits of the first byte say how many bytes there are: 1, 2, 4 or 8.
    fn varint(&mut self) -> Result<u64, Refusal> {
        let first = self.byte()?;
        let mut value = u64::from(first & 0x3f);
        for _ in 1..1u8 << (first >> 6) {
            value = value << 8 | u64::from(self.byte()?);
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn slices_unreliable_packets_and_other_channels_do_not_exist() {
        // A slice of index 9 in a message of 1 slice, and the ten bytes that reserve 4,369 slices.
        assert_eq!(check(&[2, 0, 0, 0, 9, 1, 1, 7], 0), Err(Refusal::Slice));
        assert_eq!(check(&[3, 0, 0, 0, 0, 0x80, 0, 0x11, 0x11, 0], 0), Err(Refusal::Slice));
        assert_eq!(check(&[1, 0, 0, 0, 1, 1, 7], 0), Err(Refusal::Unreliable));
        assert_eq!(check(&[0, 0, 1, 0, 1, 0, 1, 7], 0), Err(Refusal::Channel));
        assert_eq!(check(&[5, 0], 0), Err(Refusal::Reliable));
        assert_eq!(check(&[], 0), Err(Refusal::Reliable));
    }

    #[test]
    fn messages_are_counted_and_measured() {
        assert_eq!(check(&[0, 5, 0, 0, 1, 0, 1, 7], 0), Ok(ReliablePacket::Messages));
        assert_eq!(check(&[0, 5, 0, 0, 1, 0, 1, 7, 8], 0), Err(Refusal::Reliable), "a byte too many");
        assert_eq!(check(&[0, 5, 0, 0, 1, 0, 2, 7], 0), Err(Refusal::Reliable), "a byte too few");
        assert_eq!(check(&[0, 5, 0, 0, 1, 0, 0], 0), Err(Refusal::Message), "empty");
        assert_eq!(check(&[0, 5, 0, 0, 0], 0), Err(Refusal::Message), "none");
        assert_eq!(check(&[0, 5, 0, 0xff, 0xff], 0), Err(Refusal::Message), "too many");
        assert_eq!(check(&[0, 5, 0, 0, 1, 0, 0x43, 0xe9], 0), Err(Refusal::Message), "1,001 bytes");
        let ahead = [0, 5, 0, 0, 1, 0x44, 0x00, 1, 7];
        assert_eq!(check(&ahead, 0), Err(Refusal::MessageAhead));
        assert_eq!(check(&ahead, 1), Ok(ReliablePacket::Messages));
    }

    #[test]
    fn ack_ranges_are_few_and_descend() {
        assert_eq!(check(&[4, 9, 20, 5, 1, 0, 3], 0), Ok(ReliablePacket::Acks));
        assert_eq!(check(&[4, 9, 5, 6, 0], 0), Err(Refusal::AckRanges), "below 0");
        assert_eq!(check(&[4, 9, 20, 5, 1, 13, 1], 0), Err(Refusal::AckRanges), "further range below 0");
        assert_eq!(check(&[4, 9, 63, 0, 0x40, 65], 0), Err(Refusal::AckRanges), "too many");
        assert_eq!(check(&[4, 9, 20, 5, 1], 0), Err(Refusal::Reliable), "cut short");
    }

    fn connection() -> renet::RenetClient {
        let channel = renet::ChannelConfig {
            channel_id: CHANNEL,
            max_memory_usage_bytes: 32 << 10,
            send_type: renet::SendType::ReliableOrdered { resend_time: Duration::from_millis(200) },
        };
        renet::RenetClient::new(renet::ConnectionConfig {
            available_bytes_per_tick: 60_000,
            server_channels_config: vec![channel.clone()],
            client_channels_config: vec![channel],
        })
    }

    proptest! {
        #[test]
        fn what_passes_renet_reads_too(
            head in prop::sample::select(vec![0u8, 4]),
            rest in prop::collection::vec(prop_oneof![0u8..8, any::<u8>()], 0..40),
        ) {
            let packet: Vec<u8> = std::iter::once(head).chain(rest).collect();
            if check(&packet, 0).is_ok() {
                let mut connection = connection();
                connection.process_packet(&packet);
                prop_assert!(!connection.is_disconnected(), "{:?}", connection.disconnect_reason());
            }
        }

        #[test]
        fn what_renet_makes_of_messages_passes(lengths in prop::collection::vec(1usize..1_001, 1..20)) {
            let mut connection = connection();
            lengths.iter().for_each(|length| connection.send_message(CHANNEL, vec![0; *length]));
            for packet in connection.get_packets_to_send() {
                prop_assert_eq!(check(&packet, 0), Ok(ReliablePacket::Messages));
            }
        }
    }
}
