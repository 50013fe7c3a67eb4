//! Who can be reached by what.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::{At, Body};
use realmgate_engine::channel::ChannelMap;
use realmgate_engine::player::Travelling;
use realmgate_engine::replication::{InterestGrid, Shared};
use realmgate_protocol::movement::{Angle, MAX_STEP_UNITS, Position};
use realmgate_protocol::realm::Health;

use super::{SafeZone, Side, Untouchable};
use crate::death::Dead;

type Candidate<'a> =
    (&'a At, &'a Body, &'a Side, &'a Shared<Health>, (Has<Dead>, Has<SafeZone>, Has<Untouchable>, Has<Travelling>));

/// Finds those that an ability can reach, by where they are now.
#[derive(SystemParam)]
pub struct Targets<'w, 's> {
    map: Res<'w, ChannelMap>,
    grid: Res<'w, InterestGrid>,
    everyone: Query<'w, 's, Candidate<'static>>,
}

/// One that can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Who.
    pub entity: Entity,
    /// Where.
    pub at: Position,
    /// How thick.
    pub radius: i32,
}

impl Targets<'_, '_> {
    /// The one, if `side` can harm it (or help it) now. Where it is does not matter.
    pub fn one(&self, side: Side, friendly: bool, entity: Entity) -> Option<Target> {
        let (at, body, its_side, health, (dead, safe, untouchable, travelling)) = self.everyone.get(entity).ok()?;
        let alive = !dead && health.current > 0 && !travelling;
        let allowed = if friendly { *its_side == side } else { *its_side != side && !safe && !untouchable };
        (alive && allowed).then_some(Target { entity, at: at.0, radius: body.radius })
    }

    /// Where somebody is, whoever it is.
    pub fn place(&self, entity: Entity) -> Option<Position> {
        self.everyone.get(entity).ok().map(|(at, ..)| at.0)
    }

    /// All those around a point that `side` can harm (or help) and that no wall hides from it.
    pub fn around(&self, centre: Position, units: i32, side: Side, friendly: bool) -> impl Iterator<Item = Target> {
        self.near(centre, units, side, friendly)
            .filter(move |target| centre.within(target.at, units + target.radius))
            .filter(move |target| self.map.grid.line_of_sight(centre, target.at))
    }

    /// All those in a cone from `centre`; `half_width` is in 1/256 turn to each side.
    pub fn in_cone(
        &self,
        centre: Position,
        looks: Angle,
        units: i32,
        half_width: u8,
        side: Side,
    ) -> impl Iterator<Item = Target> {
        self.around(centre, units, side, false).filter(move |target| {
            // Whoever stands within the other's body has no direction.
            let touching = centre.within(target.at, target.radius);
            touching || Angle::between(centre, target.at).difference(looks) <= half_width
        })
    }

    /// The first that a flight from `from` to `to` meets, and no wall is asked about.
    pub fn first_met(&self, from: Position, to: Position, radius: i32, side: Side) -> Option<Target> {
        let middle = Position { x: from.x + (to.x - from.x) / 2, y: from.y + (to.y - from.y) / 2 };
        let reach = from.distance(to) / 2 + radius + 1;
        self.near(middle, reach, side, false)
            .filter_map(|target| {
                let along = met_along(from, to, target.at, radius + target.radius)?;
                Some((along, target))
            })
            .min_by_key(|(along, target)| (*along, target.entity))
            .map(|(_, target)| target)
    }

    /// Whether one point can be seen from the other.
    pub fn sees(&self, from: Position, to: Position) -> bool {
        self.map.grid.line_of_sight(from, to)
    }

    /// The grid is one tick old, so it is asked for a little more: one step of the target, and its body.
    fn near(&self, centre: Position, units: i32, side: Side, friendly: bool) -> impl Iterator<Item = Target> {
        let slack = 2 * MAX_STEP_UNITS;
        self.grid.near(centre, units + slack).filter_map(move |(entity, _)| self.one(side, friendly, entity))
    }
}

/// How far along the way a circle is met, in square units; `None` where it is passed by.
fn met_along(from: Position, to: Position, centre: Position, radius: i32) -> Option<i64> {
    let (dx, dy) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
    let (cx, cy) = (i64::from(centre.x - from.x), i64::from(centre.y - from.y));
    let length_squared = dx * dx + dy * dy;
    let along = (cx * dx + cy * dy).clamp(0, length_squared);
    let nearest = match length_squared {
        0 => from,
        _ => from.offset((dx * along / length_squared) as i32, (dy * along / length_squared) as i32),
    };
    nearest.within(centre, radius).then_some(along)
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
        assert!(met(200, 0) < met(800, 0), "the nearer one is met first");
        assert!(met_along(from, from, from, 1).is_some(), "no way at all meets what is there");
    }
}
