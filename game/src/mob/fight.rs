//! Fighting: the first ability that can be used is used, else the mob goes where one can be.

use realmgate_protocol::movement::{Angle, Position};

use super::flee;
use super::think::{ThinkerItem, World};
use crate::ability::{Goal, UseAbility};
use crate::combat::Target;
use crate::data::{AbilityIndex, Data, Mob, Shape};

pub(super) fn fight(
    thinker: &mut ThinkerItem<'_, '_>,
    data: &Data,
    mob: &Mob,
    world: &mut World<'_, '_>,
) -> Option<Angle> {
    let leash = mob.mind.leash_tiles.units();
    let enemy = thinker.choose_enemy(data, world).filter(|_| thinker.at.0.within(thinker.mind.home, leash));
    let Some(enemy) = enemy else {
        thinker.turn_home(world);
        return None;
    };
    if flee::is_time(thinker, mob) {
        return flee::begin(thinker, mob, world);
    }
    if thinker.cast.0.is_some() {
        return None;
    }
    if let Some((ability, goal)) = choose(thinker, data, mob, world, enemy) {
        world.uses.write(UseAbility { user: thinker.entity, ability, goal });
        thinker.is_stuck(false, data, world);
        return None;
    }
    walk(thinker, data, mob, world, enemy)
}

/// The first ability of the present phase that is ready and reaches.
fn choose(
    thinker: &ThinkerItem<'_, '_>,
    data: &Data,
    mob: &Mob,
    world: &World<'_, '_>,
    enemy: Target,
) -> Option<(AbilityIndex, Goal)> {
    let now = world.clock.now();
    let seen = world.targets.sees(thinker.at.0, enemy.at);
    thinker.phase.abilities(mob).iter().map(|ability| ability.index()).find_map(|index| {
        let ability = &data.abilities[index];
        if !thinker.book.is_ready(index, ability.off_global_cooldown, now) {
            return None;
        }
        match ability.shape {
            Shape::Own | Shape::Ally { .. } => Some((index, Goal::Nothing)),
            _ => {
                let reaches = seen && thinker.at.0.within(enemy.at, ability.range() + enemy.radius);
                reaches.then_some((index, Goal::One(enemy.entity)))
            }
        }
    })
}

/// Nearer to the enemy, or farther from it, or neither.
fn walk(
    thinker: &mut ThinkerItem<'_, '_>,
    data: &Data,
    mob: &Mob,
    world: &mut World<'_, '_>,
    enemy: Target,
) -> Option<Angle> {
    let (at, radius) = (thinker.at.0, thinker.body.radius);
    let keeps = mob.mind.keep_distance_tiles.units();
    let seen = world.targets.sees(at, enemy.at);
    if seen && keeps > 0 && at.within(enemy.at, keeps) {
        return world.way.away(at, enemy.at, radius, 2 * radius);
    }
    if seen && at.within(enemy.at, wished_range(thinker, data, mob) + enemy.radius) {
        thinker.is_stuck(false, data, world);
        return None;
    }
    let angle = world.way.towards(&mut thinker.route, at, enemy.at, radius);
    let angle = angle.filter(|angle| may_step(world, at, *angle, radius));
    if thinker.is_stuck(angle.is_none(), data, world) {
        thinker.turn_home(world);
        return None;
    }
    angle
}

/// How near it wants to be: where it can use everything, or from afar where it keeps its distance.
fn wished_range(thinker: &ThinkerItem<'_, '_>, data: &Data, mob: &Mob) -> i32 {
    let abilities = thinker.phase.abilities(mob).iter().map(|ability| &data.abilities[ability.index()]);
    let ranges = abilities.map(|ability| ability.range()).filter(|range| *range > 0);
    let wished = if mob.mind.keep_distance_tiles.units() > 0 { ranges.max() } else { ranges.min() };
    wished.unwrap_or(0)
}

/// Mobs stop at the edge of a safe zone.
fn may_step(world: &World<'_, '_>, at: Position, angle: Angle, radius: i32) -> bool {
    let (dx, dy) = angle.scaled(radius);
    !world.way.is_safe(at.offset(dx, dy)) || world.way.is_safe(at)
}
