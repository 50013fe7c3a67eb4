//! Recording a channel and replaying it: the same settings and the same inbox give the same world, tick by tick.
//!
//! [`state`] hashes a world, [`file`] defines the format of a recording, [`sources`] lists the files it depends on. The
//! host writes with a [`Recorder`] over a [`RecordingThread`], and [`Replay`] plays it again.

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
