//! What mobs at peace see: whether any player is near at all, and whom they would attack.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::Player;
use realmgate_engine::replication::InterestGrid;

use super::Mind;
use crate::combat::{Side, Targets};
use crate::data::Data;
use crate::death::Dead;
use crate::stats::MobKind;
use crate::threat::ThreatTable;

type Watcher<'a> = (Entity, &'a MobKind, &'a At, &'a mut Mind, &'a mut ThreatTable);

/// Each mob looks around every so often, not all in the same tick; between its looks a sleeping one costs nothing.
pub(super) fn notice(
    clock: Res<TickClock>,
    data: Res<Data>,
    grid: Res<InterestGrid>,
    targets: Targets<'_, '_>,
    players: Query<(), With<Player>>,
    mut mobs: Query<Watcher<'_>, Without<Dead>>,
) {
    let rules = &data.world.minds;
    let period = clock.ticks(rules.look_ms);
    for (entity, kind, at, mut mind, mut threat) in &mut mobs {
        if !mind.is_peaceful() || !clock.every(period, entity.index_u32()) {
            continue;
        }
        let awake = grid.near(at.0, rules.wake_tiles.units()).any(|(other, _)| players.contains(other));
        if mind.awake != awake {
            mind.awake = awake;
        }
        let temper = &data.mobs[kind.mob].mind;
        if !awake || !temper.aggressive {
            continue;
        }
        let seen = targets.around(at.0, temper.aggro_tiles.units(), Side::Mobs, false);
        let nearest = seen.min_by_key(|target| (target.at.distance_squared(at.0), target.entity));
        if let Some(enemy) = nearest {
            threat.add(enemy.entity, 1);
        }
    }
}
