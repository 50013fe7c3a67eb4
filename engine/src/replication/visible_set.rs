//! Which entities one client sees: those in its area of interest.

use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use super::InterestRange;
use super::candidates::Candidate;
use super::pending::PendingUpdates;
use super::slot_set::{SlotSet, slots_of};
use super::slots::Slots;

/// At most this many visible entities have no baseline. A snapshot has room for some thirty full updates, and every pending one
/// costs memory. The others become visible as these are acknowledged, the nearest first.
const MAX_WITHOUT_BASELINE: usize = 256;
/// While this many updates are pending, fewer entities become visible each time the area of interest is looked through.
const MANY_PENDING: usize = 512;
const MAX_ENTERING_WHILE_MANY_PENDING: usize = 128;

/// The entities that a client sees, by slot.
#[derive(Debug, Default)]
pub(super) struct VisibleSet {
    members: SlotSet,
    count: usize,
    /// Those without a baseline, each with the tick in which it became visible; ascending by slot.
    without_baseline: Vec<(u32, Tick)>,
}

/// The slots of entities that became visible to a client, and of those that it sees no more.
#[derive(Debug, Default)]
pub(super) struct VisibilityChanges {
    pub entered: Vec<u32>,
    pub left: Vec<u32>,
    scratch: Ranges,
}

/// What one look through the area of interest finds. Kept between ticks, so that a steady tick allocates nothing.
#[derive(Debug, Default)]
struct Ranges {
    /// Entities in range that are not visible yet.
    entering: Vec<u32>,
    within_enter: SlotSet,
    within_leave: SlotSet,
}

/// From where a client looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Viewpoint {
    /// The client's own entity, which is never in its visible set; of spectators, a slot that no entity has.
    pub own_slot: u32,
    pub position: Position,
}

/// What is in range of a client.
#[derive(Clone, Copy)]
pub(super) struct AreaOfInterest<'a> {
    pub slots: &'a Slots,
    pub viewpoint: Viewpoint,
    pub range: &'a InterestRange,
}

impl VisibleSet {
    /// Number of visible entities.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn contains(&self, slot: u32) -> bool {
        self.members.contains(slot)
    }

    /// The visible slots.
    pub fn slots(&self) -> &SlotSet {
        &self.members
    }

    /// Whether the client has acknowledged a full update of a visible entity, so that changes alone are enough from then on.
    /// Values are absolute: no delta is made against a baseline.
    pub fn has_baseline(&self, slot: u32) -> bool {
        self.without_baseline.is_empty() || self.find_without_baseline(slot).is_none()
    }

    /// Looks through the `candidates`, which hold all entities in range and may hold others. How many become visible at once
    /// depends on what is `pending`.
    pub fn refresh(
        &mut self,
        area: AreaOfInterest<'_>,
        candidates: &[Candidate],
        pending: &PendingUpdates,
        now: Tick,
        changes: &mut VisibilityChanges,
    ) {
        let AreaOfInterest { slots, viewpoint, range } = area;
        let squared = |units: i32| i64::from(units) * i64::from(units);
        let (enter, leave) = (squared(range.enter), squared(range.leave));
        let mut scratch = std::mem::take(&mut changes.scratch);
        scratch.within_enter.clear(slots.len());
        scratch.within_leave.clear(slots.len());
        for Candidate { slot, position } in candidates.iter().copied() {
            let distance = position.distance_squared(viewpoint.position);
            scratch.within_enter.insert_if(slot, distance <= enter);
            scratch.within_leave.insert_if(slot, distance <= leave);
        }
        scratch.within_enter.remove(viewpoint.own_slot);
        scratch.within_leave.remove(viewpoint.own_slot);
        self.members.grow(slots.len());
        let words = scratch.within_enter.words().iter().zip(scratch.within_leave.words());
        for (word, (within_enter, within_leave)) in (0..).zip(words) {
            let before = self.members.word(word);
            let inside = within_enter | (within_leave & before);
            slots_of((word, before & !inside)).for_each(|slot| self.leave(slot, changes));
            scratch.entering.extend(slots_of((word, inside & !before)));
        }
        self.admit_nearest(area, &mut scratch.entering, pending, now, changes);
        changes.scratch = scratch;
    }

    /// Makes as many of `entering` visible as there is room for, and empties it.
    fn admit_nearest(
        &mut self,
        area: AreaOfInterest<'_>,
        entering: &mut Vec<u32>,
        pending: &PendingUpdates,
        now: Tick,
        changes: &mut VisibilityChanges,
    ) {
        // What has left is still among them.
        let gone = changes.left.iter().filter(|slot| pending.contains(**slot)).count();
        let at_once =
            if pending.len() - gone < MANY_PENDING { MAX_WITHOUT_BASELINE } else { MAX_ENTERING_WHILE_MANY_PENDING };
        let room = at_once.min(MAX_WITHOUT_BASELINE.saturating_sub(self.without_baseline.len()));
        if entering.len() > room {
            let position = &area.slots.position;
            entering.select_nth_unstable_by_key(room, |slot| {
                (position[*slot as usize].distance_squared(area.viewpoint.position), *slot)
            });
            entering.truncate(room);
        }
        entering.drain(..).for_each(|slot| self.enter(slot, now, changes));
    }

    /// Makes entities visible that spawned in range in this tick. One for which there is no room becomes visible at a later
    /// [`Self::refresh`].
    pub fn add_spawned(&mut self, area: AreaOfInterest<'_>, now: Tick, changes: &mut VisibilityChanges) {
        let AreaOfInterest { slots, viewpoint, range } = area;
        for slot in slots.spawned.iter().copied() {
            let in_range =
                !slots.is_freed(slot) && slots.position[slot as usize].within(viewpoint.position, range.enter);
            let has_room = self.without_baseline.len() < MAX_WITHOUT_BASELINE;
            if in_range && slot != viewpoint.own_slot && !self.contains(slot) && has_room {
                self.enter(slot, now, changes);
            }
        }
    }

    /// Removes entities that despawned in this tick. Has to be called in every tick, since slots are used again.
    pub fn remove_freed(&mut self, slots: &Slots, changes: &mut VisibilityChanges) {
        for slot in slots.freed.iter().copied() {
            if self.contains(slot) {
                self.leave(slot, changes);
            }
        }
    }

    fn enter(&mut self, slot: u32, now: Tick, changes: &mut VisibilityChanges) {
        self.members.insert(slot);
        self.count += 1;
        let index = self.without_baseline.partition_point(|(other, _)| *other < slot);
        self.without_baseline.insert(index, (slot, now));
        changes.entered.push(slot);
    }

    fn leave(&mut self, slot: u32, changes: &mut VisibilityChanges) {
        self.members.remove(slot);
        self.count -= 1;
        if let Some(index) = self.find_without_baseline(slot) {
            self.without_baseline.remove(index);
        }
        changes.left.push(slot);
    }

    /// The client has applied a full update of an entity in a snapshot of `tick`. Whether that is its baseline: not where it has
    /// one, or where the entity became visible anew after that.
    pub fn set_baseline(&mut self, slot: u32, tick: Tick) -> bool {
        let Some(index) = self.find_without_baseline(slot) else { return false };
        let is_baseline = tick >= self.without_baseline[index].1;
        if is_baseline {
            self.without_baseline.remove(index);
        }
        is_baseline
    }

    fn find_without_baseline(&self, slot: u32) -> Option<usize> {
        self.without_baseline.binary_search_by_key(&slot, |(slot, _)| *slot).ok()
    }
}
