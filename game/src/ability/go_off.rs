//! An ability takes effect: its cost is paid, and it reaches the targets given by its shape.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::Heading;
use realmgate_engine::clock::TickClock;
use realmgate_engine::past::Lag;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::Refusal;

use super::aim::{Aimed, Goal, aim};
use super::refuse::Refusals;
use super::user::{User, UserItem};
use crate::area::Lay;
use crate::combat::{Hit, Reach, Targets};
use crate::data::{Ability, AbilityIndex, Relation, Shape};
use crate::projectile::Launch;
use crate::requests::Asked;

/// The cast time is over: the ability takes effect in this tick.
#[derive(Message, Debug, Clone, Copy)]
pub(super) struct GoesOff {
    pub(super) user: Entity,
    pub(super) ability: AbilityIndex,
    pub(super) goal: Goal,
    /// How far behind the present the caster saw others.
    pub(super) lag: Lag,
    /// The command of a player that asked for it.
    pub(super) asked: Option<Asked>,
}

/// Writers for everything an ability can set off: hits, projectiles and ground areas.
#[derive(SystemParam)]
pub(super) struct Outcome<'w, 's> {
    targets: Targets<'w, 's>,
    hits: MessageWriter<'w, Hit>,
    launches: MessageWriter<'w, Launch>,
    lays: MessageWriter<'w, Lay>,
}

pub(super) fn go_off(
    mut due: PopulatedMessageReader<GoesOff>,
    mut outcome: Outcome<'_, '_>,
    mut refusals: Refusals<'_, '_>,
    mut users: Query<User>,
) {
    for use_of in due.read() {
        let Ok(mut user) = users.get_mut(use_of.user) else { continue };
        let ability = &refusals.data.abilities[use_of.ability];
        if let Err(reason) = take_effect(&refusals.clock, &mut outcome, &mut user, ability, use_of) {
            refusals.refuse(use_of.user, use_of.asked, reason);
        }
    }
}

fn take_effect(
    clock: &TickClock,
    outcome: &mut Outcome<'_, '_>,
    user: &mut UserItem<'_, '_>,
    ability: &Ability,
    use_of: &GoesOff,
) -> Result<(), Refusal> {
    user.may_use(ability)?;
    let aimed = aim(&outcome.targets, user.caster(use_of.lag), ability, use_of.goal)?;
    user.pay(ability);
    user.book.wait(use_of.ability, clock.now().after(clock.ticks(ability.cooldown_ms)));
    look(outcome, user, aimed);
    reach(outcome, user, ability, use_of, aimed);
    Ok(())
}

/// Turns the caster towards its goal.
fn look(outcome: &Outcome<'_, '_>, user: &mut UserItem<'_, '_>, aimed: Aimed) {
    let towards = |to: Position| (to != user.at.0).then(|| Angle::between(user.at.0, to));
    let angle = match aimed {
        Aimed::Own => None,
        Aimed::Towards(angle) => Some(angle),
        Aimed::At(entity) => outcome.targets.position(entity).and_then(towards),
        Aimed::Onto(point) => towards(point),
    };
    if let Some(angle) = angle {
        user.heading.set_if_neq(Heading(angle));
    }
}

fn reach(outcome: &mut Outcome<'_, '_>, user: &UserItem<'_, '_>, ability: &Ability, use_of: &GoesOff, aimed: Aimed) {
    let (index, lag) = (use_of.ability, use_of.lag);
    let (source, side, power, from) = (user.entity, *user.side, user.stats.power, user.at.0);
    let hit = |target| Hit { source, side, power, ability: index, target, from };
    match (ability.shape, aimed) {
        (_, Aimed::Own) => {
            outcome.hits.write(hit(source));
        }
        (_, Aimed::At(target)) => {
            outcome.hits.write(hit(target));
        }
        (Shape::Cone { range_tiles, width_degrees }, Aimed::Towards(looks)) => {
            let cone = Reach::cone(from, range_tiles.units(), looks, half_width(width_degrees));
            let struck = outcome.targets.reached(cone, side, Relation::Foe, lag);
            outcome.hits.write_batch(struck.map(|target| hit(target.entity)));
        }
        (Shape::Projectile { .. }, Aimed::Towards(angle)) => {
            outcome.launches.write(Launch { source, side, power, ability: index, from, angle });
        }
        (Shape::Ground { radius_tiles, lasts_ms: 0, .. }, Aimed::Onto(point)) => {
            let circle = Reach::circle(point, radius_tiles.units());
            let struck = outcome.targets.reached(circle, side, ability.relation(), lag);
            outcome.hits.write_batch(struck.map(|target| Hit { from: point, ..hit(target.entity) }));
        }
        (Shape::Ground { .. }, Aimed::Onto(point)) => {
            outcome.lays.write(Lay { source, side, power, ability: index, centre: point });
        }
        // `aim` never returns any other combination of shape and goal.
        _ => {}
    }
}

/// Half of a width in degrees (at most 360), in 1/256 turn.
fn half_width(width_degrees: u16) -> u8 {
    (u32::from(width_degrees.min(360)) * 128 / 360) as u8
}
