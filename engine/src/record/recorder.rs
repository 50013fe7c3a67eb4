//! Records what enters a channel, and the state that follows from it.

use std::io::{self, Write};

use serde::Serialize;

use super::file::{MAGIC, MAX_ENTRY_BYTES, RecordedState, RecordingHeader};
use super::state::{Digests, State, StateHash};
use crate::channel::{Channel, ToChannel};

/// Writes the recording of a channel that has not ticked yet. Each tick is one call of `write_all`, so that a recording
/// ends between two ticks as long as its writer does not split calls. The [module](crate::record) has an example.
pub struct Recorder<W: Write> {
    out: W,
    digests: Digests,
    entry: Vec<u8>,
}

/// Bytes of an entry's length.
const LENGTH_BYTES: usize = 4;

impl<W: Write> Recorder<W> {
    /// Starts a recording and writes its header.
    ///
    /// # Errors
    /// When the header cannot be encoded or written, or is longer than 16 MiB.
    pub fn start(mut out: W, header: &RecordingHeader) -> io::Result<Self> {
        let mut entry = MAGIC.to_vec();
        entry.extend([0; LENGTH_BYTES]);
        append(&mut entry, header)?;
        seal(&mut entry[MAGIC.len()..])?;
        out.write_all(&entry)?;
        Ok(Self { out, digests: Digests::default(), entry })
    }

    /// Notes what is about to enter the channel. [`Self::ticked`] or [`Self::panicked`] must follow.
    ///
    /// # Errors
    /// When an event cannot be encoded.
    pub fn enters(&mut self, inbox: &[ToChannel]) -> io::Result<()> {
        self.entry.clear();
        self.entry.extend([0; LENGTH_BYTES]);
        append(&mut self.entry, &inbox)
    }

    /// Writes the tick that the channel has run, and returns its state hash. To be called before the channel's outbox
    /// is taken.
    ///
    /// # Errors
    /// When the tick cannot be encoded or written, or is longer than 16 MiB.
    pub fn ticked(&mut self, channel: &mut Channel) -> io::Result<StateHash> {
        let state = State::of(channel.world_mut());
        let hash = state.hash();
        let changes = self.digests.change(&state);
        self.end_tick(Some(RecordedState { hash, changes }))?;
        Ok(hash)
    }

    /// Writes that the channel panicked in this tick.
    ///
    /// # Errors
    /// When the tick cannot be encoded or written, or is longer than 16 MiB.
    pub fn panicked(&mut self) -> io::Result<()> {
        self.end_tick(None)
    }

    fn end_tick(&mut self, state: Option<RecordedState>) -> io::Result<()> {
        append(&mut self.entry, &state)?;
        seal(&mut self.entry)?;
        self.out.write_all(&self.entry)
    }

    /// Ends the recording and returns its writer.
    ///
    /// # Errors
    /// When the writer cannot be flushed.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

fn append(entry: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    let config = bincode::config::standard();
    bincode::serde::encode_into_std_write(value, entry, config).map_err(io::Error::other)?;
    Ok(())
}

/// Puts the length before an entry.
fn seal(entry: &mut [u8]) -> io::Result<()> {
    let length = entry.len() - LENGTH_BYTES;
    if length > MAX_ENTRY_BYTES {
        return Err(io::Error::other(format!("a tick of {length} bytes is too long for a recording")));
    }
    entry[..LENGTH_BYTES].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(())
}
