//! What the host reports about itself: to the directory, to players, and as metrics.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use realmgate_protocol::link::FromMap;

use super::MapServer;
use super::channels::ChannelSet;
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

/// One histogram for each part of a tick: how long it takes.
pub(super) struct TickHistograms(Vec<metrics::Histogram>);

impl TickHistograms {
    pub(super) fn new() -> Self {
        let of = |set: TickSet| metrics::histogram!("realmgate_tick_part_seconds", "part" => set.name());
        Self(TickSet::ALL.into_iter().map(of).collect())
    }

    /// Records the last tick of each channel.
    pub(super) fn record(&self, channels: &ChannelSet) {
        for channel in channels.iter() {
            let parts = channel.world().resource::<TickProfile>().parts();
            self.0.iter().zip(parts).for_each(|(histogram, (_, took))| histogram.record(took.as_secs_f64()));
        }
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
        metrics::counter!("realmgate_ticks_total").increment(1);
        metrics::gauge!("realmgate_players").set(f64::from(players));
        metrics::gauge!("realmgate_spectators").set(self.spectators.count() as f64);
        metrics::gauge!("realmgate_expected_players").set(self.players.expected_count() as f64);
        metrics::gauge!("realmgate_event_batches_waiting").set(self.link.batches().len() as f64);
        metrics::gauge!("realmgate_events_pending").set(self.link.batches().event_count() as f64);
    }
}
