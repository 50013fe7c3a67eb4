//! What happens to players while the map link is down, and when it is back.
//!
//! Play goes on for a while and owned events wait. If the outage takes too long, all players are released. When the
//! link is back, the host reclaims the locks it still holds. If it learns that they belong to others by now, it drops
//! all players unsaved and restarts its worlds.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::{Fence, FromMap, LeaveReason};

use super::MapServer;
use crate::channel::ToChannel;

/// Most events that may wait in all channels together while the link is down.
const MAX_PENDING_AWAY: u32 = 10_000;

/// The state of the map link.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// The tick since which the link is down; `None` while it is up.
    since_tick: Option<u64>,
    /// Whether it has been down for too long and all players were released.
    given_up: bool,
    /// Whether the sidecar has welcomed this server and not disowned it since: then the locks held here may be its own.
    met: bool,
    /// The locks held here belong to others: nothing of this tick goes out except farewells, and the worlds restart
    /// after it.
    pub starts_anew: bool,
}

impl MapServer {
    /// The link is down. Play goes on, and owned events wait.
    pub(super) fn link_lost(&mut self) {
        if self.outage.since_tick.is_some() {
            return;
        }
        self.outage.since_tick = Some(self.status.ticks.load(Ordering::Relaxed));
        let room = MAX_PENDING_AWAY / u32::from(u16::try_from(self.channels.len()).unwrap_or(u16::MAX).max(1));
        self.tell_channels(&ToChannel::StoreAway { room });
    }

    /// The link is up: reclaims the locks still held here, then reports the characters in the world.
    pub(super) fn link_up(&mut self, resumed: bool) {
        if self.outage.since_tick.take().is_some() {
            self.outage.given_up = false;
            self.tell_channels(&ToChannel::StoreBack);
        }
        if !resumed {
            self.disowned();
        }
        self.outage.met = true;
        if self.outage.starts_anew {
            return self.say(FromMap::Reclaim { locks: Vec::new(), last: true });
        }
        let held = self.held_locks().into_iter();
        let locks: Vec<Fence> = held.map(|(character, epoch)| Fence { character, epoch }).collect();
        metrics::counter!("realmgate_locks_reclaimed_total").increment(locks.len() as u64);
        self.say(FromMap::Reclaim { locks, last: true });
        for (character, epoch) in self.routes.epochs() {
            self.say(FromMap::Entered { character, epoch });
        }
    }

    /// The locks held here belong to others by now: all players are dropped unsaved, and what waits is forgotten.
    pub(super) fn disowned(&mut self) {
        if !std::mem::replace(&mut self.outage.met, false) {
            return;
        }
        let players = self.routes.characters();
        tracing::warn!(players = players.len(), "the world has moved on: everybody is dropped, unsaved");
        for (character, at) in players {
            self.channels[at].inbox.push(ToChannel::Drop { character, reason: LeaveReason::MovedOn });
        }
        self.admission.forget_all();
        self.forget_batches();
        self.say_all_farewells();
        self.outage.starts_anew = true;
    }

    /// Releases all players when the link has been down for too long. Their events still wait for the store. Nobody new
    /// can enter, since nobody is announced.
    pub(super) fn watch_outage(&mut self) {
        let away_s = self.outage_s();
        metrics::gauge!("realmgate_link_offline_seconds").set(f64::from(away_s));
        if self.outage.since_tick.is_none() || self.outage.given_up || away_s < self.config.offline_play_max_s {
            return;
        }
        self.outage.given_up = true;
        let players = self.routes.characters();
        tracing::warn!(away_s, players = players.len(), "the store is away for too long: everybody is let go");
        for (character, at) in players {
            self.channels[at].inbox.push(ToChannel::Kick { character, reason: LeaveReason::StoreAway });
        }
        self.expire_tickets(u64::MAX);
    }

    /// Whole seconds since the link went down; 0 while it is up.
    fn outage_s(&self) -> u32 {
        let now = self.status.ticks.load(Ordering::Relaxed);
        let ticks = self.outage.since_tick.map_or(0, |since| now - since);
        u32::try_from(ticks / u64::from(self.config.tick_hz.max(1))).unwrap_or(u32::MAX)
    }

    /// Every lock that is held here: of players, of expected characters, and of those whose release is not answered
    /// yet.
    fn held_locks(&self) -> BTreeSet<(CharacterId, LockEpoch)> {
        let mut held: BTreeSet<_> = self.routes.epochs().collect();
        held.extend(self.admission.expected());
        held.extend(self.farewells.epochs());
        held
    }

    fn tell_channels(&mut self, event: &ToChannel) {
        for running in &mut self.channels {
            running.inbox.push(event.clone());
        }
    }
}
