//! The recordings of a map server's channels.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use realmgate_protocol::ids::ServerId;

use crate::channel::ChannelSettings;
use crate::host::config::HostConfig;
use crate::record::{QueuedFile, Recorder, RecordingHeader, RecordingThread, Source};

/// Where every channel is recorded.
#[derive(Debug, Clone)]
pub struct RecordInto {
    /// The folder; a channel's file is `<server>-<map>-<channel>.rec`.
    pub folder: PathBuf,
    /// The files that the world's rules and maps come from.
    pub sources: Vec<Source>,
}

/// Begins recordings, and writes them on a thread of its own.
pub(super) struct Recordings {
    into: RecordInto,
    server: ServerId,
    protocol_hash: u64,
    thread: RecordingThread,
}

impl Recordings {
    /// Starts the thread that writes; `None` if nothing is to be recorded, or, with a warning, if it cannot be started.
    pub fn start(config: &HostConfig) -> Option<Self> {
        let into = config.record.clone()?;
        let started = RecordingThread::start();
        let started =
            started.inspect_err(|error| tracing::warn!(%error, "cannot start recording, no channel is recorded"));
        let (server, protocol_hash) = (config.server.clone(), config.protocol_hash);
        started.ok().map(|thread| Self { into, server, protocol_hash, thread })
    }

    /// Begins the recording of a channel that is about to start; `None`, with a warning, if it cannot be begun.
    pub fn begin(&self, settings: &ChannelSettings) -> Option<Recorder<QueuedFile>> {
        let key = settings.key;
        let path = self.into.folder.join(format!("{}-{}-{}.rec", self.server, key.map, key.channel));
        let header = RecordingHeader::of(settings, self.protocol_hash, self.into.sources.clone());
        let begun = create(&path).and_then(|file| Recorder::start(self.thread.open(file), &header));
        let begun = begun.inspect_err(|error| {
            let path = path.display();
            tracing::warn!(%path, %error, "cannot create a recording, the channel is not recorded");
        });
        begun.ok()
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
