//! Replicated entities in dense arrays, which every client's snapshot reads, and whether each is still on its course.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Course, Going, Position, ROUNDED_UNITS};

use super::encode::Encoded;
use super::slot_set::SlotSet;
use crate::body::{Asleep, At, Heading};
use crate::clock::TickClock;

/// As the slot of an entity that has none.
pub(super) const NO_SLOT: u32 = u32::MAX;
/// As the last change of a slot: its entity has despawned.
const FREED: Tick = Tick(u32::MAX);
/// The dead reckoning threshold, how far an entity may be from where its course says before it gets a new one: 1/16 tile, less what
/// the wire rounds off.
const MAX_ERROR_UNITS: i32 = 64 - ROUNDED_UNITS * 3 / 2;
/// The same for where it faces.
const MAX_ERROR_ANGLE: u8 = 16;

/// Replicated entities by slot. Slots are used again, but not within the tick in which they became free.
#[derive(Resource, Debug, Default)]
pub struct Slots {
    /// The last change that everybody may see, of the course or of a component; [`FREED`] where nothing is.
    pub(super) last_change: Vec<Tick>,
    /// The last change of a component.
    pub(super) last_component_change: Vec<Tick>,
    /// When the course began; 0 for an entity that has none yet.
    pub(super) course_start: Vec<Tick>,
    pub(super) id: Vec<EntityId>,
    pub(super) entity: Vec<Entity>,
    pub(super) position: Vec<Position>,
    course: Vec<Course>,
    /// The slot of each entity that has a course, by the index of the entity; [`NO_SLOT`] for the others.
    by_entity: Vec<u32>,
    /// Entities that got their first course in this tick.
    pub(super) spawned: Vec<u32>,
    /// Entities with a slot and without a course.
    without_course: Vec<Entity>,
    /// Slots whose entities despawned since the last snapshots were written.
    pub(super) freed: Vec<u32>,
    changing: SlotSet,
    /// Slots with a change in this tick that everybody may see.
    pub(super) changed: SlotSet,
    free: Vec<u32>,
}

impl Slots {
    /// Gives an entity its slot.
    pub(super) fn add(&mut self, entity: Entity, id: EntityId) -> u32 {
        self.without_course.push(entity);
        if let Some(slot) = self.free.pop() {
            let index = slot as usize;
            (self.entity[index], self.id[index], self.course_start[index]) = (entity, id, Tick(0));
            (self.last_change[index], self.last_component_change[index]) = (Tick(0), Tick(0));
            return slot;
        }
        self.last_change.push(Tick(0));
        self.last_component_change.push(Tick(0));
        self.course_start.push(Tick(0));
        self.id.push(id);
        self.entity.push(entity);
        self.position.push(Position::default());
        self.course.push(Course::default());
        self.last_change.len() as u32 - 1
    }

    /// Number of slots, free ones included.
    pub(super) fn len(&self) -> usize {
        self.last_change.len()
    }

    /// The entity of a slot has despawned.
    pub(super) fn remove(&mut self, slot: u32) {
        self.last_change[slot as usize] = FREED;
        self.freed.push(slot);
        if let Some(of_entity) = self.by_entity.get_mut(self.entity[slot as usize].index_u32() as usize) {
            *of_entity = NO_SLOT;
        }
    }

    /// The slot of an entity, once it has a course; `None` for one that is not replicated.
    pub(super) fn of_entity(&self, entity: Entity) -> Option<u32> {
        self.by_entity.get(entity.index_u32() as usize).copied().filter(|slot| *slot != NO_SLOT)
    }

    /// An entity gets its first course.
    fn note_spawned(&mut self, slot: u32) {
        self.spawned.push(slot);
        let entity = self.entity[slot as usize].index_u32() as usize;
        if self.by_entity.len() <= entity {
            self.by_entity.resize(entity + 1, NO_SLOT);
        }
        self.by_entity[entity] = slot;
    }

