//! The recordings of a map server's channels.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::MapServer;
use crate::channel::ChannelSettings;
use crate::record::{QueuedFile, Recorder, RecordingHeader, RecordingThread, Source};

/// Where every channel is recorded.
#[derive(Debug, Clone)]
pub struct RecordInto {
    /// The folder; a channel's file is `<server>-<map>-<channel>.rec`.
    pub folder: PathBuf,
    /// The files that the world's rules and maps come from.
    pub sources: Vec<Source>,
}

impl RecordInto {
    /// Starts the thread that writes; `None`, with a warning, if it cannot be started.
    pub(super) fn start(&self) -> Option<RecordingThread> {
        let started = RecordingThread::start();
        started.inspect_err(|error| tracing::warn!(%error, "no thread for recordings: nothing is recorded")).ok()
    }
}

impl MapServer {
    /// Starts the recording of a channel that is about to start; `None` if none is configured or it cannot be started.
    pub(super) fn record(&self, settings: &ChannelSettings) -> Option<Recorder<QueuedFile>> {
        let (into, thread) = (self.config.record.as_ref()?, self.recordings.as_ref()?);
        let path =
            into.folder.join(format!("{}-{}-{}.rec", self.config.server, settings.key.map, settings.key.channel));
        let header = RecordingHeader::of(settings, self.config.protocol_hash, into.sources.clone());
        let started = create(&path).and_then(|file| Recorder::start(thread.open(file), &header));
        started.inspect_err(|error| tracing::warn!(path = %path.display(), %error, "this channel is not recorded")).ok()
    }
}

/// Creates a recording file. It holds what players say and are given, so only its owner may read it.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
