//! Finds the targets that an ability can reach.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::{At, Body};
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::past::{Lag, Past, Trail};
use realmgate_engine::player::Player;
use realmgate_engine::replication::Replicated;
use realmgate_engine::spatial::SpatialIndex;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::Health;

use super::vulnerability::Vulnerability;
use super::{Reach, Side};
use crate::data::Relation;

/// A player is not hit where it was longer ago than this, in milliseconds, whatever the attacker saw: by then it has got out
/// of the way on its own screen.
const PLAYER_MISSED_AFTER_MS: u32 = 100;

/// A possible target.
#[derive(QueryData)]
pub struct Candidate {
    at: &'static At,
    body: &'static Body,
    side: &'static Side,
    health: &'static Replicated<Health>,
    vulnerability: Vulnerability,
    trail: &'static Trail,
    is_player: Has<Player>,
}

/// Finds the targets that an ability can reach: where they are, or where its user saw them.
#[derive(SystemParam)]
pub struct Targets<'w, 's> {
    map: Res<'w, ChannelMap>,
    index: Res<'w, SpatialIndex>,
    past: Past<'w>,
    everyone: Query<'w, 's, Candidate>,
}

/// A target that can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The target.
    pub entity: Entity,
    /// Where it is.
    pub position: Position,
    /// Radius of its body, in units.
    pub radius: i32,
}

impl CandidateItem<'_, '_> {
    fn target(&self, side: Side, relation: Relation, entity: Entity) -> Option<Target> {
        let is_target = self.vulnerability.is_target_of(side, relation, *self.side) && self.health.current > 0;
        is_target.then_some(Target { entity, position: self.at.0, radius: self.body.radius })
    }
}

impl Targets<'_, '_> {
    /// The entity as a target, if `side` can harm it (or help it) now. Its position does not matter.
    pub fn one(&self, side: Side, relation: Relation, entity: Entity) -> Option<Target> {
        self.everyone.get(entity).ok()?.target(side, relation, entity)
    }

    /// Where an entity is, whatever its side and state.
    pub fn position(&self, entity: Entity) -> Option<Position> {
        self.everyone.get(entity).ok().map(|found| found.at.0)
    }

    /// Where somebody with this lag saw an entity, whatever its side and state; where it is, if it has been put there since.
    pub fn shown(&self, entity: Entity, lag: Lag) -> Option<Position> {
        let found = self.everyone.get(entity).ok()?;
        let shown = if lag.is_none() { None } else { self.past.shown(found.trail, lag) };
        shown.or(Some(found.at.0))
    }

    /// All targets around a point that `side` can harm (or help) and that are in line of sight of the point.
    pub fn around(&self, centre: Position, units: i32, side: Side, relation: Relation) -> impl Iterator<Item = Target> {
        self.reached(Reach::circle(centre, units), side, relation, Lag::default())
    }

    /// All targets that `side` can harm (or help), that were in reach where a user with this lag saw them, and that were in
    /// line of sight of its centre there. A player is not harmed unless it was in reach a moment ago, too.
    pub fn reached(&self, reach: Reach, side: Side, relation: Relation, lag: Lag) -> impl Iterator<Item = Target> {
        let farthest = if lag.is_none() { 0 } else { self.past.farthest(lag) };
        self.index.touching(reach.centre, reach.units + farthest).filter_map(move |entity| {
            let found = self.everyone.get(entity).ok()?;
            found.target(side, relation, entity).filter(|_| self.was_in_reach(reach, &found, relation, lag))
        })
    }

    fn was_in_reach(&self, reach: Reach, found: &CandidateItem<'_, '_>, relation: Relation, lag: Lag) -> bool {
        let is_in_reach =
            |at: Position| reach.touches(at, found.body.radius) && self.map.grid.line_of_sight(reach.centre, at);
        if lag.is_none() {
            return is_in_reach(found.at.0);
        }
        let is_spared = found.is_player
            && relation == Relation::Foe
            && !self.past.within(found.trail, PLAYER_MISSED_AFTER_MS).any(is_in_reach);
        !is_spared && self.past.shown(found.trail, lag).is_some_and(is_in_reach)
    }