    /// Whether the entity of a slot has despawned.
    pub(super) fn is_freed(&self, slot: u32) -> bool {
        self.last_change[slot as usize] == FREED
    }

    /// A component that everybody may see has changed.
    pub(super) fn note_component_change(&mut self, slot: u32, now: Tick) {
        let Some(last) = self.last_change.get_mut(slot as usize).filter(|last| **last != FREED) else { return };
        *last = now;
        self.last_component_change[slot as usize] = now;
        self.changing.insert(slot);
    }

    /// The course, reckoned for a snapshot of tick `now`.
    pub(super) fn course(&self, slot: u32, now: Tick) -> Course {
        let index = slot as usize;
        self.course[index].later(now.since(self.course_start[index]))
    }

    /// Takes where an entity is at the end of the tick. Whether anything of that is new.
    pub(super) fn follow(&mut self, slot: u32, to: Position, facing: Angle, now: Tick) -> bool {
        let index = slot as usize;
        let from = std::mem::replace(&mut self.position[index], to);
        if self.course_start[index] == Tick(0) {
            self.note_spawned(slot);
            self.set_course(slot, Course::standing(to, facing), now);
            return true;
        }
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        if (dx, dy) == (0, 0) {
            // Where something stands is exact.
            if self.course[index] == Course::standing(to, facing) {
                return false;
            }
            self.set_course(slot, Course::standing(to, facing), now);
        } else if !self.is_on_course(slot, to, facing, now) {
            self.set_course(slot, Course::going(to, facing, dx, dy), now);
        }
        true
    }

    /// Takes where an entity will be at the end of the next tick: if that is not on its course, it gets the new one now.
    pub(super) fn foretell(&mut self, slot: u32, to: Position, facing: Angle, now: Tick) {
        let index = slot as usize;
        if self.course_start[index] == Tick(0) {
            return;
        }
        let from = self.position[index];
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let stands = self.course[index].going == Going::Stands;
        let goes_on = if (dx, dy) == (0, 0) { stands } else { self.is_on_course(slot, to, facing, now.after(1)) };
        if !goes_on {
            self.set_course(slot, Course::going(from, facing, dx, dy), now);
        }
    }

    /// Whether the course of an entity that moves leads close enough to where it is at a tick.
    fn is_on_course(&self, slot: u32, to: Position, facing: Angle, at: Tick) -> bool {
        let (course, start) = (&self.course[slot as usize], self.course_start[slot as usize]);
        course.going != Going::Stands
            && course.after(at.since(start)).within(to, MAX_ERROR_UNITS)
            && facing.difference(course.facing) <= MAX_ERROR_ANGLE
    }

    fn set_course(&mut self, slot: u32, course: Course, now: Tick) {
        let index = slot as usize;
        (self.course[index], self.course_start[index], self.last_change[index]) = (course, now, now);
        self.changing.insert(slot);
    }
}

type Followed<'a> = (&'a At, Option<&'a Heading>, &'a mut Encoded);

/// Dead reckoning: follows every replicated entity that may move, and gives those that left their course a new one.
pub(super) fn follow_bodies(
    clock: Res<TickClock>,
    mut slots: ResMut<Slots>,
    mut awake: Query<Followed<'_>, Without<Asleep>>,
    mut asleep: Query<Followed<'_>, With<Asleep>>,
) {
    let (now, slots) = (clock.now(), &mut *slots);
    for (at, heading, encoded) in &mut awake {
        follow(slots, at, heading, encoded, now);
    }
    // What spawns asleep needs a course too.
    let mut without_course = std::mem::take(&mut slots.without_course);
    for entity in without_course.drain(..) {
        if let Ok((at, heading, encoded)) = asleep.get_mut(entity) {
            follow(slots, at, heading, encoded, now);
        }
    }
    slots.without_course = without_course;
}

