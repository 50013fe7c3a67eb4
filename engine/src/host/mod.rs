//! The process around the channels: joins transports, players, channels and the map link at a fixed timestep, and lets
//! spectators go where there is no time for them.
//!
//! [`MapServer::step`] runs one tick without reading a clock, for tests and for [`run`], which keeps the deadlines.
//! Four owners keep the state, each alone with its own: `channels` the worlds, `players` who is in which and who may
//! enter, `spectators` who watches which, `link` what the sidecar is told and waits for.

mod channels;
mod config;
mod deadline;
mod link;
mod local;
mod news;
mod players;
mod reload;
mod report;
mod spectators;

pub use channels::RecordInto;
pub use config::HostConfig;
pub use deadline::run;
pub use link::{LinkEnds, LinkNews};
pub use local::{Invitation, LocalLink};
pub use reload::Reloader;
pub use report::HostStatus;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use realmgate_protocol::ticket::SpectatorTicket;

use crate::channel::{BuildWorld, Channel, ToChannel};
use crate::overload::{Overload, OverloadLevel};
use crate::transport::{SessionId, TransportEvent, Transports};
use channels::{ChannelIndex, ChannelSet};
use link::LinkSession;
use players::PlayerDirectory;
use reload::NewRules;
use report::TickMetrics;
use spectators::SpectatorDirectory;

/// A map server.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::Ordering;
///
/// use bevy_app::App;
/// use realmgate_engine::host::{LocalLink, MapServer};
/// use realmgate_engine::map::Map;
/// use realmgate_engine::transport::Transports;
/// use realmgate_engine::transport::memory::memory_transport;
/// use realmgate_protocol::ids::{ChannelId, MapId};
///
/// // The game adds its components and systems here.
/// fn game(_app: &mut App) {}
///
/// let (mut link, ends) = LocalLink::open("example".parse()?)?;
/// let map = Map::sketch(MapId(1), &["....", "...."]).ok_or("an empty map")?;
/// let (transport, network) = memory_transport();
/// let transports = Transports::new(vec![Box::new(transport)]);
/// let mut server = MapServer::new(link.host_config(vec![map])?, Arc::new(game), transports, ends);
///
/// let invitation = link.invite("Ann", MapId(1), ChannelId(1));
/// let client = network.connect(invitation.ticket, invitation.client);
/// server.step(0);
/// assert!(client.is_connected());
/// assert_eq!(server.status().players.load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MapServer {
    tick_hz: u32,
    channels: ChannelSet,
    players: PlayerDirectory,
    spectators: SpectatorDirectory,
    link: LinkSession,
    transports: Transports,
    /// One transport's events of this tick. Stays allocated from tick to tick.
    events: Vec<TransportEvent>,
    overload: Overload,
    metrics: TickMetrics,
    status: Arc<HostStatus>,
    /// Kept so that the receiver has a sender as long as the server lives.
    reloader: Reloader,
    new_rules: mpsc::Receiver<NewRules>,
}

impl MapServer {
    /// Creates the server and builds every channel's world.
    pub fn new(config: HostConfig, build: BuildWorld, transports: Transports, link: LinkEnds) -> Self {
        let (sender, new_rules) = mpsc::channel();
        Self {
            tick_hz: config.tick_hz,
            channels: ChannelSet::new(&config, build),
            players: PlayerDirectory::new(&config),
            spectators: SpectatorDirectory::new(&config),
            link: LinkSession::new(&config, link),
            transports,
            events: Vec::new(),
            overload: Overload::new(Duration::from_secs(1) / config.tick_hz.max(1)),
            metrics: TickMetrics::new(),
            status: Arc::default(),
            reloader: Reloader(sender),
            new_rules,
        }
    }

    /// Gives this server new rules while it runs.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// The counters that others may read while the server runs.
    pub fn status(&self) -> Arc<HostStatus> {
        self.status.clone()
    }

    /// The channels, for tests and recordings.
    pub fn channels(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.channels.iter_mut()
    }

    /// Whether all transports are still running.
    pub fn is_reachable(&self) -> bool {
        self.transports.is_running()
    }

    /// Ticks per second.
    pub fn tick_hz(&self) -> u32 {
        self.tick_hz
    }

    /// The current tick period: longer than configured while the server cannot keep up.
    pub fn period(&self) -> Duration {
        self.overload.period()
    }

    /// Records how late the last tick began and how long it took. The overload level follows from that.
    pub fn note_tick(&mut self, late: Duration, work: Duration) {
        self.metrics.record(late, work);
        if !self.overload.note(late, work) {
            return;
        }
        let level = self.overload.level();
        tracing::warn!(?level, "overload level changed: {}", level.consequence());
        metrics::gauge!("realmgate_overload_level").set(f64::from(level as u8));
        self.players.set_full(level >= OverloadLevel::Full);
        self.spectators.set_full(level >= OverloadLevel::Full);
        if level >= OverloadLevel::Full {
            self.spectators.end_all(&mut self.channels, &mut self.transports);
        }
        self.channels.set_overload(level);
    }

    /// Takes no new players from now on; those present are saved and released.
    pub fn drain(&mut self) {
        self.players.drain(&mut self.channels);
        self.spectators.drain(&mut self.channels, &mut self.transports);
    }

