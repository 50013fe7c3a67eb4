//! The layout of a netcode payload, and why one is rejected. The only module that knows it.
//!
//! Little endian: version u8 · flags u8 · acknowledgement: next u16, received after it u32 · messages: count u8, id of
//! the first u16, each a length u16 and its bytes · to the end, a snapshot (from servers) or an input (from clients).
//! The flags say which sections are present. A payload without snapshot and input ends with its messages.

mod writer;

use crate::limits::{MAX_PAYLOAD_BYTES, MAX_RELIABLE_BYTES};

pub use super::frame::{ClientFrame, ServerFrameHead, SnapshotAck};
pub use writer::{PayloadWriter, seal};

/// Version of the layout, the first byte of every payload.
pub const VERSION: u8 = 5;
/// The least version that a layout may have: a payload that begins with less is a packet of renet.
pub const FIRST_VERSION: u8 = 5;
/// Bytes of version and flags.
const HEADER_BYTES: usize = 2;
/// Maximum bytes of an acknowledgement.
const ACK_BYTES: usize = 2 + 4;
/// Maximum bytes of a snapshot or an input. This always leaves room for an acknowledgement.
pub const MAX_SECTION_BYTES: usize = MAX_PAYLOAD_BYTES - HEADER_BYTES - ACK_BYTES;

pub(super) const SNAPSHOT: u8 = 1;
pub(super) const INPUT: u8 = 2;
pub(super) const ACK: u8 = 4;
pub(super) const ACK_RECEIVED_AFTER: u8 = 8;
pub(super) const MESSAGES: u8 = 16;

/// Why a payload is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatagramError {
    /// It is too short for a header, or longer than a payload may be.
    #[error("invalid payload length")]
    Length,
    /// It has another layout version.
    #[error("unknown payload version")]
    Version,
    /// Its flags are unknown or exclude each other, or there are none.
    #[error("invalid payload flags")]
    Flags,
    /// It is cut short within a section, or bytes are left after its last one: a payload without snapshot and input
    /// goes on after its messages.
    #[error("truncated payload or trailing bytes")]
    End,
    /// A message is empty or too long, or the message section has none.
    #[error("payload without a message, or with one that is empty or too long")]
    Message,
}

/// The section that fills the rest of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section<'a> {
    /// No section.
    None,
    /// A server's snapshot: [`ServerFrameHead`] and [`crate::wire::snapshot`].
    Snapshot(&'a [u8]),
    /// A client's input: [`ClientFrame`].
    Input(&'a [u8]),
}

impl<'a> Section<'a> {
    /// Its body; empty if there is none.
    pub fn body(self) -> &'a [u8] {
        match self {
            Self::None => &[],
            Self::Snapshot(body) | Self::Input(body) => body,
        }
    }

    fn flag(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Snapshot(_) => SNAPSHOT,
            Self::Input(_) => INPUT,
        }
    }
}

/// Acknowledges the reliable messages that have arrived at the sender of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The low bits of the sequence number of the next message it waits for. All earlier ones have arrived.
    pub next: u16,
    /// Bit `i`: message `next + 1 + i` has arrived too. `docs/protocol.md` calls this `gaps`.
    pub received_after: u32,
}

/// The reliable messages of a payload. They are checked and have consecutive sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages<'a> {
    /// The low bits of the sequence number of the first message.
    pub first: u16,
    count: u8,
    bytes: &'a [u8],
}

impl<'a> Messages<'a> {
    /// Number of messages.
    pub fn len(&self) -> usize {
        self.count.into()
    }

    /// Whether the payload has no messages.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The messages, of 1 to [`MAX_RELIABLE_BYTES`] bytes each.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut from = self.bytes;
        std::iter::from_fn(move || take_message(&mut from).ok())
    }
}

/// A parsed payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    /// What its sender has received, if it says so.
    pub ack: Option<Ack>,
    /// Its reliable messages.
    pub messages: Messages<'a>,
    /// The rest: a snapshot, an input or nothing.
    pub section: Section<'a>,
}

