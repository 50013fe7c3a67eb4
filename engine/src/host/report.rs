//! What the host reports about itself: to the directory, to players, and as metrics.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use realmgate_protocol::link::FromMap;

use super::MapServer;
use super::channels::ChannelSet;
use crate::channel::Channel;
use crate::clock::TickClock;
use crate::profile::TickProfile;
use crate::schedule::TickSet;

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

/// What is recorded and counted in every tick. Handles, since looking a metric up costs more than to set it.
pub(super) struct TickMetrics {
    parts: Vec<metrics::Histogram>,
    late: metrics::Histogram,
    work: metrics::Histogram,
    ticks: metrics::Counter,
    players: metrics::Gauge,
    spectators: metrics::Gauge,
    expected_players: metrics::Gauge,
    event_batches_waiting: metrics::Gauge,
    events_pending: metrics::Gauge,
}

impl TickMetrics {
    pub(super) fn new() -> Self {
        let of = |set: TickSet| metrics::histogram!("realmgate_tick_part_seconds", "part" => set.name());
        Self {
            parts: TickSet::ALL.into_iter().map(of).collect(),
            late: metrics::histogram!("realmgate_tick_late_seconds"),
            work: metrics::histogram!("realmgate_tick_work_seconds"),
            ticks: metrics::counter!("realmgate_ticks_total"),
            players: metrics::gauge!("realmgate_players"),
            spectators: metrics::gauge!("realmgate_spectators"),
            expected_players: metrics::gauge!("realmgate_expected_players"),
            event_batches_waiting: metrics::gauge!("realmgate_event_batches_waiting"),
            events_pending: metrics::gauge!("realmgate_events_pending"),
        }
    }

    /// Records the parts of the last tick of each channel that did not pass it by.
    pub(super) fn record_parts(&self, channels: &ChannelSet) {
        let whole = |channel: &&Channel| !channel.world().resource::<TickClock>().is_passed_by();
        for channel in channels.iter().filter(whole) {
            let parts = channel.world().resource::<TickProfile>().parts();
            self.parts.iter().zip(parts).for_each(|(histogram, (_, took))| histogram.record(took.as_secs_f64()));
        }
    }

    /// Records how late a tick began and how long it took.
    pub(super) fn record(&self, late: Duration, work: Duration) {
        self.late.record(late.as_secs_f64());
        self.work.record(work.as_secs_f64());
    }
}

impl MapServer {
    /// Once a second: tells the sidecar and the channels how full each channel is.
    pub(super) fn report_loads(&mut self) {
        if !self.now_tick().is_multiple_of(u64::from(self.tick_hz)) {
            return;
        }
        let loads = self.players.loads(&self.channels);
        self.channels.tell_loads(&loads, self.players.free_places() as u16);
        let spent_tickets = self.players.spent_ticket_count() as f64;
        metrics::gauge!("realmgate_table_entries", "table" => "spent_tickets").set(spent_tickets);
        self.link.say(FromMap::Load { channels: loads });
    }

    /// Updates status and metrics after a tick.
    pub(super) fn count(&self) {
        self.status.ticks.fetch_add(1, Ordering::Relaxed);
        self.status.snapshots.store(self.transports.frames_out(), Ordering::Relaxed);
        let players = self.players.count() as u32;
        self.status.players.store(players, Ordering::Relaxed);
        self.status.connected.store(self.players.connected_count() as u32, Ordering::Relaxed);
        self.status.load.store(self.players.load_percent(), Ordering::Relaxed);
        self.metrics.ticks.increment(1);
        self.metrics.players.set(f64::from(players));
        self.metrics.spectators.set(self.spectators.count() as f64);
        self.metrics.expected_players.set(self.players.expected_count() as f64);
        self.metrics.event_batches_waiting.set(self.link.batches().len() as f64);
        self.metrics.events_pending.set(self.link.batches().event_count() as f64);
    }
}
