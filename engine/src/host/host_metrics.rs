//! What the host measures and reports about itself.

use std::sync::atomic::Ordering;

use realmgate_protocol::link::{ChannelLoad, FromMap};

use super::MapServer;
use super::worlds::Running;
use crate::channel::{ChannelState, ToChannel};
use crate::profile::TickProfile;
use crate::schedule::TickSet;

/// One histogram for each part of a tick: how long it takes.
pub(super) struct Parts(Vec<metrics::Histogram>);

impl Parts {
    pub(super) fn new() -> Self {
        let of = |set: TickSet| metrics::histogram!("realmgate_tick_part_seconds", "part" => set.name());
        Self(TickSet::ALL.into_iter().map(of).collect())
    }

    /// Records the last tick of each channel.
    pub(super) fn record(&self, channels: &[Running]) {
        for running in channels {
            let parts = running.channel.world().resource::<TickProfile>().parts();
            self.0.iter().zip(parts).for_each(|(histogram, (_, took))| histogram.record(took.as_secs_f64()));
        }
    }
}

impl MapServer {
    /// Once a second: tells the sidecar and the channels how full each channel is.
    pub(super) fn share_directory(&mut self) {
        if !self.status.ticks.load(Ordering::Relaxed).is_multiple_of(u64::from(self.config.tick_hz)) {
            return;
        }
        let room = if self.is_full() {
            0
        } else {
            usize::from(self.config.max_players).saturating_sub(self.admission.count())
        };
        let counts: Vec<ChannelLoad> = (0..self.channels.len())
            .map(|at| {
                let key = self.channels[at].channel.settings().key;
                let players = self.routes.count(at) as u16;
                ChannelLoad { map: key.map, channel: key.channel, players, is_full: self.is_full() }
            })
            .collect();
        for running in &mut self.channels {
            let map = running.channel.settings().key.map;
            let here = counts.iter().filter(|load| load.map == map);
            // Free places are shared: one that is taken in another channel is taken from this one as well.
            let state = |load: &ChannelLoad| ChannelState {
                channel: load.channel,
                players: load.players,
                capacity: load.players.saturating_add(room as u16),
            };
            let channels = here.map(state).collect();
            running.inbox.push(ToChannel::Directory { channels });
        }
        let spent_tickets = self.admission.spent() as f64;
        metrics::gauge!("realmgate_table_entries", "table" => "spent_tickets").set(spent_tickets);
        self.say(FromMap::Load { channels: counts });
    }

    /// Updates status and metrics after a tick.
    pub(super) fn count(&self) {
        self.status.ticks.fetch_add(1, Ordering::Relaxed);
        if let Some(out) = self.transport.frames_out() {
            self.status.snapshots.store(out, Ordering::Relaxed);
        }
        let players = self.routes.len() as u32;
        self.status.players.store(players, Ordering::Relaxed);
        self.status.connected.store(self.routes.connected() as u32, Ordering::Relaxed);
        let by_players = players * 100 / u32::from(self.config.max_players.max(1));
        let load = if self.is_full() { 100 } else { by_players };
        self.status.load.store(load, Ordering::Relaxed);
        metrics::counter!("realmgate_ticks_total").increment(1);
        metrics::gauge!("realmgate_players").set(f64::from(players));
        metrics::gauge!("realmgate_expected_players").set((self.admission.count() as u32).saturating_sub(players));
        metrics::gauge!("realmgate_event_batches_waiting").set(self.batches.waiting_count() as f64);
        metrics::gauge!("realmgate_events_pending").set(self.batches.event_count() as f64);
    }
}