fn follow(slots: &mut Slots, at: &At, heading: Option<&Heading>, mut encoded: Mut<'_, Encoded>, now: Tick) {
    let facing = heading.map_or(Angle(0), |heading| heading.0);
    if encoded.slot != NO_SLOT && slots.follow(encoded.slot, at.0, facing, now) {
        encoded.set_place(at.0, facing);
    }
}

/// Sets apart what changed in the tick, for every client's snapshot.
pub(super) fn list_changed(mut slots: ResMut<Slots>) {
    let slots = &mut *slots;
    std::mem::swap(&mut slots.changed, &mut slots.changing);
    slots.changing.clear(slots.last_change.len());
}

/// All snapshots of the tick are written: slots that became free in it may be used again.
pub(super) fn free_slots(mut slots: ResMut<Slots>) {
    let slots = &mut *slots;
    slots.free.append(&mut slots.freed);
    slots.spawned.clear();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use realmgate_protocol::bits::{BitReader, BitWriter};

    use super::*;

    #[derive(Debug, Clone, Copy)]
    struct Leg {
        ticks: u32,
        step: (i32, i32),
        facing: u8,
    }

    fn entity() -> Entity {
        Entity::from_raw_u32(1).unwrap()
    }

    fn leg() -> impl Strategy<Value = Leg> {
        let step = prop_oneof![Just((0, 0)), (-600i32..600, -600i32..600), (-9i32..9, -9i32..9)];
        (1u32..30, step, any::<u8>()).prop_map(|(ticks, step, facing)| Leg { ticks, step, facing })
    }

    /// The course as a client reads it whose own entity is here.
    fn over_the_wire(course: Course, near: Position) -> Course {
        let mut out = BitWriter::default();
        course.write(&mut out);
        Course::read(&mut BitReader::new(out.bytes()), near).unwrap()
    }

    proptest! {
        /// A client that got a course in any tick of it reckons closely enough until the next one begins, wherever its own
        /// entity is.
        #[test]
        fn a_course_is_close_enough_until_the_next(
            legs in prop::collection::vec(leg(), 1..20),
            near in (-32_000i32..32_000, -32_000i32..32_000),
        ) {
            let mut slots = Slots::default();
            let slot = slots.add(entity(), EntityId(1));
            let mut at = Position { x: 2_000_000, y: 2_000_000 };
            let mut now = Tick(0);
            let mut sent: Vec<(Tick, Course)> = Vec::new();
            for leg in legs {
                for _ in 0..leg.ticks {
                    now = now.after(1);
                    at = at.offset(leg.step.0, leg.step.1);
                    slots.follow(slot, at, Angle(leg.facing), now);
                    if slots.last_change[0] == now {
                        sent.clear();
                    }
                    sent.push((now, over_the_wire(slots.course(slot, now), at.offset(near.0, near.1))));
                    for (then, course) in &sent {
                        let reckoned = course.after(now.since(*then));
                        // At most 1/16 of a tile, with what the wire rounds off, and 1/16 of a turn.
                        prop_assert!(reckoned.within(at, 64), "{reckoned:?} for {at:?}");
                        let turned = course.facing.difference(Angle(leg.facing));
                        prop_assert!(turned <= 16, "{turned} of 256");
                        if leg.step == (0, 0) {
                            prop_assert_eq!(*course, Course::standing(at, Angle(leg.facing)));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn walking_straight_is_one_course() {
        let start = Position { x: 2_000_000, y: 2_000_000 };
        for (dx, dy) in [(100, 0), (0, 100), (-70, 30), (-1, -1)] {
            let mut slots = Slots::default();
            let slot = slots.add(entity(), EntityId(1));
            let at = |tick: i32| start.offset(dx * tick, dy * tick);
            for tick in 1..1_000 {
                slots.follow(slot, at(tick), Angle(0), Tick(tick as u32));
            }
            assert_eq!((slots.course_start[0], slots.last_change[0]), (Tick(2), Tick(2)), "({dx}, {dy})");
            assert_eq!(slots.course(slot, Tick(999)).position, at(999));
        }
    }
}
