//! Recording a channel and replaying it: the same settings and the same inbox give the same world, tick by tick.
//!
//! [`state`] hashes a world, [`file`] defines the format of a recording, [`sources`] lists the files it depends on. The
//! host writes with a [`Recorder`] over a [`RecordingThread`], and [`Replay`] plays it again.
//!
//! ```
//! use std::sync::Arc;
//!
//! use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings};
//! use realmgate_engine::map::Map;
//! use realmgate_engine::record::{Recorder, RecordingEnd, RecordingHeader, Replay};
//! use realmgate_engine::tick_threads::TickThreads;
//! use realmgate_protocol::ids::{ChannelId, MapId};
//!
//! let map = Arc::new(Map::sketch(MapId(1), &["S...", "...."]).ok_or("an empty map")?);
//! let build: BuildWorld = Arc::new(|_| {});
//! let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
//! let settings =
//!     ChannelSettings { key, map: map.clone(), tick_hz: 30, seed: [7; 32], threads: TickThreads::default() };
//!
//! let mut recorder = Recorder::start(Vec::<u8>::new(), &RecordingHeader::of(&settings, 0, Vec::new()))?;
//! let mut channel = Channel::new(settings, &build);
//! for _ in 0..3 {
//!     // An empty inbox: no event enters in this tick.
//!     recorder.enters(&[])?;
//!     channel.tick()?;
//!     recorder.ticked(&mut channel)?;
//!     channel.take_outbox();
//! }
//! let recording = recorder.finish()?;
//!
//! let replay = Replay::open(recording.as_slice())?;
//! replay.check(0, &[])?;
//! let replayed = replay.run(map, &build, |_| {})?;
//! assert_eq!((replayed.ticks, replayed.end), (3, RecordingEnd::Whole));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod file;
mod recorder;
mod replay;
mod sources;
mod state;
mod thread;

pub use file::{FileError, RecordingHeader};
pub use recorder::Recorder;
pub use replay::{RecordingEnd, Replay, ReplayError, Replayed};
pub use sources::Source;
pub use state::StateHash;
pub use thread::{QueuedFile, RecordingThread};
