//! Bodies of players whose connection is lost.

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{LeaveGranted, LinkDead, Travelling};
use realmgate_protocol::link::LeaveReason;

use crate::combat::InCombat;
use crate::data::Data;

/// Lets players without a connection go after a while, which is longer in combat, so that nobody escapes a fight by
/// pulling the plug. Players who asked to leave are handled by the session.
pub(super) fn let_go(
    clock: Res<TickClock>,
    data: Res<Data>,
    absent: Query<(Entity, &LinkDead, Option<&InCombat>), Without<Travelling>>,
    mut leave: MessageWriter<LeaveGranted>,
) {
    let rules = &data.world.player;
    for (player, link_dead, combat) in &absent {
        let fighting = combat.is_some_and(|combat| combat.is(clock.now()));
        let lingers = if fighting { rules.linger_combat_ms } else { rules.linger_ms };
        if clock.now().since(link_dead.since) >= clock.ticks(lingers) {
            leave.write(LeaveGranted { player, reason: LeaveReason::ConnectionLost });
        }
    }
}
