//! Fighting: a mob uses the first ability it can use, or walks to where it can use one.

use realmgate_engine::past::Lag;
use realmgate_protocol::movement::{Angle, Position};

use super::flee;
use super::think::{Senses, ThinkerItem};
use crate::ability::{Goal, UseAbility};
use crate::combat::Target;
use crate::data::{AbilityIndex, Data, Mob, Shape};

pub(super) fn fight(
    thinker: &mut ThinkerItem<'_, '_>,
    data: &Data,
    mob: &Mob,
    senses: &mut Senses<'_, '_>,
) -> Option<Angle> {
    let leash = mob.mind.leash_tiles.units();
    let enemy = thinker.choose_enemy(data, senses).filter(|_| thinker.at.0.within(thinker.mind.home, leash));
    let Some(enemy) = enemy else {
        thinker.turn_home(senses);
        return None;
    };
    if flee::is_time(thinker, mob) {
        return flee::begin(thinker, mob, senses);
    }
    if thinker.cast.0.is_some() {
        return None;
    }
    if let Some((ability, goal)) = choose(thinker, data, mob, senses, enemy) {
        senses.uses.write(UseAbility { user: thinker.entity, ability, goal, lag: Lag::default(), asked: None });
        thinker.note_progress();
        return None;
    }
    walk(thinker, data, mob, senses, enemy)
}

/// The first ability of the current phase that is ready and in range.
fn choose(
    thinker: &ThinkerItem<'_, '_>,
    data: &Data,
    mob: &Mob,
    senses: &Senses<'_, '_>,
    enemy: Target,
) -> Option<(AbilityIndex, Goal)> {
    let now = senses.clock.now();
    let seen = senses.targets.sees(thinker.at.0, enemy.position);
    thinker.phase.abilities(mob).iter().map(|ability| ability.index()).find_map(|index| {
        let ability = &data.abilities[index];
        if !thinker.book.is_ready(index, now) {
            return None;
        }
        match ability.shape {
            Shape::Own | Shape::Ally { .. } => Some((index, Goal::Nothing)),
            _ => {
                let reaches = seen && thinker.at.0.within(enemy.position, ability.range() + enemy.radius);
                reaches.then_some((index, Goal::One(enemy.entity)))
            }
        }
    })
}

/// Walks closer to the enemy, away from it, or stands still.
fn walk(
    thinker: &mut ThinkerItem<'_, '_>,
    data: &Data,
    mob: &Mob,
    senses: &mut Senses<'_, '_>,
    enemy: Target,
) -> Option<Angle> {
    let (at, radius) = (thinker.at.0, thinker.body.radius);
    let keeps = mob.mind.keep_distance_tiles.units();
    let seen = senses.targets.sees(at, enemy.position);
    if seen && keeps > 0 && at.within(enemy.position, keeps) {
        return senses.way.away(at, enemy.position, radius, 2 * radius);
    }
    if seen && at.within(enemy.position, wished_range(thinker, data, mob) + enemy.radius) {
        thinker.note_progress();
        return None;
    }
    let angle = senses.way.towards(&mut thinker.route, at, enemy.position, radius);
    let angle = angle.filter(|angle| may_step(senses, at, *angle, radius));
    if angle.is_some() {
        thinker.note_progress();
    } else if thinker.note_blocked(data, senses) {
        thinker.turn_home(senses);
    }
    angle
}

/// The distance it wants to reach: the shortest range of its abilities, or the longest if it keeps its distance.
fn wished_range(thinker: &ThinkerItem<'_, '_>, data: &Data, mob: &Mob) -> i32 {
    let abilities = thinker.phase.abilities(mob).iter().map(|ability| &data.abilities[ability.index()]);
    let ranges = abilities.map(|ability| ability.range()).filter(|range| *range > 0);
    let wished = if mob.mind.keep_distance_tiles.units() > 0 { ranges.max() } else { ranges.min() };
    wished.unwrap_or(0)
}

/// Mobs stop at the edge of a safe zone.
fn may_step(senses: &Senses<'_, '_>, at: Position, angle: Angle, radius: i32) -> bool {
    let (dx, dy) = angle.scaled(radius);
    !senses.way.is_safe(at.offset(dx, dy)) || senses.way.is_safe(at)
}
