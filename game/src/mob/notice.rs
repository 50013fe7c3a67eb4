//! What peaceful mobs notice: whether any player is near, else they may sleep, and whom they attack.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::body::{Asleep, At, Push, Walk};
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::realm::{Health, Status};

use super::watch::Watched;
use super::{Mind, Mood};
use crate::ability::CurrentCast;
use crate::combat::{Side, Targets};
use crate::data::{Data, Relation};
use crate::death::Dead;
use crate::effect::Effects;
use crate::stats::MobKind;
use crate::threat::ThreatTable;

/// A mob that looks around.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Watcher {
    kind: &'static MobKind,
    at: Ref<'static, At>,
    walk: &'static Walk,
    push: &'static Push,
    health: &'static Replicated<Health>,
    status: &'static Replicated<Status>,
    effects: &'static Effects,
    cast: &'static CurrentCast,
    mind: &'static Mind,
    asleep: Has<Asleep>,
    threat: &'static mut ThreatTable,
}

/// Lets each mob look around once per `look_ms`, spread over the ticks. A mob with no player near falls asleep.
pub(super) fn notice(
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    watched: Res<Watched>,
    targets: Targets<'_, '_>,
    mobs: Query<Entity, (With<Mind>, Without<Dead>)>,
    mut watchers: Query<Watcher>,
) {
    let period = clock.ticks(data.world.minds.look_ms);
    // Filters by entity id first, so that the components of most mobs are not touched.
    for entity in mobs.iter().filter(|entity| clock.every(period, entity.index_u32())) {
        let Ok(mut watcher) = watchers.get_mut(entity) else { continue };
        if !watcher.mind.is_peaceful() {
            continue;
        }
        if !watched.sees(watcher.at.0, clock.now()) {
            if !watcher.asleep && watcher.may_sleep() {
                commands.entity(entity).insert(Asleep);
            }
            continue;
        }
        if watcher.asleep {
            commands.entity(entity).remove::<Asleep>();
        }
        watcher.look_for_prey(&data, &targets);
    }
}

impl WatcherItem<'_, '_> {
    /// Whether it does nothing and nothing is being done to it.
    fn may_sleep(&self) -> bool {
        let stands = self.walk.0.is_none() && self.push.ticks == 0 && !self.at.is_changed();
        let is_whole = self.health.current == self.health.max && self.status.flags == 0 && self.effects.is_empty();
        let is_idle = matches!(self.mind.mood, Mood::Idle { .. }) && self.threat.is_empty() && self.cast.0.is_none();
        stands && is_whole && is_idle
    }

    fn look_for_prey(&mut self, data: &Data, targets: &Targets<'_, '_>) {
        let temper = &data.mobs[self.kind.mob].mind;
        if !temper.aggressive {
            return;
        }
        let at = self.at.0;
        let seen = targets.around(at, temper.aggro_tiles.units(), Side::Mobs, Relation::Foe);
        let nearest = seen.min_by_key(|target| (target.position.distance_squared(at), target.entity));
        if let Some(enemy) = nearest {
            self.threat.add(enemy.entity, 1);
        }
    }
}

type Provoked = (With<Asleep>, Changed<ThreatTable>);

/// Wakes mobs that were harmed or called for help in the same tick, so that what was done to them is visible at once.
pub(super) fn wake(mut commands: Commands<'_, '_>, mobs: Query<(Entity, &ThreatTable), Provoked>) {
    for (entity, threat) in &mobs {
        if !threat.is_empty() {
            commands.entity(entity).remove::<Asleep>();
        }
    }
}
