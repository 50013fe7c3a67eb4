//! A recording as bytes: [`MAGIC`], then entries, each a little-endian u32 length and that many bytes of bincode. The
//! first entry is the header, each further one a tick.

use std::io::{self, Read};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::sources::{Source, named_twice};
use super::state::{Change, StateHash};
use crate::channel::{ChannelKey, ChannelSettings, ToChannel};

/// What a recording starts with; the last byte counts up when its layout or its hash changes.
pub(super) const MAGIC: [u8; 8] = *b"realmre\x02";

/// Longest entry that is read back: a tick of a full channel is far below it.
pub(super) const MAX_ENTRY_BYTES: usize = 16 << 20;

/// Everything that a world depends on besides its inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingHeader {
    /// The channel that was recorded.
    pub key: ChannelKey,
    /// Ticks per second.
    pub tick_hz: u32,
    /// The seed of the channel's random number generators.
    pub seed: [u8; 32],
    /// The hash of the protocol that its clients spoke.
    pub protocol_hash: u64,
    /// The files of its maps and data, by name.
    pub sources: Vec<Source>,
}

impl RecordingHeader {
    /// The header of a channel's recording.
    pub fn of(settings: &ChannelSettings, protocol_hash: u64, sources: Vec<Source>) -> Self {
        Self { key: settings.key, tick_hz: settings.tick_hz, seed: settings.seed, protocol_hash, sources }
    }
}

/// One tick as it is read back. It is written in two steps, in this order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct RecordedTick {
    /// What entered the world.
    pub inbox: Vec<ToChannel>,
    /// The state of the world afterwards; `None` if it panicked.
    pub state: Option<RecordedState>,
}

/// The state of a world after a tick.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordedState {
    pub hash: StateHash,
    /// The parts that changed since the tick before.
    pub changes: Vec<Change>,
}

/// What comes next in a recording.
#[derive(Debug)]
pub(super) enum Next<T> {
    Entry(T),
    /// The recording ends here.
    End,
    /// It ends within an entry, as after the process was killed.
    CutOff,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Reading from the source failed.
    #[error("cannot read the recording: {0}")]
    Io(#[from] io::Error),
    /// The bytes are not a recording of this version.
    #[error("not a recording of this version: {0}")]
    Malformed(String),
}

pub(super) fn read_header(from: &mut impl Read) -> Result<RecordingHeader, FileError> {
    let mut magic = [0; MAGIC.len()];
    let whole = fill(from, &mut magic)? == magic.len();
    if !whole || magic != MAGIC {
        return Err(FileError::Malformed("wrong file header".to_owned()));
    }
    match read_entry::<RecordingHeader>(from)? {
        Next::Entry(header) => match named_twice(&header.sources) {
            Some(file) => Err(FileError::Malformed(format!("it lists {file} twice"))),
            None => Ok(header),
        },
        Next::End | Next::CutOff => Err(FileError::Malformed("missing header".to_owned())),
    }
}

pub(super) fn read_entry<T: DeserializeOwned>(from: &mut impl Read) -> Result<Next<T>, FileError> {
    let mut length = [0; 4];
    match fill(from, &mut length)? {
        0 => return Ok(Next::End),
        4 => {}
        _ => return Ok(Next::CutOff),
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_ENTRY_BYTES {
        return Err(FileError::Malformed(format!("an entry of {length} bytes is too long")));
    }
    // The buffer grows with the bytes that are there, not with the length that is announced.
    let mut bytes = Vec::new();
    if from.take(length as u64).read_to_end(&mut bytes)? < length {
        return Ok(Next::CutOff);
    }
    let config = bincode::config::standard().with_limit::<{ 4 * MAX_ENTRY_BYTES }>();
    let malformed = |error: bincode::error::DecodeError| FileError::Malformed(error.to_string());
    let (entry, used) = bincode::serde::decode_from_slice(&bytes, config).map_err(malformed)?;
    if used != length {
        return Err(FileError::Malformed("an entry has trailing bytes".to_owned()));
    }
    Ok(Next::Entry(entry))
}

/// Reads until the buffer is full or the source ends. Returns the number of bytes read.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
