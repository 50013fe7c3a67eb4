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

use realmgate_protocol::limits::MAX_RELIABLE_BYTES;
use realmgate_protocol::wire::datagram::ClientFrame;

use crate::transport::refusal::PacketRefusal;
use crate::transport::{MAX_FRAMES_PER_POLL, inbound};

/// The channel of frames.
pub(super) const FRAMES: u8 = 0;
/// The channel of reliable messages.
pub(super) const MESSAGES: u8 = 1;
/// How far ahead of the next message that the host takes a message may be.
pub(super) const WINDOW_MESSAGES: u64 = 64;
/// How far behind the newest packet a packet may be. netcode delivers nothing older.
const REORDERED_PACKETS: u64 = 256;

const RELIABLE: u8 = 0;
const UNRELIABLE: u8 = 1;
const ACKNOWLEDGEMENT: u8 = 4;

/// Checks the packets of one client.
#[derive(Debug, Default)]
pub(super) struct Guard {
    newest: u64,
}

/// What a client may refer to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// Number of packets that the client was sent.
    pub(super) packets_sent: u64,
    /// The id of the next message that the host takes.
    pub(super) next_message: u64,
}

impl Guard {
    /// Checks a packet and adds its input frames to `frames`. renet can read what passes, keeps a bounded part of it, and does
    /// not end the connection over it. A refused packet changes nothing.
    pub(super) fn check(
        &mut self,
        packet: &[u8],
        known: Known,
        frames: &mut Vec<ClientFrame>,
    ) -> Result<(), PacketRefusal> {
        let before = frames.len();
        let checked = self.parse(packet, known, frames);
        if checked.is_err() {
            frames.truncate(before);
        }
        checked
    }

    fn parse(&mut self, packet: &[u8], known: Known, frames: &mut Vec<ClientFrame>) -> Result<(), PacketRefusal> {
        let mut from = Reader(packet);
        let kind = from.u8()?;
        let sequence = from.varint()?;
        match kind {
            RELIABLE => check_messages(&mut from, known.next_message)?,
            UNRELIABLE => read_frames(&mut from, frames)?,
            ACKNOWLEDGEMENT => check_acknowledgements(&mut from, known.packets_sent)?,
            // 2 and 3 are slices of messages that are longer than any of ours.
            _ => return Err(PacketRefusal::Payload),
        }
        if !from.0.is_empty() {
            return Err(PacketRefusal::Payload);
        }
        if sequence.saturating_add(REORDERED_PACKETS) < self.newest {
            return Err(PacketRefusal::Replayed);
        }
        self.newest = self.newest.max(sequence);
        Ok(())
    }
}

/// Checks reliable messages. One that is ahead of the window waits at the client: it may be honest, where the host is late.
fn check_messages(from: &mut Reader<'_>, next_message: u64) -> Result<(), PacketRefusal> {
    let count = from.count(MESSAGES)?;
    let mut is_ahead = false;
    for _ in 0..count {
        let id = from.varint()?;
        if !inbound::is_message_length(from.bytes()?.len()) {
            return Err(PacketRefusal::Message);
        }
        is_ahead |= id >= next_message + WINDOW_MESSAGES;
    }
    if is_ahead { Err(PacketRefusal::PollBudget) } else { Ok(()) }
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
        let count = self.take(2)?;
        match u16::from_be_bytes([count[0], count[1]]) {
            0 => Err(PacketRefusal::Message),
            count => Ok(count),
        }
    }
}

/// Most bytes of messages that renet holds for a client: a whole window of the longest.
pub(super) const HELD_BYTES: usize = WINDOW_MESSAGES as usize * MAX_RELIABLE_BYTES;
