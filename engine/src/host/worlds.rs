//! The channels' worlds: built at the start, ticked in parallel, and built anew when they fail or this server is
//! disowned.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use realmgate_protocol::ids::ChannelId;

use super::MapServer;
use crate::channel::{Channel, ChannelKey, ChannelSettings, ToChannel};
use crate::map::Map;
use crate::record::{QueuedFile, Recorder};

/// A channel and its recording.
pub(super) struct Running {
    pub channel: Channel,
    recorder: Option<Recorder<QueuedFile>>,
    /// Events that enter at the next tick. Kept outside of the channel so that they can be recorded.
    pub inbox: Vec<ToChannel>,
}

impl MapServer {
    pub(super) fn all_settings(&self) -> Vec<ChannelSettings> {
        let channels = (1..=self.config.channels).map(ChannelId);
        let of_map = |map: &Arc<Map>| {
            let map = map.clone();
            channels.clone().map(move |channel| (ChannelKey { map: map.id, channel }, map.clone()))
        };
        let keys = self.config.maps.iter().flat_map(of_map);
        keys.map(|(key, map)| ChannelSettings { key, map, tick_hz: self.config.tick_hz, seed: self.seed_of(key, 0) })
            .collect()
    }

    /// A separate seed for each channel and each start of it, so that no two give out the same identities.
    fn seed_of(&self, key: ChannelKey, life: u64) -> [u8; 32] {
        let mut seed = self.config.seed;
        let own = u64::from(key.map.0) << 48 | u64::from(key.channel.0) << 32 | life;
        seed.iter_mut().zip(own.to_le_bytes()).for_each(|(byte, own)| *byte ^= own);
        seed
    }

    pub(super) fn start_channel(&self, settings: ChannelSettings) -> Running {
        let recorder = self.record(&settings);
        Running { channel: Channel::new(settings, &self.build), recorder, inbox: Vec::new() }
    }

    pub(super) fn tick_channels(&mut self) {
        let channels = &mut self.channels;
        let failed = if channels.len() == 1 {
            vec![channels[0].tick()]
        } else {
            self.pool.scope(|scope| channels.iter_mut().for_each(|running| scope.spawn(async move { running.tick() })))
        };
        for (at, panicked) in failed.into_iter().enumerate() {
            if let Some(error) = panicked {
                self.replace_channel(at, &error);
            }
        }
    }

    /// A channel has failed: its world is dropped unread, and a fresh one takes its place.
    fn replace_channel(&mut self, at: usize, error: &str) {
        let key = self.channels[at].channel.settings().key;
        tracing::error!(map = %key.map, channel = %key.channel, error, "a channel failed and starts anew");
        metrics::counter!("realmgate_channel_panics_total").increment(1);
        self.renew_channel(at);
        self.drop_players_of(at);
    }

    /// Replaces all worlds with fresh ones: all players were dropped, and what is left in the worlds belongs to nobody.
    pub(super) fn start_anew(&mut self) {
        for at in 0..self.channels.len() {
            self.renew_channel(at);
            for (session, _) in self.routes.take_channel(at) {
                self.transport.disconnect(session);
            }
        }
    }

    fn renew_channel(&mut self, at: usize) {
        let settings = self.channels[at].channel.settings().clone();
        let life = self.status.ticks.load(Ordering::Relaxed) + 1;
        let fresh = ChannelSettings { seed: self.seed_of(settings.key, life), ..settings };
        // The recording of what led here is worth more than one of the fresh world.
        let inbox = vec![ToChannel::Overload { level: self.overload.level() }];
        self.channels[at] = Running { channel: Channel::new(fresh, &self.build), recorder: None, inbox };
    }
}

impl Running {
    /// Applies the inbox, ticks and records. Returns the panic's text if there was a panic.
    fn tick(&mut self) -> Option<String> {
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
            tracing::warn!(map = %key.map, channel = %key.channel, %error, "the recording of this channel ends here");
            self.recorder = None;
        }
    }
}