/// Parses a payload.
///
/// ```
/// use realmgate_protocol::wire::datagram::{self, DatagramError, Section};
///
/// let payload = datagram::seal(Section::Snapshot(b"body"));
/// let opened = datagram::open(&payload)?;
/// assert_eq!(opened.section, Section::Snapshot(b"body"));
/// assert!(opened.ack.is_none() && opened.messages.is_empty());
///
/// assert_eq!(datagram::open(b"another protocol"), Err(DatagramError::Version));
/// # Ok::<(), DatagramError>(())
/// ```
///
/// # Errors
/// The [`DatagramError`] of the first rule that the payload breaks, such as [`DatagramError::Version`] for another
/// layout version.
pub fn open(payload: &[u8]) -> Result<Payload<'_>, DatagramError> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(DatagramError::Length);
    }
    let [version, flags, rest @ ..] = payload else { return Err(DatagramError::Length) };
    if *version != VERSION {
        return Err(DatagramError::Version);
    }
    if !are_legal(*flags) {
        return Err(DatagramError::Flags);
    }
    let mut from = rest;
    let ack = if flags & ACK != 0 { Some(take_ack(&mut from, flags & ACK_RECEIVED_AFTER != 0)?) } else { None };
    let messages = take_messages(&mut from, flags & MESSAGES != 0)?;
    let section = match flags & (SNAPSHOT | INPUT) {
        SNAPSHOT => Section::Snapshot(from),
        INPUT => Section::Input(from),
        _ if from.is_empty() => Section::None,
        _ => return Err(DatagramError::End),
    };
    Ok(Payload { ack, messages, section })
}

fn are_legal(flags: u8) -> bool {
    let known = flags & !(SNAPSHOT | INPUT | ACK | ACK_RECEIVED_AFTER | MESSAGES) == 0;
    let one_section = flags & (SNAPSHOT | INPUT) != SNAPSHOT | INPUT;
    let bits_of_an_ack = flags & (ACK | ACK_RECEIVED_AFTER) != ACK_RECEIVED_AFTER;
    flags != 0 && known && one_section && bits_of_an_ack
}

fn take<'a>(from: &mut &'a [u8], count: usize) -> Result<&'a [u8], DatagramError> {
    let (taken, rest) = from.split_at_checked(count).ok_or(DatagramError::End)?;
    *from = rest;
    Ok(taken)
}

fn take_u16(from: &mut &[u8]) -> Result<u16, DatagramError> {
    let (taken, rest) = from.split_first_chunk().ok_or(DatagramError::End)?;
    *from = rest;
    Ok(u16::from_le_bytes(*taken))
}

fn take_ack(from: &mut &[u8], has_received_after: bool) -> Result<Ack, DatagramError> {
    let next = take_u16(from)?;
    let mut received_after = [0; 4];
    if has_received_after {
        received_after.copy_from_slice(take(from, 4)?);
    }
    Ok(Ack { next, received_after: u32::from_le_bytes(received_after) })
}

fn take_messages<'a>(from: &mut &'a [u8], are_there: bool) -> Result<Messages<'a>, DatagramError> {
    if !are_there {
        return Ok(Messages { first: 0, count: 0, bytes: &[] });
    }
    let count = take(from, 1)?[0];
    if count == 0 {
        return Err(DatagramError::Message);
    }
    let first = take_u16(from)?;
    let bytes = *from;
    for _ in 0..count {
        take_message(from)?;
    }
    Ok(Messages { first, count, bytes: &bytes[..bytes.len() - from.len()] })
}

fn take_message<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], DatagramError> {
    let length = usize::from(take_u16(from)?);
    if length == 0 || length > MAX_RELIABLE_BYTES {
        return Err(DatagramError::Message);
    }
    take(from, length)
}

#[cfg(test)]
mod tests;
