//! Checks a packet before stock renet sees it.
//!
//! renet 2.0.1 trusts what it reads. A slice with a place beyond its number of slices ends the process. Empty messages cost no
//! memory by its accounts, so that any number of them is kept. Sequence numbers that fall leave a range of acknowledgements
//! each, without a limit. A packet that it cannot read ends the connection. `docs/decisions/0030-renet-framing.md` describes
//! each, and `tests.rs` shows them with the real bytes.
//!
//! The layout of a packet: type u8 · sequence · then, of messages: channel u8, count u16, for each its id (of a reliable one),
//! its length and its bytes; of acknowledgements: end and size of the newest range, number of further ranges, for each the gap
//! to the one before and its size. u16 are big endian. All other numbers are the variable-length integers of QUIC (RFC 9000,
//! section 16).

use realmgate_protocol::wire::datagram::ClientFrame;

use super::received::{Messages, Sequences};
use crate::transport::refusal::PacketRefusal;
use crate::transport::{MAX_FRAMES_PER_POLL, inbound};

/// The channel of frames.
pub(super) const FRAMES: u8 = 0;
/// The channel of reliable messages.
pub(super) const MESSAGES: u8 = 1;

const RELIABLE: u8 = 0;
const UNRELIABLE: u8 = 1;
const ACKNOWLEDGEMENT: u8 = 4;

/// So many messages or ranges of acknowledgements are as much work as a packet: each is looked up in renet's maps.
const PARTS_PER_PACKET: usize = 4;
/// Most ranges of acknowledgements in a packet. Stock renet keeps 64, and more only where many packets overtake each other.
const MAX_RANGES: u64 = 128;

/// What a packet costs of its session's rate: one, and one for each [`PARTS_PER_PACKET`] of the parts that it claims to have.
pub(super) fn cost(packet: &[u8]) -> u32 {
    let parts = claimed_parts(packet).map_or(0, |parts| usize::try_from(parts).unwrap_or(usize::MAX));
    // A part has one byte at least.
    let parts = parts.min(packet.len());
    1 + (parts / PARTS_PER_PACKET) as u32
}

fn claimed_parts(packet: &[u8]) -> Result<u64, PacketRefusal> {
    let mut from = Reader(packet);
    let kind = from.u8()?;
    from.varint()?;
    if kind == ACKNOWLEDGEMENT {
        from.varint()?;
        from.varint()?;
        return from.varint();
    }
    from.u8()?;
    from.u16().map(u64::from)
}

/// Checks the packets of one client.
#[derive(Debug)]
pub(super) struct Guard {
    sequences: Sequences,
    messages: Messages,
}

impl Guard {
    /// Of the client's messages, at most so many bytes are held, beyond those of one packet.
    pub(super) fn new(held_bytes: usize) -> Self {
        Self { sequences: Sequences::default(), messages: Messages::new(held_bytes) }
    }

    /// Checks a packet of a client that was sent so many, and adds its input frames to `frames`. renet can read what passes, keeps a
    /// bounded part of it, and does not end the connection over it. A refused packet changes nothing but `frames`.
    pub(super) fn check(
        &mut self,
        packet: &[u8],
        packets_sent: u64,
        frames: &mut Vec<ClientFrame>,
    ) -> Result<(), PacketRefusal> {
        let mut from = Reader(packet);
        let kind = from.u8()?;
        let sequence = from.varint()?;
        let body = from.0;
        match kind {
            RELIABLE => check_messages(&mut from)?,
            UNRELIABLE => read_frames(&mut from, frames)?,
            ACKNOWLEDGEMENT => check_acknowledgements(&mut from, packets_sent)?,
            // 2 and 3 are slices of messages that are longer than any of ours.
            _ => return Err(PacketRefusal::Payload),
        }
        if !from.0.is_empty() {
            return Err(PacketRefusal::Payload);
        }
        self.sequences.judge(sequence)?;
        if kind == RELIABLE {
            self.messages.judge(messages(body))?;
            messages(body).for_each(|(id, length)| self.messages.note(id, length));
        }
        self.sequences.note(sequence);
        Ok(())
    }

    /// The host takes the next message, which is so long.
    pub(super) fn take(&mut self, length: usize) {
        self.messages.take(length);
    }
}

fn check_messages(from: &mut Reader<'_>) -> Result<(), PacketRefusal> {
    for _ in 0..from.count(MESSAGES)? {
        from.varint()?;
        if !inbound::is_message_length(from.bytes()?.len()) {
            return Err(PacketRefusal::Message);
        }
    }
    Ok(())
}

/// The reliable messages of a body that was checked: the id of each, and its length.
fn messages(body: &[u8]) -> impl Iterator<Item = (u64, usize)> {
    let mut from = Reader(body);
    let count = from.count(MESSAGES).unwrap_or_default();
    (0..count).map_while(move |_| Some((from.varint().ok()?, from.bytes().ok()?.len())))
}

fn read_frames(from: &mut Reader<'_>, frames: &mut Vec<ClientFrame>) -> Result<(), PacketRefusal> {
    let count = from.count(FRAMES)?;
    if usize::from(count) > MAX_FRAMES_PER_POLL {
        return Err(PacketRefusal::Payload);
    }
    for _ in 0..count {
        let (payload, frame) = inbound::open(from.bytes()?)?;
        let frame = frame.filter(|_| payload.ack.is_none() && payload.messages.is_empty());
        frames.push(frame.ok_or(PacketRefusal::Frame)?);
    }
    Ok(())
}

fn check_acknowledgements(from: &mut Reader<'_>, packets_sent: u64) -> Result<(), PacketRefusal> {
    let last = from.varint()?;
    if last >= packets_sent {
        return Err(PacketRefusal::AckUnsent);
    }
    let start_of = |last: u64, size: u64| last.checked_sub(size).ok_or(PacketRefusal::Payload);
    let size = from.varint()?;
    let further = from.varint()?;
    if further >= MAX_RANGES {
        return Err(PacketRefusal::Payload);
    }
    let mut start = start_of(last, size)?;
    for _ in 0..further {
        // Between two ranges, one packet at least is missing.
        let gap = from.varint()?;
        let last = start.checked_sub(gap + 2).ok_or(PacketRefusal::Payload)?;
        start = start_of(last, from.varint()?)?;
    }
    Ok(())
}

/// Reads a packet from its beginning.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], PacketRefusal> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or(PacketRefusal::Payload)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, PacketRefusal> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, PacketRefusal> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// An integer below 2^62. Its first two bits say whether it has 1, 2, 4 or 8 bytes.
    fn varint(&mut self) -> Result<u64, PacketRefusal> {
        let first = self.u8()?;
        let more = self.take((1 << (first >> 6)) - 1)?;
        Ok(more.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte)))
    }

    /// Bytes with their length before them.
    fn bytes(&mut self) -> Result<&'a [u8], PacketRefusal> {
        let length = self.varint()?;
        self.take(usize::try_from(length).map_err(|_| PacketRefusal::Payload)?)
    }

    /// The number of messages of a packet, of this channel alone.
    fn count(&mut self, channel: u8) -> Result<u16, PacketRefusal> {
        if self.u8()? != channel {
            return Err(PacketRefusal::Payload);
        }
        match self.u16()? {
            0 => Err(PacketRefusal::Message),
            count => Ok(count),
        }
    }
}
