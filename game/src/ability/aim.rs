//! From what somebody points at to whom an ability can reach.

use bevy_ecs::prelude::*;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::Refusal;

use crate::combat::{Side, Targets};
use crate::data::{Ability, Shape};

/// What an ability is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Nothing in particular.
    Nothing,
    /// Somebody.
    One(Entity),
    /// A point on the ground.
    Point(Position),
    /// A direction.
    Direction(Angle),
}

/// A goal that an ability can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aimed {
    /// The user itself.
    Own,
    /// Into a direction.
    Towards(Angle),
    /// At somebody.
    At(Entity),
    /// Onto a point.
    Onto(Position),
}

/// Who aims, and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Archer {
    pub(super) entity: Entity,
    pub(super) at: Position,
    pub(super) looks: Angle,
    pub(super) side: Side,
}

/// Aims an ability, or says why it can not reach its goal.
pub(super) fn aim(targets: &Targets<'_, '_>, archer: Archer, ability: &Ability, goal: Goal) -> Result<Aimed, Refusal> {
    match ability.shape {
        Shape::Own => Ok(Aimed::Own),
        Shape::Cone { .. } | Shape::Projectile { .. } => direction(targets, archer, goal).map(Aimed::Towards),
        Shape::Enemy { range_tiles } => match goal {
            Goal::One(enemy) => reach(targets, archer, enemy, false, range_tiles.units()),
            _ => Err(Refusal::BadTarget),
        },
        Shape::Ally { range_tiles } => match goal {
            Goal::One(ally) => reach(targets, archer, ally, true, range_tiles.units()),
            _ => Ok(Aimed::Own),
        },
        Shape::Ground { range_tiles, .. } => {
            let point = match goal {
                Goal::Point(point) => point,
                Goal::One(entity) => targets.place(entity).ok_or(Refusal::BadTarget)?,
                Goal::Nothing | Goal::Direction(_) => return Err(Refusal::BadTarget),
            };
            within_sight(targets, archer.at, point, range_tiles.units())?;
            Ok(Aimed::Onto(point))
        }
    }
}

fn direction(targets: &Targets<'_, '_>, archer: Archer, goal: Goal) -> Result<Angle, Refusal> {
    let towards = |to: Position| if to == archer.at { archer.looks } else { Angle::between(archer.at, to) };
    match goal {
        Goal::Nothing => Ok(archer.looks),
        Goal::Direction(angle) => Ok(angle),
        Goal::Point(point) => Ok(towards(point)),
        Goal::One(entity) => targets.place(entity).map(towards).ok_or(Refusal::BadTarget),
    }
}

fn reach(
    targets: &Targets<'_, '_>,
    archer: Archer,
    entity: Entity,
    friendly: bool,
    range: i32,
) -> Result<Aimed, Refusal> {
    if friendly && entity == archer.entity {
        return Ok(Aimed::Own);
    }
    let target = targets.one(archer.side, friendly, entity).ok_or(Refusal::BadTarget)?;
    within_sight(targets, archer.at, target.at, range + target.radius)?;
    Ok(Aimed::At(entity))
}

fn within_sight(targets: &Targets<'_, '_>, from: Position, to: Position, range: i32) -> Result<(), Refusal> {
    if !from.within(to, range) {
        return Err(Refusal::OutOfRange);
    }
    if targets.sees(from, to) { Ok(()) } else { Err(Refusal::NoLineOfSight) }
}