    /// The first foe that a projectile from `from` to `to` hits. Walls are not checked.
    pub fn first_met(&self, from: Position, to: Position, radius: i32, side: Side) -> Option<Target> {
        let middle = Position { x: from.x + (to.x - from.x) / 2, y: from.y + (to.y - from.y) / 2 };
        // 2 units for what the middle and the distance round off.
        let reach = from.distance(to) / 2 + radius + 2;
        self.touching(middle, reach, side, Relation::Foe)
            .filter_map(|target| {
                let along = met_along(from, to, target.position, radius + target.radius)?;
                Some((along, target))
            })
            .min_by_key(|(along, target)| (*along, target.entity))
            .map(|(_, target)| target)
    }

    /// Whether there is a line of sight between two points.
    pub fn sees(&self, from: Position, to: Position) -> bool {
        self.map.grid.line_of_sight(from, to)
    }

    /// All targets whose body is at most `units` from a point.
    fn touching(&self, centre: Position, units: i32, side: Side, relation: Relation) -> impl Iterator<Item = Target> {
        self.index.touching(centre, units).filter_map(move |entity| self.one(side, relation, entity))
    }
}

/// How far along the way a circle's centre lies, in square units, also where that is beyond the way's end, which the circle
/// reaches across; `None` if the way misses the circle.
fn met_along(from: Position, to: Position, centre: Position, radius: i32) -> Option<i64> {
    let (dx, dy) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
    let (cx, cy) = (i64::from(centre.x - from.x), i64::from(centre.y - from.y));
    let length_squared = dx * dx + dy * dy;
    let ahead = cx * dx + cy * dy;
    let along = ahead.clamp(0, length_squared);
    let nearest = match length_squared {
        0 => from,
        _ => from.offset((dx * along / length_squared) as i32, (dy * along / length_squared) as i32),
    };
    nearest.within(centre, radius).then_some(ahead.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_meets_what_lies_on_its_way_and_nothing_beside_or_beyond() {
        let (from, to) = (Position { x: 0, y: 0 }, Position { x: 1_000, y: 0 });
        let met = |x, y| met_along(from, to, Position { x, y }, 100);
        assert!(met(500, 90).is_some() && met(1_090, 0).is_some() && met(-90, 0).is_some());
        assert!(met(500, 110).is_none() && met(1_110, 0).is_none());
        let touched = [(500, 100), (500, -100), (1_100, 0), (-100, 0)];
        assert!(touched.into_iter().all(|(x, y)| met(x, y).is_some()), "what it just touches");
        let missed = [(500, 101), (500, -101), (1_101, 0), (-101, 0)];
        assert!(missed.into_iter().all(|(x, y)| met(x, y).is_none()), "what it just misses");
        assert_eq!((met(200, 0), met(800, 0)), (Some(200_000), Some(800_000)), "the nearer one is met first");
        assert!(met(1_020, 0) < met(1_080, 0), "also of two that it reaches from the end of its way");
        assert!(met(-110, 0).is_none(), "what is behind is not met");
        assert!(met_along(from, from, from, 1).is_some(), "no way at all meets what is there");
    }

    #[test]
    fn a_flight_meets_the_same_in_every_direction_and_from_everywhere() {
        let places = [(0, 0), (3_000, -5_000), (-70_000, 4_000_000)].map(|(x, y)| Position { x, y });
        // In fifths of a unit; what is beside lies a quarter turn from it.
        let directions = [(5, 0), (0, 5), (-5, 0), (0, -5), (3, 4), (-3, 4), (3, -4), (-3, -4), (4, 3), (-4, -3)];
        for (from, (dx, dy)) in places.into_iter().flat_map(|from| directions.map(|direction| (from, direction))) {
            let at =
                |along: i32, beside: i32| from.offset((dx * along - dy * beside) / 5, (dy * along + dx * beside) / 5);
            let met = |along: i32, beside: i32| met_along(from, at(1_000, 0), at(along, beside), 100);
            for beside in [-90, 0, 90] {
                for along in [200, 500, 800] {
                    assert_eq!(met(along, beside), Some(1_000 * i64::from(along)), "{from:?} {dx} {dy} {beside}");
                }
            }
            for (along, beside) in [(500, 110), (500, -110), (1_110, 0), (-110, 0)] {
                assert!(met(along, beside).is_none(), "{from:?} {dx} {dy}: {along} {beside}");
            }
        }
    }
}
