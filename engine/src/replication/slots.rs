//! Replicated entities in dense arrays: what every client's snapshot looks at, each tick, for all that it sees.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Course, Going, Position, ROUNDED_UNITS};

use super::encode::Encoded;
use super::slot_set::SlotSet;
use crate::body::{Asleep, At, Heading};
use crate::clock::TickClock;

/// Of an entity that has none.
pub(super) const NO_SLOT: u32 = u32::MAX;
/// As the newest change of a slot: the entity is no more. Newer than anything, so that every client finds it.
pub(super) const GONE: Tick = Tick(u32::MAX);
/// How far what goes may stray from its course before it gets a new one: 1/16 tile, less what the wire rounds off.
const STRAY_UNITS: i32 = 64 - ROUNDED_UNITS * 3 / 2;
/// How far what goes may look away from its course.
const STRAY_ANGLE: u8 = 16;

/// Replicated entities by slot. Slots are used again, but not within the tick in which they became free.
#[derive(Resource, Debug, Default)]
pub struct Slots {
    /// Newest change of what everybody sees; [`GONE`] where nothing is.
    pub(super) newest: Vec<Tick>,
    /// Newest change of a component other than the place.
    pub(super) changed: Vec<Tick>,
    /// When the course began; 0 for what has no place yet.
    pub(super) set_out: Vec<Tick>,
    pub(super) id: Vec<EntityId>,
    pub(super) entity: Vec<Entity>,
    pub(super) at: Vec<Position>,
    course: Vec<Course>,
    /// What got its place in this tick.
    pub(super) born: Vec<u32>,
    /// What is elsewhere than in the tick before, those included that got their place in this one.
    pub(super) moved: Vec<u32>,
    /// Those with a slot that nobody has asked for their place yet.
    newcomers: Vec<Entity>,
    /// What became free since the last tick was told.
    pub(super) freed: Vec<u32>,
    changing: SlotSet,
    /// Of which everybody sees something else than in the tick before.
    pub(super) fresh: SlotSet,
    free: Vec<u32>,
}

impl Slots {
    /// Gives an entity its slot.
    pub(super) fn add(&mut self, entity: Entity, id: EntityId) -> u32 {
        self.newcomers.push(entity);
        if let Some(slot) = self.free.pop() {
            let at = slot as usize;
            (self.entity[at], self.id[at], self.set_out[at]) = (entity, id, Tick(0));
            (self.newest[at], self.changed[at]) = (Tick(0), Tick(0));
            return slot;
        }
        self.newest.push(Tick(0));
        self.changed.push(Tick(0));
        self.set_out.push(Tick(0));
        self.id.push(id);
        self.entity.push(entity);
        self.at.push(Position::default());
        self.course.push(Course::default());
        self.newest.len() as u32 - 1
    }

    /// Slots, those included that are free.
    pub(super) fn len(&self) -> usize {
        self.newest.len()
    }

    /// The entity of a slot is no more.
    pub(super) fn remove(&mut self, slot: u32) {
        self.newest[slot as usize] = GONE;
        self.freed.push(slot);
    }

    /// What everybody sees of an entity has changed.
    pub(super) fn note_change(&mut self, slot: u32, now: Tick) {
        let Some(newest) = self.newest.get_mut(slot as usize).filter(|newest| **newest != GONE) else { return };
        *newest = now;
        self.changed[slot as usize] = now;
        self.changing.insert(slot);
    }

    /// The course, as it is told in a snapshot of tick `now`.
    pub(super) fn course(&self, slot: u32, now: Tick) -> Course {
        let at = slot as usize;
        self.course[at].later(now.since(self.set_out[at]))
    }

    /// Takes where an entity is at the end of the tick. Whether that is any news.
    fn follow(&mut self, slot: u32, to: Position, facing: Angle, now: Tick) -> bool {
        let at = slot as usize;
        let from = std::mem::replace(&mut self.at[at], to);
        if self.set_out[at] == Tick(0) {
            self.born.push(slot);
            self.moved.push(slot);
            self.set_course(slot, Course::standing(to, facing), now);
            return true;
        }
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let course = &self.course[at];
        if (dx, dy) == (0, 0) {
            // What stands is shown exactly.
            if *course == Course::standing(to, facing) {
                return false;
            }
            self.set_course(slot, Course::standing(to, facing), now);
        } else {
            self.moved.push(slot);
            let shown = course.after(now.since(self.set_out[at]));
            let keeps_on = course.going != Going::Stands
                && shown.within(to, STRAY_UNITS)
                && facing.difference(course.facing) <= STRAY_ANGLE;
            if !keeps_on {
                self.set_course(slot, Course::going(to, facing, dx, dy), now);
            }
        }
        true
    }

