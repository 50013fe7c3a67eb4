//! Recording a channel and replaying it: the same settings and the same inbox give the same world, tick by tick.
//!
//! A recording is a header, then one entry per tick, each a little-endian u32 length and that many bytes of bincode.

use std::io::{self, Read, Write};

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use crate::channel::{BuildWorld, Channel, ChannelKey, ChannelPanicked, ChannelSettings, ToChannel};
use crate::map::Map;
use crate::outbox::Outbox;
use crate::persist::PersistPort;
use crate::random::ChannelRandom;
use crate::replication::{Encoded, NetEntity};

/// A hash of what a world is and says: every replicated component of every entity, the state of its chance, and all that
/// waits in its outbox. What a world keeps to itself (who owns what, what waits for the store) shows in what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHash(pub u64);

impl StateHash {
    pub(crate) fn of(world: &mut World) -> Self {
        let mut query = world.query::<(&NetEntity, &Encoded)>();
        let mut entities: Vec<(&NetEntity, &Encoded)> = query.iter(world).collect();
        entities.sort_by_key(|(id, _)| **id);
        let mut hash = Fnv::default();
        hash.add(&world.resource::<ChannelRandom>().peek().to_le_bytes());
        for (id, encoded) in entities {
            hash.add(&id.0.0.to_le_bytes());
            for (component, bits, bytes) in encoded.values() {
                hash.add(&[component as u8]);
                hash.add(&(bits as u32).to_le_bytes());
                hash.add(bytes);
            }
        }
        hash.add_said(world);
        Self(hash.0)
    }
}

/// FNV-1a, 64 bits: stable across builds and machines, which std's hashers do not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds what has left the world in this tick and was not taken yet.
    fn add_said(&mut self, world: &World) {
        let outbox = world.resource::<Outbox>();
        let messages = outbox.messages.iter().map(|(session, bytes)| (*session, bytes.as_slice()));
        for (session, bytes) in outbox.frames.iter().chain(messages) {
            self.add(&session.0.to_le_bytes());
            self.add(&(bytes.len() as u32).to_le_bytes());
            self.add(bytes);
        }
        for session in outbox.disconnects.iter().chain(&outbox.violations) {
            self.add(&session.0.to_le_bytes());
        }
        let said = (&outbox.link, world.resource::<PersistPort>().submitted());
        self.add(&bincode::serde::encode_to_vec(said, bincode::config::standard()).unwrap_or_default());
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// What a recording starts with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingHeader {
    /// Which channel.
    pub key: ChannelKey,
    /// Ticks per second.
    pub tick_hz: u32,
    /// Its seed.
    pub seed: [u8; 32],
}

/// One tick of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedTick {
    /// What entered the world.
    pub inbox: Vec<ToChannel>,
    /// What the world was afterwards.
    pub hash: StateHash,
}

/// Why a recording can not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file can not be read or written.
    #[error("the recording can not be read: {0}")]
    Io(#[from] io::Error),
    /// The bytes are no recording.
    #[error("not a recording: {0}")]
    Malformed(String),
    /// The world panicked.
    #[error(transparent)]
    Panicked(#[from] ChannelPanicked),
    /// The world came out differently.
    #[error("tick {tick}: the state hash is {found:016x}, the recording says {recorded:016x}")]
    Diverged {
        /// The first such tick, from 1.
        tick: u32,
        /// The hash of the replay.
        found: u64,
        /// The recorded hash.
        recorded: u64,
    },
}

/// Writes a recording.
pub struct Recorder<W: Write> {
    out: W,
}

impl<W: Write> Recorder<W> {
    /// Starts a recording of a channel that has not ticked yet.
    pub fn start(mut out: W, settings: &ChannelSettings) -> Result<Self, ReplayError> {
        let header = RecordingHeader { key: settings.key, tick_hz: settings.tick_hz, seed: settings.seed };
        write_entry(&mut out, &header)?;
        Ok(Self { out })
    }

    /// Adds a tick.
    pub fn tick(&mut self, tick: &RecordedTick) -> Result<(), ReplayError> {
        write_entry(&mut self.out, tick)
    }

    /// Ends the recording.
    pub fn finish(mut self) -> Result<W, ReplayError> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Replays a recording and compares every tick's hash; the number of ticks when all agree.
pub fn replay(mut from: impl Read, map: std::sync::Arc<Map>, build: &BuildWorld) -> Result<u32, ReplayError> {
    let header: RecordingHeader =
        read_entry(&mut from)?.ok_or_else(|| ReplayError::Malformed("it is empty".to_owned()))?;
    if map.id != header.key.map {
        return Err(ReplayError::Malformed(format!("it was made on map {}", header.key.map)));
    }
    let settings = ChannelSettings { key: header.key, map, tick_hz: header.tick_hz, seed: header.seed };
    let mut channel = Channel::new(settings, build);
    let mut ticks = 0;
    while let Some(RecordedTick { inbox, hash }) = read_entry(&mut from)? {
        inbox.into_iter().for_each(|event| channel.push(event));
        channel.tick()?;
        ticks += 1;
        let found = channel.state_hash();
        channel.take_outbox();
        channel.take_events();
        if found != hash {
            return Err(ReplayError::Diverged { tick: ticks, found: found.0, recorded: hash.0 });
        }
    }
    Ok(ticks)
}

/// Longest entry that is read back: a tick of a full channel is far below it.
const MAX_ENTRY_BYTES: usize = 16 << 20;

fn write_entry(out: &mut impl Write, entry: &impl Serialize) -> Result<(), ReplayError> {
    let bytes = bincode::serde::encode_to_vec(entry, bincode::config::standard())
        .map_err(|error| ReplayError::Malformed(error.to_string()))?;
    out.write_all(&(bytes.len() as u32).to_le_bytes())?;
    Ok(out.write_all(&bytes)?)
}

fn read_entry<T: serde::de::DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>, ReplayError> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_ENTRY_BYTES {
        return Err(ReplayError::Malformed(format!("an entry of {length} bytes")));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    let config = bincode::config::standard().with_limit::<{ 8 * MAX_ENTRY_BYTES }>();
    let (entry, _) =
        bincode::serde::decode_from_slice(&bytes, config).map_err(|error| ReplayError::Malformed(error.to_string()))?;
    Ok(Some(entry))
}
