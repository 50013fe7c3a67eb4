//! The process around the channels: joins transport, admission, channels and the map link at a fixed tick.
//!
//! [`MapServer::step`] is one tick without any clock, for tests and for [`run`], which keeps the deadlines.

mod deadline;
mod farewell;
mod figures;
mod link;
mod routes;

pub use deadline::run;
pub use link::LinkEnds;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use realmgate_protocol::ids::{ChannelId, ServerId};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::ticket::KeyRing;

use crate::admission::{Admission, Hosting};
use crate::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ToChannel};
use crate::map::Map;
use crate::record::{RecordedTick, Recorder};
use crate::transport::{Transport, TransportEvent};
use routes::Routes;

/// What a map server is told at start.
pub struct HostConfig {
    /// Who this is.
    pub server: ServerId,
    /// The maps it hosts.
    pub maps: Vec<Arc<Map>>,
    /// Channels of each map.
    pub channels: u16,
    /// Ticks per second.
    pub tick_hz: u32,
    /// Most players in all channels together, expected ones included.
    pub max_players: u16,
    /// What its clients must speak.
    pub protocol_hash: u64,
    /// The keys that tickets are signed with.
    pub keys: KeyRing,
    /// Where the channels' seeds come from.
    pub seed: [u8; 32],
    /// A folder to record every channel into.
    pub record_dir: Option<PathBuf>,
}

/// What others may read while the server runs.
#[derive(Debug, Default)]
pub struct HostStatus {
    /// Ticks since the start.
    pub ticks: AtomicU64,
    /// Snapshots handed to the transport.
    pub snapshots: AtomicU64,
    /// Players in all channels.
    pub players: AtomicU32,
    /// How full, 0 to 100, for the directory.
    pub load: AtomicU32,
}

/// A channel and its recording.
struct Running {
    channel: Channel,
    recorder: Option<Recorder<std::io::BufWriter<std::fs::File>>>,
    /// What enters at the next tick, kept apart while recording.
    inbox: Vec<ToChannel>,
}

/// A map server.
pub struct MapServer {
    config: HostConfig,
    build: BuildWorld,
    channels: Vec<Running>,
    transport: Box<dyn Transport>,
    admission: Admission,
    routes: Routes,
    link: LinkEnds,
    batches: link::Batches,
    farewells: farewell::Farewells,
    events: Vec<TransportEvent>,
    status: Arc<HostStatus>,
    pool: bevy_tasks::TaskPool,
    draining: bool,
}

impl MapServer {
    /// Builds every channel's world.
    pub fn new(config: HostConfig, build: BuildWorld, transport: Box<dyn Transport>, link: LinkEnds) -> Self {
        let hosting = Hosting {
            maps: config.maps.iter().map(|map| map.id).collect(),
            channels: config.channels,
            capacity: usize::from(config.max_players),
        };
        let mut server = Self {
            channels: Vec::new(),
            admission: Admission::new(hosting),
            routes: Routes::default(),
            batches: link::Batches::default(),
            farewells: farewell::Farewells::default(),
            events: Vec::new(),
            status: Arc::default(),
            pool: bevy_tasks::TaskPoolBuilder::new().thread_name("channel".to_owned()).build(),
            draining: false,
            config,
            build,
            transport,
            link,
        };
        for settings in server.all_settings() {
            let running = server.start_channel(settings);
            server.channels.push(running);
        }
        server
    }

    /// What others may read while the server runs.
    pub fn status(&self) -> Arc<HostStatus> {
        self.status.clone()
    }

    /// The channels, for tests and recordings.
    pub fn channels(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.channels.iter_mut().map(|running| &mut running.channel)
    }

    /// Whether the network lives.
    pub fn is_reachable(&self) -> bool {
        self.transport.is_running()
    }

    /// Ticks per second.
    pub fn tick_hz(&self) -> u32 {
        self.config.tick_hz
    }

    /// Takes no new players from now on, and lets those here go, saved.
    pub fn drain(&mut self) {
        if std::mem::replace(&mut self.draining, true) {
            return;
        }
        self.admission.drain();
        for (character, at) in self.routes.characters() {
            self.channels[at].inbox.push(ToChannel::Kick { character, reason: LeaveReason::ServerClosing });
        }
    }

    /// Whether a drain is over: nobody is here any more, and all they own is settled.
    pub fn is_drained(&self) -> bool {
        self.draining && self.routes.is_empty() && self.batches.is_empty() && self.farewells.is_empty()
    }

    /// One tick of everything. `now_ms` is of any monotonic clock and is used for tickets' deadlines alone.
    pub fn step(&mut self, now_ms: u64) {
        self.take_link_messages(now_ms);
        self.take_transport_events(now_ms);
        self.expire_tickets(now_ms);
        self.expire_farewells();
        self.share_directory();
        self.tick_channels();
        self.send_outboxes();
        self.transport.flush();
        self.count();
    }

