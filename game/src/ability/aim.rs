//! Aiming: turns the goal of a use into the targets that the ability can reach.

use bevy_ecs::prelude::*;
use realmgate_engine::past::Lag;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::Refusal;

use crate::combat::{Side, Targets};
use crate::data::{Ability, Relation, Shape};

/// What an ability is aimed at, as requested by the caster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// No goal. Cones and projectiles go where the caster looks; abilities for allies affect the caster.
    Nothing,
    /// An entity.
    One(Entity),
    /// A point on the ground.
    Point(Position),
    /// A direction.
    Direction(Angle),
}

/// A goal that was checked: the ability can reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aimed {
    /// The caster itself.
    Own,
    /// In a direction.
    Towards(Angle),
    /// At an entity.
    At(Entity),
    /// At a point on the ground.
    Onto(Position),
}

/// The caster of an ability: position, heading, side, and how far behind the present it sees others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caster {
    pub(super) entity: Entity,
    pub(super) position: Position,
    pub(super) looks: Angle,
    pub(super) side: Side,
    pub(super) lag: Lag,
}

/// Aims an ability. Fails with the reason why it cannot reach its goal.
pub(super) fn aim(targets: &Targets<'_, '_>, caster: Caster, ability: &Ability, goal: Goal) -> Result<Aimed, Refusal> {
    match ability.shape {
        Shape::Own => Ok(Aimed::Own),
        Shape::Cone { .. } => direction(targets, caster, goal).map(Aimed::Towards),
        // It flies through the present, so it is aimed there.
        Shape::Projectile { .. } => {
            direction(targets, Caster { lag: Lag::default(), ..caster }, goal).map(Aimed::Towards)
        }
        Shape::Enemy { range_tiles } => match goal {
            Goal::One(enemy) => reach(targets, caster, enemy, Relation::Foe, range_tiles.units()),
            _ => Err(Refusal::BadTarget),
        },
        Shape::Ally { range_tiles } => match goal {
            Goal::One(ally) => reach(targets, caster, ally, Relation::Friend, range_tiles.units()),
            _ => Ok(Aimed::Own),
        },
        Shape::Ground { range_tiles, .. } => {
            let point = match goal {
                Goal::Point(point) => point,
                Goal::One(entity) => targets.shown(entity, caster.lag).ok_or(Refusal::BadTarget)?,
                Goal::Nothing | Goal::Direction(_) => return Err(Refusal::BadTarget),
            };
            within_sight(targets, caster.position, point, range_tiles.units())?;
            Ok(Aimed::Onto(point))
        }
    }
}

fn direction(targets: &Targets<'_, '_>, caster: Caster, goal: Goal) -> Result<Angle, Refusal> {
    let towards = |to: Position| if to == caster.position { caster.looks } else { Angle::between(caster.position, to) };
    match goal {
        Goal::Nothing => Ok(caster.looks),
        Goal::Direction(angle) => Ok(angle),
        Goal::Point(point) => Ok(towards(point)),
        Goal::One(entity) => targets.shown(entity, caster.lag).map(towards).ok_or(Refusal::BadTarget),
    }
}

fn reach(
    targets: &Targets<'_, '_>,
    caster: Caster,
    entity: Entity,
    relation: Relation,
    range: i32,
) -> Result<Aimed, Refusal> {
    if relation == Relation::Friend && entity == caster.entity {
        return Ok(Aimed::Own);
    }
    let target = targets.one(caster.side, relation, entity).ok_or(Refusal::BadTarget)?;
    within_sight(targets, caster.position, target.position, range + target.radius)?;
    Ok(Aimed::At(entity))
}

fn within_sight(targets: &Targets<'_, '_>, from: Position, to: Position, range: i32) -> Result<(), Refusal> {
    if !from.within(to, range) {
        return Err(Refusal::OutOfRange);
    }
    if targets.sees(from, to) { Ok(()) } else { Err(Refusal::NoLineOfSight) }
}
