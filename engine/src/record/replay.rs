//! Replays a recording and compares every tick.

use std::io::Read;
use std::sync::Arc;

use super::file::{FileError, Next, RecordedState, RecordedTick, RecordingHeader, read_entry, read_header};
use super::sources::{Source, differences};
use super::state::{Digests, State, StateHash};
use crate::channel::{BuildWorld, Channel, ChannelPanicked, ChannelSettings};
use crate::map::Map;
use crate::tick_threads::TickThreads;

/// Why a recording cannot be replayed, or came out differently.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is not a recording, or cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The rules or maps differ from those it was made with.
    #[error("the recording was made with different data: {}", .0.join(", "))]
    OtherData(Vec<String>),
    /// Clients spoke another protocol.
    #[error("the recording was made with protocol {recorded:016x}, but this program has {here:016x}")]
    OtherProtocol {
        /// The protocol hash of the recording.
        recorded: u64,
        /// The protocol hash of this build.
        here: u64,
    },
    /// The world panicked in a tick in which the recorded one did not.
    #[error("tick {tick}: {panic}; the recorded tick did not panic")]
    Panicked {
        /// The tick, from 1.
        tick: u32,
        /// The panic, with its text.
        panic: ChannelPanicked,
    },
    /// The world did not panic in a tick in which the recorded one did.
    #[error("tick {tick}: the recorded world panicked, but the replayed one did not")]
    NoPanic {
        /// The tick, from 1.
        tick: u32,
    },
    /// The world came out differently.
    #[error("tick {tick}: {} differs; the state hash is {found}, the recording says {recorded}", describe_parts(.parts))]
    Diverged {
        /// The first tick that differs, from 1.
        tick: u32,
        /// The hash of the replay.
        found: StateHash,
        /// The recorded hash.
        recorded: StateHash,
        /// The parts that differ, causes before their effects.
        parts: Vec<String>,
    },
}

fn describe_parts(parts: &[String]) -> String {
    match parts {
        [] => "an unnamed part".to_owned(),
        [one] => one.clone(),
        [first, others @ ..] => format!("{first} (also {})", others.join(", ")),
    }
}

/// The result of a replay in which every tick was equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Number of ticks.
    pub ticks: u32,
    /// The state hash after the last tick that did not panic; `None` if there is none.
    pub last: Option<StateHash>,
    /// How the recording ends.
    pub end: RecordingEnd,
}

/// How a recording ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingEnd {
    /// After a tick.
    Whole,
    /// Within a tick, which is left out: the process was killed.
    CutOff,
    /// In a tick in which the world panicked, then and now.
    Panicked(ChannelPanicked),
}

/// An opened recording. The [module](crate::record) has an example.
pub struct Replay<R: Read> {
    from: R,
    header: RecordingHeader,
    threads: TickThreads,
}

impl<R: Read> Replay<R> {
    /// Opens a recording and reads its header.
    ///
    /// # Errors
    /// [`ReplayError::File`] when it is not a recording of this version, or cannot be read.
    pub fn open(mut from: R) -> Result<Self, ReplayError> {
        let header = read_header(&mut from)?;
        Ok(Self { from, header, threads: TickThreads::default() })
    }

    /// The header of the recording.
    pub fn header(&self) -> &RecordingHeader {
        &self.header
    }

    /// Shares the ticks among these threads. Without, the thread that replays does all of it.
    pub fn share_ticks(&mut self, threads: TickThreads) {
        self.threads = threads;
    }

    /// Checks that it can be replayed here: that what it depends on is the same.
    ///
    /// # Errors
    /// [`ReplayError::OtherProtocol`] when the protocol hash differs, [`ReplayError::OtherData`] when the sources
    /// differ.
    pub fn check(&self, protocol_hash: u64, sources: &[Source]) -> Result<(), ReplayError> {
        let recorded = self.header.protocol_hash;
        if recorded != protocol_hash {
            return Err(ReplayError::OtherProtocol { recorded, here: protocol_hash });
        }
        let differing = differences(&self.header.sources, sources);
        if differing.is_empty() { Ok(()) } else { Err(ReplayError::OtherData(differing)) }
    }

    /// Replays it on its map, and calls `passed` after each tick that is equal.
    ///
    /// # Errors
    /// [`ReplayError::OtherData`] when `map` is another map, [`ReplayError::File`] when an entry is malformed or cannot
    /// be read, and [`ReplayError::Panicked`], [`ReplayError::NoPanic`] or [`ReplayError::Diverged`] at the first tick
    /// that differs.
    pub fn run(
        mut self,
        map: Arc<Map>,
        build: &BuildWorld,
        mut passed: impl FnMut(u32),
    ) -> Result<Replayed, ReplayError> {
        let RecordingHeader { key, tick_hz, seed, .. } = self.header;
        if map.id != key.map {
            return Err(ReplayError::OtherData(vec![format!("the recording is of map {}", key.map)]));
        }
        let mut channel = Channel::new(ChannelSettings { key, map, tick_hz, seed, threads: self.threads }, build);
        let mut recorded = Digests::default();
        let mut last = None;
        let mut ticks = 0;
        loop {
            let RecordedTick { inbox, state } = match read_entry(&mut self.from)? {
                Next::Entry(tick) => tick,
                Next::End => return Ok(Replayed { ticks, last, end: RecordingEnd::Whole }),
                Next::CutOff => return Ok(Replayed { ticks, last, end: RecordingEnd::CutOff }),
            };
            ticks += 1;
            inbox.into_iter().for_each(|event| channel.push(event));
            match (channel.tick(), state) {
                (Ok(()), Some(state)) => last = Some(compare(&mut channel, &mut recorded, &state, ticks)?),
                (Ok(()), None) => return Err(ReplayError::NoPanic { tick: ticks }),
                (Err(panic), Some(_)) => return Err(ReplayError::Panicked { tick: ticks, panic }),
                (Err(panic), None) => return Ok(Replayed { ticks, last, end: RecordingEnd::Panicked(panic) }),
            }
            let mut frames = channel.take_outbox().frames;
            frames.clear();
            channel.take_events();
            channel.reuse(frames);
            passed(ticks);
        }
    }
}

/// Compares a world with what was recorded of it.
fn compare(
    channel: &mut Channel,
    digests: &mut Digests,
    recorded: &RecordedState,
    tick: u32,
) -> Result<StateHash, ReplayError> {
    let malformed = || FileError::Malformed(format!("tick {tick} has an unknown part"));
    digests.apply(&recorded.changes).ok_or_else(malformed)?;
    let state = State::of(channel.world_mut());
    let found = state.hash();
    let parts = digests.differences(&state);
    if found == recorded.hash && parts.is_empty() {
        return Ok(found);
    }
    Err(ReplayError::Diverged { tick, found, recorded: recorded.hash, parts })
}
