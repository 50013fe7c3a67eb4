//! The process around the channels: joins transport, admission, channels and the map link at a fixed timestep.
//!
//! [`MapServer::step`] runs one tick without reading a clock, for tests and for [`run`], which keeps the deadlines.

mod deadline;
mod farewell;
mod host_metrics;
mod link;
mod outage;
mod recording;
mod routes;
mod worlds;

pub use deadline::run;
pub use link::{LinkEnds, LinkNews};
pub use recording::RecordInto;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use realmgate_protocol::ids::ServerId;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::ticket::KeyRing;

use crate::admission::{Admission, Hosting};
use crate::channel::{BuildWorld, Channel, ToChannel};
use crate::map::Map;
use crate::outbox::OutMessage;
use crate::overload::{Overload, OverloadLevel};
use crate::record::RecordingThread;
use crate::transport::{Transport, TransportEvent};
use routes::Routes;
use worlds::Running;

/// The configuration of a map server.
pub struct HostConfig {
    /// The id of this server.
    pub server: ServerId,
    /// The maps it hosts.
    pub maps: Vec<Arc<Map>>,
    /// Number of channels of each map.
    pub channels: u16,
    /// Ticks per second.
    pub tick_hz: u32,
    /// Most players in all channels together, including expected ones.
    pub max_players: u16,
    /// The hash of the protocol that its clients must speak.
    pub protocol_hash: u64,
    /// The keys that tickets are signed with.
    pub keys: KeyRing,
    /// The seed that the channels' seeds are derived from.
    pub seed: [u8; 32],
    /// Where every channel is recorded; `None` for no recording.
    pub record: Option<RecordInto>,
    /// Seconds of play without the map link, after which all players are released.
    pub offline_play_max_s: u32,
}

/// Counters that others may read while the server runs.
#[derive(Debug, Default)]
pub struct HostStatus {
    /// Ticks since the start.
    pub ticks: AtomicU64,
    /// Snapshots sent since the start.
    pub snapshots: AtomicU64,
    /// Players in all channels.
    pub players: AtomicU32,
    /// Those of them whose connection is up: each is sent a snapshot in every tick.
    pub connected: AtomicU32,
    /// How full the server is in percent, 0 to 100, for the directory.
    pub load: AtomicU32,
}

/// A map server.
pub struct MapServer {
    config: HostConfig,
    build: BuildWorld,
    channels: Vec<Running>,
    recordings: Option<RecordingThread>,
    transport: Box<dyn Transport>,
    admission: Admission,
    routes: Routes,
    link: LinkEnds,
    batches: link::Batches,
    farewells: farewell::Farewells,
    outage: outage::Outage,
    overload: Overload,
    parts: host_metrics::Parts,
    events: Vec<TransportEvent>,
    status: Arc<HostStatus>,
    pool: bevy_tasks::TaskPool,
    draining: bool,
}

impl MapServer {
    /// Creates the server and builds every channel's world.
    pub fn new(config: HostConfig, build: BuildWorld, transport: Box<dyn Transport>, link: LinkEnds) -> Self {
        let hosting = Hosting {
            maps: config.maps.iter().map(|map| map.id).collect(),
            channels: config.channels,
            capacity: usize::from(config.max_players),
        };
        let mut server = Self {
            channels: Vec::new(),
            recordings: config.record.as_ref().and_then(RecordInto::start),
            admission: Admission::new(hosting),
            routes: Routes::default(),
            batches: link::Batches::default(),
            farewells: farewell::Farewells::default(),
            outage: outage::Outage::default(),
            parts: host_metrics::Parts::new(),
            overload: Overload::new(Duration::from_secs(1) / config.tick_hz.max(1)),
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

    /// The counters that others may read while the server runs.
    pub fn status(&self) -> Arc<HostStatus> {
        self.status.clone()
    }

    /// The channels, for tests and recordings.
    pub fn channels(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.channels.iter_mut().map(|running| &mut running.channel)
    }

    /// Whether the transport is still running.
    pub fn is_reachable(&self) -> bool {
        self.transport.is_running()
    }

    /// Ticks per second.
    pub fn tick_hz(&self) -> u32 {
        self.config.tick_hz
    }

    /// The current tick period: longer than configured while the server cannot keep up.
    pub fn period(&self) -> Duration {
        self.overload.period()
    }

    /// Records how late the last tick began and how long it took. The overload level follows from that.
    pub fn note_tick(&mut self, late: Duration, work: Duration) {
        if !self.overload.note(late, work) {
            return;
        }
        let level = self.overload.level();
        tracing::info!(?level, "how much is left out because ticks take too long");
        metrics::gauge!("realmgate_overload_level").set(f64::from(level as u8));
        self.admission.set_full(self.is_full());
        for running in &mut self.channels {
            running.inbox.push(ToChannel::Overload { level });
        }
    }

    /// Whether new players are refused whatever room there is.
    fn is_full(&self) -> bool {
        self.overload.level() >= OverloadLevel::Full
    }

    /// Takes no new players from now on; those present are saved and released.
    pub fn drain(&mut self) {
        if std::mem::replace(&mut self.draining, true) {
            return;
        }
        self.admission.drain();
        for (character, at) in self.routes.characters() {
            self.channels[at].inbox.push(ToChannel::Kick { character, reason: LeaveReason::ServerClosing });
        }
    }

    /// Whether a drain is complete: no players are left, and everything they own is settled.
    pub fn is_drained(&self) -> bool {
        self.draining && self.routes.is_empty() && self.batches.is_empty() && self.farewells.is_empty()
    }

    /// Runs one tick of everything. `now_ms` is in milliseconds of any monotonic clock and is used for ticket deadlines
    /// only.
    pub fn step(&mut self, now_ms: u64) {
        self.take_link_messages(now_ms);
        self.watch_outage();
        self.take_transport_events(now_ms);
        self.expire_tickets(now_ms);
        self.expire_farewells();
        self.share_directory();
        self.tick_channels();
        self.parts.record(&self.channels);
        self.send_outboxes();
        if std::mem::take(&mut self.outage.starts_anew) {
            self.start_anew();
        }
        self.transport.flush();
        self.count();
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
                    self.routes.lost(session);
                    let event = ToChannel::Lost { session };
                    self.routes.channel_of(session).inspect(|at| self.channels[*at].inbox.push(event));
                }
            }
        }
        self.events = events;
    }

    fn send_outboxes(&mut self) {
        for at in 0..self.channels.len() {
            let mut outbox = self.channels[at].channel.take_outbox();
            self.hold_farewells(&mut outbox);
            if self.transport.frames_out().is_none() {
                self.status.snapshots.fetch_add(outbox.frames.len() as u64, Ordering::Relaxed);
            }
            let spare = self.transport.send_frames(std::mem::take(&mut outbox.frames));
            self.channels[at].channel.reuse(spare);
            for OutMessage { session, bytes, of_others } in outbox.messages {
                if of_others {
                    self.transport.send_of_others(session, bytes);
                } else {
                    self.transport.send_message(session, bytes);
                }
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

#[cfg(test)]
mod tests;
