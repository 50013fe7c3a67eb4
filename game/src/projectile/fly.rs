//! Flight of projectiles: a straight line each tick, until it hits a target or a wall or reaches its range.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Body};
use realmgate_engine::channel_map::ChannelMap;
use realmgate_protocol::movement::{CollisionGrid, Position};

use super::Projectile;
use crate::combat::{Hit, Targets};
use crate::data::Relation;

/// Steps in which the end of a flight at a wall is searched: a 16th of the way of a tick.
const WALL_PARTS: i32 = 16;

/// Projectiles have no body. The filter keeps this query, which moves them, disjoint from queries for bodies.
type Flying<'w, 's, 'a> = Query<'w, 's, (Entity, &'a mut At, &'a mut Projectile), Without<Body>>;

pub(super) fn fly(
    mut commands: Commands<'_, '_>,
    map: Res<ChannelMap>,
    mut params: ParamSet<'_, '_, (Flying<'_, '_, '_>, Targets<'_, '_>)>,
    mut flights: Local<'_, Vec<Flight>>,
    mut hits: MessageWriter<Hit>,
) {
    for (entity, mut at, mut projectile) in &mut params.p0() {
        let from = at.0;
        let length = projectile.step.min(projectile.left);
        projectile.left -= length;
        let (dx, dy) = projectile.launch.angle.scaled(length);
        let (to, blocked) = until_wall(&map.grid, from, dx, dy);
        at.0 = to;
        flights.push(Flight { entity, projectile: *projectile, from, to, over: blocked || projectile.left == 0 });
    }
    let targets = params.p1();
    for flight in flights.drain(..) {
        if land(&targets, &flight, &mut hits) || flight.over {
            commands.entity(flight.entity).despawn();
        }
    }
}

/// One tick of one flight.
pub(super) struct Flight {
    entity: Entity,
    projectile: Projectile,
    from: Position,
    to: Position,
    over: bool,
}

/// Hits the first target on the way, or everyone around the end of the flight if the projectile bursts. Returns
/// whether it met a target.
fn land(targets: &Targets<'_, '_>, flight: &Flight, hits: &mut MessageWriter<Hit>) -> bool {
    let Projectile { launch, radius, burst, .. } = flight.projectile;
    let met = targets.first_met(flight.from, flight.to, radius, launch.side);
    let hit = |target, from| Hit {
        source: launch.source,
        side: launch.side,
        power: launch.power,
        ability: launch.ability,
        target,
        from,
    };
    match met {
        Some(target) if burst == 0 => {
            hits.write(hit(target.entity, flight.from));
        }
        None if burst == 0 || !flight.over => {}
        _ => {
            let centre = met.map_or(flight.to, |target| target.position);
            let reached = targets.around(centre, burst, launch.side, Relation::Foe);
            hits.write_batch(reached.map(|target| hit(target.entity, centre)));
        }
    }
    met.is_some()
}

/// Where the step ends, and whether a wall ends it there.
fn until_wall(grid: &CollisionGrid, from: Position, dx: i32, dy: i32) -> (Position, bool) {
    let to = from.offset(dx, dy);
    if grid.line_of_sight(from, to) {
        return (to, false);
    }
    let part = |part: i32| from.offset(dx * part / WALL_PARTS, dy * part / WALL_PARTS);
    let free = (1..=WALL_PARTS).map(part).take_while(|to| grid.line_of_sight(from, *to)).last();
    (free.unwrap_or(from), true)
}
