//! What one client sees, and what of it the client has acknowledged.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::wire::datagram::{ServerFrameHead, SnapshotAck};

use super::pending::PendingUpdates;
use super::slots::Slots;
use super::tombstones::Tombstones;
use super::visible_set::{VisibilityChanges, VisibleSet};
use crate::spatial::Cell;

/// Snapshots that are remembered until they are acknowledged; older ones count as lost.
const MAX_IN_FLIGHT: usize = 64;

/// Most despawns in one snapshot, so that they leave room for updates; the rest follow in the next.
const MAX_DESPAWNS: usize = 64;

/// An update in a snapshot that is on its way.
#[derive(Debug, Clone, Copy)]
struct SentUpdate {
    /// The slot, and [`Self::FULL`] of a full update: one word, since there are thousands.
    slot_and_full: u32,
    /// It held all changes after this tick.
    since: Tick,
}

impl SentUpdate {
    const FULL: u32 = 1 << 31;

    fn new(slot: u32, since: Tick, is_full: bool) -> Self {
        Self { slot_and_full: slot | if is_full { Self::FULL } else { 0 }, since }
    }

    fn slot(self) -> u32 {
        self.slot_and_full & !Self::FULL
    }

    fn is_full(self) -> bool {
        self.slot_and_full & Self::FULL != 0
    }
}

/// A snapshot on its way. What it holds is in the view's queues, which have that many entries of each.
#[derive(Debug, Default)]
pub(super) struct SentSnapshot {
    tick: Tick,
    updates: u16,
    despawns: u16,
    /// Of `updates`, how many are full.
    full: u16,
    /// Where it holds components of the client's own entity: their changes after this tick.
    own_since: Option<Tick>,
}

/// What the client has of its own entity.
#[derive(Debug, Default)]
struct OwnBaseline {
    /// It has acknowledged a full update; before, it is sent nothing else.
    is_acknowledged: bool,
    /// All changes up to here were sent.
    sent: Tick,
}

/// Whether an acknowledgement names the snapshot of a tick as applied.
fn is_applied(tick: Tick, ack: SnapshotAck) -> bool {
    tick <= ack.newest && {
        let before = ack.newest.since(tick);
        before == 0 || (before <= 32 && ack.before >> (before - 1) & 1 == 1)
    }
}

/// A client's view of the world.
#[derive(Component, Debug, Default)]
pub struct ClientView {
    pub(super) visible: VisibleSet,
    pub(super) pending: PendingUpdates,
    tombstones: Tombstones,
    own: OwnBaseline,
    /// The cell from which the area of interest was last looked through.
    pub(super) refreshed_from: Option<Cell>,
    /// The newest snapshot that the client has applied; before the first, when it joined.
    acknowledged: Tick,
    /// What came since the last snapshot was made.
    acks: Vec<SnapshotAck>,
    /// Oldest first, as in the two queues.
    in_flight: VecDeque<SentSnapshot>,
    sent_updates: VecDeque<SentUpdate>,
    sent_despawns: VecDeque<EntityId>,
}

impl ClientView {
    /// The view of a client that joins now, and sees nothing yet.
    pub fn new(now: Tick) -> Self {
        Self { acknowledged: now, ..Self::default() }
    }

    /// Number of entities that the client sees beside its own.
    pub fn len(&self) -> usize {
        self.visible.len()
    }

    /// Whether the client sees nothing but its own entity.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The newest snapshot that the client has applied; before the first, the tick in which it joined.
    pub fn acknowledged(&self) -> Tick {
        self.acknowledged
    }

    /// Whether the client does not acknowledge what it is sent, or has not for so long that it cannot know any more which
    /// ticks it is sent.
    pub(super) fn is_unresponsive(&self, now: Tick) -> bool {
        let silent_ticks = now.since(self.acknowledged);
        self.tombstones.is_overfull() || silent_ticks > ServerFrameHead::MAX_UNACKNOWLEDGED_TICKS
    }

    /// Takes a client's acknowledgement. What follows from it is worked off where the next snapshot is made, which threads share.
    pub fn acknowledge(&mut self, ack: SnapshotAck) {
        if self.in_flight.back().is_none_or(|last| ack.newest > last.tick) {
            return;
        }
        let mut newest_first = self.in_flight.iter().rev();
        if let Some(applied) = newest_first.find(|sent| is_applied(sent.tick, ack)) {
            self.acknowledged = self.acknowledged.max(applied.tick);
        }
        self.acks.push(ack);
    }

