//! The channels of a map server: built at the start, ticked in parallel, and renewed when they fail or when this server
//! is disowned.

mod recording;
mod running;

pub use recording::RecordInto;

use std::sync::Arc;

use realmgate_protocol::ids::ChannelId;
use realmgate_protocol::link::{ChannelLoad, CharacterLoad};
use realmgate_protocol::movement::Position;

use super::config::HostConfig;
use crate::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ChannelState, Reload, ToChannel};
use crate::map::Map;
use crate::overload::OverloadLevel;
use crate::player::PlaceArrival;
use crate::spectator::first_look;
use crate::tick_threads::TickThreads;
use recording::Recordings;
use running::RunningChannel;

/// Where a channel is in its [`ChannelSet`]. It stays the same when the channel is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChannelIndex(usize);

/// All channels of a map server, with what enters each at the next tick, and their recordings.
pub(super) struct ChannelSet {
    channels: Vec<RunningChannel>,
    /// Kept while the channels run: dropping it ends the thread that writes.
    _recordings: Option<Recordings>,
    build: BuildWorld,
    /// The seed that the channels' seeds are derived from.
    seed: [u8; 32],
    overload: OverloadLevel,
    /// Ticks that were begun.
    ticks: u64,
    threads: TickThreads,
}

impl ChannelSet {
    /// Builds every channel's world, and starts its recording if one is configured.
    pub fn new(config: &HostConfig, build: BuildWorld) -> Self {
        let recordings = Recordings::start(config);
        let threads = TickThreads::new(config.tick_threads);
        let start = |settings: ChannelSettings| {
            let recorder = recordings.as_ref().and_then(|recordings| recordings.begin(&settings));
            RunningChannel::new(Channel::new(settings, &build), recorder)
        };
        Self {
            channels: all_settings(config, &threads).map(start).collect(),
            _recordings: recordings,
            build,
            seed: config.seed,
            overload: OverloadLevel::default(),
            ticks: 0,
            threads,
        }
    }

    /// Every index.
    pub fn indexes(&self) -> impl Iterator<Item = ChannelIndex> + use<> {
        (0..self.channels.len()).map(ChannelIndex)
    }

    /// Number of channels.
    pub fn len(&self) -> usize {
        self.channels.len()
    }

    /// The channel of a map; `None` if it is not hosted here.
    pub fn find(&self, key: ChannelKey) -> Option<ChannelIndex> {
        self.indexes().find(|index| self.channel(*index).settings().key == key)
    }

    /// The channel at this index.
    pub fn channel(&self, index: ChannelIndex) -> &Channel {
        &self.channels[index.0].channel
    }

    /// The channel at this index, for taking its output.
    pub fn channel_mut(&mut self, index: ChannelIndex) -> &mut Channel {
        &mut self.channels[index.0].channel
    }

