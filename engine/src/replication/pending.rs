//! Updates that one client has not been sent yet.

use realmgate_protocol::ids::Tick;

use super::slot_set::{SlotSet, slots_of};
use super::slots::Slots;
use super::visible_set::VisibleSet;

/// Entities are in this many groups, by their slots. Where much is pending, groups take turns.
pub(super) const GROUPS: u32 = 16;

/// The visible entities with changes that the client was not sent. A tick touches these alone, and where many are pending only
/// those groups whose turn it is.
#[derive(Debug, Default)]
pub(super) struct PendingUpdates {
    groups: [Vec<PendingUpdate>; GROUPS as usize],
    /// A bit for each group that may not be empty.
    nonempty: u16,
    members: SlotSet,
    count: usize,
}

/// An entity with changes that the client was not sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingUpdate {
    pub slot: u32,
    /// Changes after this tick are pending.
    pub since: Tick,
}

/// As [`PendingUpdate::since`]: nothing is pending any more.
const SENT: Tick = Tick(u32::MAX);

impl PendingUpdate {
    /// Notes that a snapshot holds it.
    pub fn mark_sent(&mut self) {
        self.since = SENT;
    }

    fn is_sent(self) -> bool {
        self.since == SENT
    }

    /// Whether the entity has changed after [`Self::since`]. It need not have: a snapshot that was acknowledged late may have held
    /// all of it.
    pub fn has_changes(self, slots: &Slots) -> bool {
        slots.last_change[self.slot as usize] > self.since
    }
}

impl PendingUpdates {
    /// Number of entities with pending changes.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether an entity has pending changes.
    pub fn contains(&self, slot: u32) -> bool {
        self.members.contains(slot)
    }

    /// Whether a group may hold anything.
    pub fn has_group(&self, group: u32) -> bool {
        self.nonempty >> group & 1 == 1
    }

    /// The pending updates of a group, in no order.
    pub fn group(&mut self, group: u32) -> &mut [PendingUpdate] {
        &mut self.groups[group as usize]
    }

    /// Adds the visible entities that changed in this tick.
    pub fn add_changed(&mut self, visible: &VisibleSet, slots: &Slots, now: Tick) {
        let since = now.before(1);
        self.members.grow(slots.len());
        let pending = self.members.words_mut().iter_mut();
        let visible = visible.slots().words().iter().zip(pending);
        for ((word, changed), (visible, pending)) in (0..).zip(slots.changed.words()).zip(visible) {
            let added = changed & visible & !*pending;
            if added == 0 {
                continue;
            }
            *pending |= added;
            self.count += added.count_ones() as usize;
            for slot in slots_of((word, added)) {
                self.groups[(slot % GROUPS) as usize].push(PendingUpdate { slot, since });
                self.nonempty |= 1 << (slot % GROUPS);
            }
        }
    }

    /// Adds an entity that is not among them.
    pub fn add(&mut self, slot: u32, since: Tick) {
        self.groups[(slot % GROUPS) as usize].push(PendingUpdate { slot, since });
        self.nonempty |= 1 << (slot % GROUPS);
        self.members.insert(slot);
        self.count += 1;
    }

    /// Adds the changes of an entity after `since` again, since a snapshot that held them is lost.
    pub fn add_lost(&mut self, slot: u32, since: Tick) {
        match self.find(slot) {
            Some(pending) => pending.since = pending.since.min(since),
            None => self.add(slot, since),
        }
    }

    /// The client has all changes of an entity up to `tick`.
    pub fn acknowledge(&mut self, slot: u32, tick: Tick) {
        if let Some(pending) = self.find(slot) {
            pending.since = pending.since.max(tick);
        }
    }

    /// Removes an entity that is not visible any more.
    pub fn remove(&mut self, slot: u32) {
        if self.members.contains(slot) {
            let group = &mut self.groups[(slot % GROUPS) as usize];
            if let Some(index) = group.iter().position(|pending| pending.slot == slot) {
                group.swap_remove(index);
                self.members.remove(slot);
                self.count -= 1;
            }
        }
    }

    /// Removes from a group what is marked as sent. Without a branch for each, since which it is follows no pattern.
    pub fn remove_sent(&mut self, group: u32) {
        let updates = &mut self.groups[group as usize];
        let mut kept = 0;
        for index in 0..updates.len() {
            let update = updates[index];
            let is_sent = update.is_sent();
            updates[kept] = update;
            kept += usize::from(!is_sent);
            self.members.remove_if(update.slot, is_sent);
        }
        self.count -= updates.len() - kept;
        updates.truncate(kept);
        self.nonempty &= !(u16::from(kept == 0) << group);
    }

    fn find(&mut self, slot: u32) -> Option<&mut PendingUpdate> {
        if !self.members.contains(slot) {
            return None;
        }
        self.groups[(slot % GROUPS) as usize].iter_mut().find(|pending| pending.slot == slot)
    }
}