    /// Works off what was acknowledged. A client applies no snapshot older than the newest it has applied: one that lies before
    /// that and is not acknowledged is lost.
    fn work_off_acks(&mut self) {
        let mut acks = std::mem::take(&mut self.acks);
        for ack in acks.drain(..) {
            while let Some(sent) = self.in_flight.pop_front_if(|sent| sent.tick <= ack.newest) {
                if is_applied(sent.tick, ack) {
                    self.confirm(&sent);
                } else {
                    self.lose(&sent);
                }
            }
        }
        self.acks = acks;
    }

    /// A snapshot was applied.
    fn confirm(&mut self, sent: &SentSnapshot) {
        if let Some(since) = sent.own_since {
            self.own.is_acknowledged = true;
            if since == Tick(0) {
                self.own.sent = self.own.sent.max(sent.tick);
            }
        }
        let updates = self.sent_updates.drain(..usize::from(sent.updates));
        if sent.full > 0 {
            for update in updates.filter(|update| update.is_full()) {
                if self.visible.set_baseline(update.slot(), sent.tick) {
                    self.pending.acknowledge(update.slot(), sent.tick);
                }
            }
        }
        for id in self.sent_despawns.drain(..usize::from(sent.despawns)) {
            self.tombstones.acknowledge(id, sent.tick);
        }
    }

    /// A snapshot will never be applied: all that it held is pending again.
    fn lose(&mut self, sent: &SentSnapshot) {
        if let Some(since) = sent.own_since {
            self.own.sent = self.own.sent.min(since);
        }
        for update in self.sent_updates.drain(..usize::from(sent.updates)) {
            if self.visible.contains(update.slot()) {
                self.pending.add_lost(update.slot(), update.since);
            }
        }
        for id in self.sent_despawns.drain(..usize::from(sent.despawns)) {
            self.tombstones.lose(id);
        }
    }

    /// Takes in which entities became visible and which are not any more, and empties both lists.
    pub(super) fn apply(&mut self, changes: &mut VisibilityChanges, slots: &Slots, now: Tick) {
        changes.left.iter().for_each(|slot| self.pending.remove(*slot));
        self.tombstones.add(changes.left.drain(..).map(|slot| slots.id[slot as usize]), now);
        for slot in changes.entered.drain(..) {
            self.pending.add(slot, now.before(1));
            self.tombstones.remove(slots.id[slot as usize]);
        }
    }

    /// An empty record of a snapshot.
    pub(super) fn start_snapshot(&mut self, tick: Tick) -> SentSnapshot {
        self.work_off_acks();
        if self.in_flight.len() == MAX_IN_FLIGHT
            && let Some(lost) = self.in_flight.pop_front()
        {
            self.lose(&lost);
        }
        SentSnapshot { tick, ..SentSnapshot::default() }
    }

    /// After which tick this snapshot is to hold all component changes of the client's own entity, the last of which was in tick
    /// `last_change`: after tick 0 for a full update, `None` for nothing.
    pub(super) fn record_own(&mut self, last_change: Tick, sent: &mut SentSnapshot) -> Option<Tick> {
        let since = if self.own.is_acknowledged { self.own.sent } else { Tick(0) };
        if last_change > since || since == Tick(0) {
            sent.own_since = Some(since);
            self.own.sent = sent.tick;
        }
        sent.own_since
    }

    /// The despawns that this snapshot is to hold, ascending by id.
    pub(super) fn record_despawns(&mut self, sent: &mut SentSnapshot) -> impl ExactSizeIterator<Item = EntityId> {
        let before = self.sent_despawns.len();
        self.sent_despawns.extend(self.tombstones.take_unsent(MAX_DESPAWNS));
        sent.despawns = (self.sent_despawns.len() - before) as u16;
        self.sent_despawns.range(before..).copied()
    }

    /// Notes that this snapshot holds all changes of an entity after `since`, in a full update or without.
    pub(super) fn record_update(&mut self, slot: u32, since: Tick, is_full: bool, sent: &mut SentSnapshot) {
        self.sent_updates.push_back(SentUpdate::new(slot, since, is_full));
        sent.updates += 1;
        sent.full += u16::from(is_full);
    }

    /// Keeps the record of a snapshot that was sent.
    pub(super) fn finish_snapshot(&mut self, sent: SentSnapshot) {
        self.in_flight.push_back(sent);
    }
}