    /// Every channel.
    pub fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().map(|running| &running.channel)
    }

    /// Every channel.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.channels.iter_mut().map(|running| &mut running.channel)
    }

    /// Puts an event into the inbox of a channel; it enters the world at the next tick.
    pub fn tell(&mut self, index: ChannelIndex, event: ToChannel) {
        self.channels[index.0].inbox.push(event);
    }

    /// Puts an event into every inbox.
    pub fn tell_all(&mut self, event: &ToChannel) {
        self.channels.iter_mut().for_each(|running| running.inbox.push(event.clone()));
    }

    /// Gives every channel new rules from its next tick on. Those that are renewed later are built by them.
    pub fn reload(&mut self, reload: Reload, build: BuildWorld) {
        self.build = build;
        self.tell_all(&ToChannel::Reload(reload));
    }

    /// Sets the overload level of every channel, and of those that are renewed later.
    pub fn set_overload(&mut self, level: OverloadLevel) {
        self.overload = level;
        self.tell_all(&ToChannel::Overload { level });
    }

    /// Tells each channel how full the channels of its map are. Free places are shared: one that is taken in another
    /// channel is taken from this one as well.
    pub fn tell_loads(&mut self, loads: &[ChannelLoad], free_places: u16) {
        for running in &mut self.channels {
            let map = running.channel.settings().key.map;
            let state = |load: &ChannelLoad| ChannelState {
                channel: load.channel,
                players: load.players,
                capacity: load.players.saturating_add(free_places),
            };
            let channels = loads.iter().filter(|load| load.map == map).map(state).collect();
            running.inbox.push(ToChannel::Directory { channels });
        }
    }

    /// Where a character will appear in a channel, as the game decides.
    pub fn arrival(&self, key: ChannelKey, load: &CharacterLoad) -> Option<Position> {
        let world = self.channel(self.find(key)?).world();
        world.get_resource::<PlaceArrival>().map(|place| place.0(world, load))
    }

    /// Where a spectator of a channel looks first.
    pub fn first_look(&self, key: ChannelKey) -> Option<Position> {
        Some(first_look(&self.channel(self.find(key)?).settings().map))
    }

    /// Runs one tick of every channel. Those that failed are renewed, and their indexes returned: what was in their
    /// worlds is lost.
    pub fn tick(&mut self) -> Vec<ChannelIndex> {
        self.ticks += 1;
        let players = self.iter().map(Channel::players).sum();
        let panics: Vec<_> = if self.threads.parts(players) > 1 {
            self.threads.share(self.channels.iter_mut().map(|running| move || running.tick()))
        } else {
            self.channels.iter_mut().map(RunningChannel::tick).collect()
        };
        let failed = panics.into_iter().enumerate().filter_map(|(index, panic)| Some((ChannelIndex(index), panic?)));
        failed.map(|(index, panic)| self.replace_failed(index, &panic)).collect()
    }

    /// Replaces all worlds with fresh ones.
    pub fn renew_all(&mut self) {
        self.indexes().for_each(|index| self.renew(index));
    }

    /// A channel has failed: its world is dropped unread, and a fresh one takes its place.
    fn replace_failed(&mut self, index: ChannelIndex, panic: &str) -> ChannelIndex {
        let key = self.channel(index).settings().key;
        tracing::error!(
            map = %key.map,
            channel = %key.channel,
            error = panic,
            "a channel panicked: its players are disconnected without saving, and it restarts with a fresh world"
        );
        metrics::counter!("realmgate_channel_panics_total").increment(1);
        self.renew(index);
        index
    }

    /// Replaces a world with a fresh one, which is not recorded: the recording of what led here is worth more.
    fn renew(&mut self, index: ChannelIndex) {
        let settings = self.channel(index).settings().clone();
        let fresh = ChannelSettings { seed: seed_of(self.seed, settings.key, self.ticks), ..settings };
        self.channels[index.0] = RunningChannel::new(Channel::new(fresh, &self.build), None);
        self.tell(index, ToChannel::Overload { level: self.overload });
    }
}

/// The settings of every channel of every map.
fn all_settings(config: &HostConfig, threads: &TickThreads) -> impl Iterator<Item = ChannelSettings> {
    let of_map = move |map: &Arc<Map>| {
        let map = map.clone();
        (1..=config.channels).map(move |channel| {
            let key = ChannelKey { map: map.id, channel: ChannelId(channel) };
            let (tick_hz, seed) = (config.tick_hz, seed_of(config.seed, key, 0));
            ChannelSettings { key, map: map.clone(), tick_hz, seed, threads: threads.clone() }
        })
    };
    config.maps.iter().flat_map(of_map)
}

/// A separate seed for each channel and each start of it, so that no two give out the same identities. `started_at` is
/// the tick of the start.
fn seed_of(mut seed: [u8; 32], key: ChannelKey, started_at: u64) -> [u8; 32] {
    let own = u64::from(key.map.0) << 48 | u64::from(key.channel.0) << 32 | started_at;
    seed.iter_mut().zip(own.to_le_bytes()).for_each(|(byte, own)| *byte ^= own);
    seed
}
