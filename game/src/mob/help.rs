//! Mobs call others of their kind for help.

use bevy_ecs::prelude::*;
use realmgate_engine::spatial::SpatialIndex;
use realmgate_protocol::movement::Position;

use super::Mind;
use crate::data::MobIndex;
use crate::death::Dead;
use crate::stats::MobKind;
use crate::threat::ThreatTable;

/// A mob that enters a fight calls other mobs of its kind.
#[derive(Message, Debug, Clone, Copy)]
pub(super) struct HelpCalled {
    pub(super) kind: MobIndex,
    pub(super) position: Position,
    pub(super) range: i32,
    pub(super) enemy: Entity,
}

type Helper<'a> = (&'a MobKind, &'a mut Mind, &'a mut ThreatTable);

/// Peaceful mobs of the same kind within range join the fight.
pub(super) fn answer(
    mut calls: PopulatedMessageReader<HelpCalled>,
    index: Res<SpatialIndex>,
    mut mobs: Query<Helper<'_>, Without<Dead>>,
) {
    for call in calls.read() {
        for entity in index.near(call.position, call.range) {
            let Ok((kind, mut mind, mut threat)) = mobs.get_mut(entity) else { continue };
            if kind.mob == call.kind && mind.is_peaceful() && threat.is_empty() {
                threat.add(call.enemy, 1);
                mind.answers_call();
            }
        }
    }
}
