//! A channel that runs: its world, what enters it next, and its recording.

use crate::channel::{Channel, ToChannel};
use crate::record::{QueuedFile, Recorder};

/// A channel, its inbox and its recording.
pub(super) struct RunningChannel {
    pub channel: Channel,
    recorder: Option<Recorder<QueuedFile>>,
    /// Events that enter at the next tick. Kept outside of the channel so that they can be recorded.
    pub inbox: Vec<ToChannel>,
}

impl RunningChannel {
    pub fn new(channel: Channel, recorder: Option<Recorder<QueuedFile>>) -> Self {
        Self { channel, recorder, inbox: Vec::new() }
    }

    /// Applies the inbox, ticks and records. Returns the panic's text if there was a panic.
    pub fn tick(&mut self) -> Option<String> {
        let mut inbox = std::mem::take(&mut self.inbox);
        self.record(|recorder, _| recorder.enters(&inbox));
        for event in inbox.drain(..) {
            self.channel.push(event);
        }
        self.inbox = inbox;
        if let Err(error) = self.channel.tick() {
            self.record(|recorder, _| recorder.panicked());
            return Some(error.to_string());
        }
        self.record(|recorder, channel| recorder.ticked(channel).map(drop));
        None
    }

    /// Writes to the recording, if there is one. If that fails, the recording ends and play goes on.
    fn record(&mut self, write: impl FnOnce(&mut Recorder<QueuedFile>, &mut Channel) -> std::io::Result<()>) {
        let Some(recorder) = &mut self.recorder else { return };
        if let Err(error) = write(recorder, &mut self.channel) {
            let key = self.channel.settings().key;
            tracing::warn!(map = %key.map, channel = %key.channel, %error, "recording stopped");
            self.recorder = None;
        }
    }
}