    fn set_course(&mut self, slot: u32, course: Course, now: Tick) {
        let at = slot as usize;
        (self.course[at], self.set_out[at], self.newest[at]) = (course, now, now);
        self.changing.insert(slot);
    }
}

type Followed<'a> = (&'a At, Option<&'a Heading>, &'a mut Encoded);

/// Follows every replicated entity that may move, and gives those that left their course a new one.
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
    // What sleeps from its birth has to be shown once.
    let mut newcomers = std::mem::take(&mut slots.newcomers);
    for newcomer in newcomers.drain(..) {
        if let Ok((at, heading, encoded)) = asleep.get_mut(newcomer) {
            follow(slots, at, heading, encoded, now);
        }
    }
    slots.newcomers = newcomers;
}

fn follow(slots: &mut Slots, at: &At, heading: Option<&Heading>, mut encoded: Mut<'_, Encoded>, now: Tick) {
    let facing = heading.map_or(Angle(0), |heading| heading.0);
    if encoded.slot != NO_SLOT && slots.follow(encoded.slot, at.0, facing, now) {
        encoded.set_place(at.0, facing);
    }
}

/// Sets apart what changed in the tick, for every client to look at.
pub(super) fn list_fresh(mut slots: ResMut<Slots>) {
    let slots = &mut *slots;
    std::mem::swap(&mut slots.fresh, &mut slots.changing);
    slots.changing.clear(slots.newest.len());
}

/// Every client has been told of the tick: what became free in it may be used again.
pub(super) fn free_slots(mut slots: ResMut<Slots>) {
    let slots = &mut *slots;
    slots.free.append(&mut slots.freed);
    slots.born.clear();
    slots.moved.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, Copy)]
    struct Leg {
        ticks: u32,
        step: (i32, i32),
        facing: u8,
    }

    fn leg() -> impl Strategy<Value = Leg> {
        let step = prop_oneof![Just((0, 0)), (-600i32..600, -600i32..600), (-9i32..9, -9i32..9)];
        (1u32..30, step, any::<u8>()).prop_map(|(ticks, step, facing)| Leg { ticks, step, facing })
    }

    proptest! {
        /// Whoever is told of a course once, at any tick, shows the body near enough until the next one is set.
        #[test]
        fn a_course_is_near_enough_until_the_next(legs in prop::collection::vec(leg(), 1..20)) {
            let mut slots = Slots::default();
            let slot = slots.add(Entity::PLACEHOLDER, EntityId(1));
            let mut at = Position { x: 2_000_000, y: 2_000_000 };
            let mut now = Tick(0);
            let mut told: Vec<(Tick, Course)> = Vec::new();
            for leg in legs {
                for _ in 0..leg.ticks {
                    now = now.after(1);
                    at = at.offset(leg.step.0, leg.step.1);
                    slots.follow(slot, at, Angle(leg.facing), now);
                    if slots.newest[0] == now {
                        told.clear();
                    }
                    told.push((now, slots.course(slot, now)));
                    for (then, course) in &told {
                        let shown = course.after(now.since(*then));
                        prop_assert!(shown.within(at, STRAY_UNITS), "{shown:?} for {at:?}");
                        let turned = course.facing.difference(Angle(leg.facing));
                        prop_assert!(turned <= STRAY_ANGLE);
                        if leg.step == (0, 0) {
                            prop_assert_eq!(*course, Course::standing(at, Angle(leg.facing)));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_walks_straight_sets_out_once() {
        let mut slots = Slots::default();
        let slot = slots.add(Entity::PLACEHOLDER, EntityId(1));
        for tick in 1..1_000 {
            slots.follow(slot, Position { x: 5_000 + 100 * tick, y: 5_000 }, Angle(0), Tick(tick as u32));
        }
        assert_eq!((slots.set_out[0], slots.course(slot, Tick(999)).position.x), (Tick(2), 5_000 + 99_900));
    }
}