    fn all_settings(&self) -> Vec<ChannelSettings> {
        let channels = (1..=self.config.channels).map(ChannelId);
        let of_map = |map: &Arc<Map>| {
            let map = map.clone();
            channels.clone().map(move |channel| (ChannelKey { map: map.id, channel }, map.clone()))
        };
        let keys = self.config.maps.iter().flat_map(of_map);
        keys.map(|(key, map)| ChannelSettings { key, map, tick_hz: self.config.tick_hz, seed: self.seed_of(key, 0) })
            .collect()
    }

    /// A seed of its own for each channel and each of its lives, so that no two give out the same identities.
    fn seed_of(&self, key: ChannelKey, life: u64) -> [u8; 32] {
        let mut seed = self.config.seed;
        let own = u64::from(key.map.0) << 48 | u64::from(key.channel.0) << 32 | life;
        seed.iter_mut().zip(own.to_le_bytes()).for_each(|(byte, own)| *byte ^= own);
        seed
    }

    fn start_channel(&self, settings: ChannelSettings) -> Running {
        let recorder = self.config.record_dir.as_ref().and_then(|dir| {
            let path = dir.join(format!("{}-{}-{}.rec", self.config.server, settings.key.map, settings.key.channel));
            let file = std::fs::File::create(&path).map_err(crate::record::ReplayError::from);
            let started = file.and_then(|file| Recorder::start(std::io::BufWriter::new(file), &settings));
            started
                .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "this channel is not recorded"))
                .ok()
        });
        Running { channel: Channel::new(settings, &self.build), recorder, inbox: Vec::new() }
    }

    fn take_transport_events(&mut self, now_ms: u64) {
        let mut events = std::mem::take(&mut self.events);
        self.transport.poll(&mut events);
        for event in events.drain(..) {
            let session = event.session();
            match event {
                TransportEvent::Connected { user_data, .. } => self.connect(session, &user_data, now_ms),
                TransportEvent::Frame { frame, .. } => {
                    let event = ToChannel::Frame { session, ack: frame.ack, commands: frame.commands };
                    self.routes.channel_of(session).inspect(|at| self.channels[*at].inbox.push(event));
                }
                TransportEvent::Message { bytes, .. } => {
                    let event = ToChannel::Message { session, bytes };
                    self.routes.channel_of(session).inspect(|at| self.channels[*at].inbox.push(event));
                }
                TransportEvent::Disconnected { .. } => {
                    let event = ToChannel::Lost { session };
                    self.routes.channel_of(session).inspect(|at| self.channels[*at].inbox.push(event));
                }
            }
        }
        self.events = events;
    }

    fn tick_channels(&mut self) {
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
        let settings = self.channels[at].channel.settings().clone();
        tracing::error!(map = %settings.key.map, channel = %settings.key.channel, error, "a channel failed and starts anew");
        metrics::counter!("realmgate_channel_panics_total").increment(1);
        let life = self.status.ticks.load(Ordering::Relaxed) + 1;
        let fresh = ChannelSettings { seed: self.seed_of(settings.key, life), ..settings };
        // The recording of what led here is worth more than one of the fresh world.
        self.channels[at] = Running { channel: Channel::new(fresh, &self.build), recorder: None, inbox: Vec::new() };
        self.drop_players_of(at);
    }

    fn send_outboxes(&mut self) {
        for at in 0..self.channels.len() {
            let mut outbox = self.channels[at].channel.take_outbox();
            self.hold_farewells(&mut outbox);
            self.status.snapshots.fetch_add(outbox.frames.len() as u64, Ordering::Relaxed);
            for (session, payload) in outbox.frames {
                self.transport.send_frame(session, payload);
            }
            for (session, bytes) in outbox.messages {
                self.transport.send_message(session, bytes);
            }
            let events = self.channels[at].channel.take_events();
            self.send_from_channel(at, events, outbox.link);
            for session in outbox.disconnects {
                if let Some(character) = self.routes.remove(session) {
                    self.admission.left(character);
                }
                if !self.is_held(session) {
                    self.transport.disconnect(session);
                }
            }
            for session in outbox.violations {
                metrics::counter!("realmgate_bad_messages_total").increment(1);
                if let Some((character, at)) = self.routes.violation(session) {
                    self.channels[at].inbox.push(ToChannel::Kick { character, reason: LeaveReason::Abuse });
                }
            }
        }
        self.send_batch();
    }
}

impl Running {
    /// Lets the inbox in, ticks, and records; the panic's text if there was one.
    fn tick(&mut self) -> Option<String> {
        let recorded = self.recorder.is_some().then(|| self.inbox.clone());
        for event in self.inbox.drain(..) {
            self.channel.push(event);
        }
        if let Err(error) = self.channel.tick() {
            return Some(error.to_string());
        }
        if let (Some(recorder), Some(inbox)) = (&mut self.recorder, recorded) {
            let tick = RecordedTick { inbox, hash: self.channel.state_hash() };
            if let Err(error) = recorder.tick(&tick) {
                tracing::warn!(%error, "the recording ends here");
                self.recorder = None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