    /// Whether a drain is complete: no players are left, and everything they own is settled.
    pub fn is_drained(&self) -> bool {
        self.players.is_draining() && self.players.is_empty() && self.link.batches().is_empty()
    }

    /// Withdraws the announcements whose deadline has passed by `now_ms`, and tells the sidecar.
    fn expire_announcements(&mut self, now_ms: u64) {
        self.players.expire_announcements(now_ms, &self.link);
        self.spectators.expire_announcements(now_ms);
    }

    /// Runs one tick of everything. `now_ms` is in milliseconds of any monotonic clock and is used for ticket deadlines
    /// only.
    pub fn step(&mut self, now_ms: u64) {
        self.work(now_ms);
        self.flush();
    }

    /// All of a step but for waking the transports' threads, which may take this core at once.
    fn work(&mut self, now_ms: u64) {
        self.take_news(now_ms);
        self.watch_outage();
        self.take_transport_events(now_ms);
        self.expire_announcements(now_ms);
        self.players.send_overdue_farewells(self.now_tick(), &mut self.transports);
        self.report_loads();
        let done = self.take_new_rules();
        self.tick_channels();
        if let Some(done) = done {
            done();
        }
        self.metrics.record_parts(&self.channels);
        self.send_outputs();
        self.renew_if_disowned();
    }

    /// Gives all channels the rules that have come, at most one set of them in a tick. Returns what is called after it.
    fn take_new_rules(&mut self) -> Option<Box<dyn FnOnce() + Send>> {
        let NewRules { reload, build, done } = self.new_rules.try_recv().ok()?;
        self.channels.reload(reload, build);
        Some(done)
    }

    /// What is to be sent goes out.
    fn flush(&mut self) {
        self.transports.flush();
        self.count();
    }

    /// Ticks since the start.
    fn now_tick(&self) -> u64 {
        self.status.ticks.load(Ordering::Relaxed)
    }

    fn take_transport_events(&mut self, now_ms: u64) {
        let mut events = std::mem::take(&mut self.events);
        for transport in self.transports.indexes() {
            self.transports.poll(transport, &mut events);
            for event in events.drain(..) {
                self.take_transport_event(SessionId { client: event.client(), transport }, event, now_ms);
            }
        }
        self.events = events;
    }

    fn take_transport_event(&mut self, session: SessionId, event: TransportEvent, now_ms: u64) {
        let Self { players, spectators, channels, transports, .. } = self;
        match event {
            TransportEvent::Connected { ticket, .. } if SpectatorTicket::is_claimed_by(&ticket) => {
                if spectators.connect(session, &ticket, now_ms, channels).is_err() {
                    transports.disconnect(session);
                }
            }
            TransportEvent::Frame { frame, .. } if spectators.has(session) => {
                spectators.frame(session, frame.ack, &frame.commands, channels, transports);
            }
            TransportEvent::Message { bytes, .. } if spectators.has(session) => {
                spectators.message(session, bytes, channels);
            }
            TransportEvent::Connected { ticket, .. } => {
                if players.connect(session, &ticket, now_ms, channels, &self.link).is_err() {
                    transports.disconnect(session);
                }
            }
            TransportEvent::Frame { frame, .. } => {
                let event = ToChannel::Frame { session, ack: frame.ack, commands: frame.commands };
                players.pass_on(session, event, channels);
            }
            TransportEvent::Message { bytes, .. } => {
                players.pass_on(session, ToChannel::Message { session, bytes }, channels);
            }
            TransportEvent::Disconnected { .. } => {
                if !spectators.lost(session, channels) {
                    players.lost(session, channels);
                }
            }
        }
    }

    /// Ticks all channels. The players of those that failed are dropped.
    fn tick_channels(&mut self) {
        for channel in self.channels.tick() {
            self.players.channel_failed(channel, &self.link, &mut self.transports);
            self.spectators.channel_failed(channel, &mut self.channels, &mut self.transports);
            self.link.channel_failed(channel);
        }
    }

    fn send_outputs(&mut self) {
        for channel in self.channels.indexes() {
            self.send_output(channel);
            self.spectators.send_output(channel, &mut self.channels, &mut self.transports);
        }
        self.link.send_batch();
    }

    /// Sends what left a channel in this tick.
    fn send_output(&mut self, index: ChannelIndex) {
        let now_tick = self.now_tick();
        let transports = &mut self.transports;
        let channel = self.channels.channel_mut(index);
        let (mut outbox, events) = (channel.take_outbox(), channel.take_events());
        self.players.hold_farewells(&mut outbox, now_tick, transports);
        channel.reuse(transports.send_frames(outbox.frames));
        outbox.messages.into_iter().for_each(|message| transports.send(message));
        self.link.submit(index, events, outbox.link);
        for session in outbox.disconnects {
            self.players.end(session, transports);
        }
        for session in outbox.violations {
            self.players.violation(session, &mut self.channels);
        }
    }

    /// Replaces all worlds when this server was disowned: all players were dropped, and what is left in the worlds
    /// belongs to nobody.
    fn renew_if_disowned(&mut self) {
        if self.link.take_must_renew() {
            self.channels.renew_all();
            self.players.disconnect_all(&mut self.transports);
            self.spectators.end_all(&mut self.channels, &mut self.transports);
        }
    }
}

#[cfg(test)]
mod tests;
