//! Lasting effects, tick by tick.

use bevy_ecs::prelude::*;
use realmgate_engine::body::Asleep;
use realmgate_engine::clock::TickClock;
use realmgate_protocol::ids::Tick;

use super::{Effects, LastingKind};
use crate::combat::{Battle, Blow};
use crate::stats::BuffBonus;

type Bearers<'w, 's> = Query<'w, 's, (Entity, &'static mut Effects), Without<Asleep>>;

/// Deals damage over time that is due.
pub(super) fn damage_over_time(
    clock: Res<TickClock>,
    mut due: Local<'_, Vec<Blow>>,
    mut params: ParamSet<'_, '_, (Bearers<'_, '_>, Battle<'_, '_>)>,
) {
    for (target, mut effects) in &mut params.p0() {
        if effects.lasting.iter().any(|lasting| acts_at(&lasting.kind, clock.now())) {
            collect(target, &mut effects, clock.now(), &mut due);
        }
    }
    let mut battle = params.p1();
    due.drain(..).for_each(|blow| battle.damage_over_time(blow));
}

fn acts_at(kind: &LastingKind, now: Tick) -> bool {
    matches!(kind, LastingKind::Damage { next, .. } if *next <= now)
}

fn collect(target: Entity, effects: &mut Effects, now: Tick, due: &mut Vec<Blow>) {
    for lasting in &mut effects.lasting {
        if let LastingKind::Damage { amount, period, next } = &mut lasting.kind
            && *next <= now
        {
            *next = next.after((*period).max(1));
            let (source, side, ability) = (lasting.source, lasting.side, lasting.ability);
            due.push(Blow { source, side, target, ability, amount: *amount });
        }
    }
}

/// Removes effects that are over.
pub(super) fn end(clock: Res<TickClock>, mut everyone: Query<&mut Effects, Without<Asleep>>) {
    for mut effects in &mut everyone {
        if effects.lasting.iter().any(|lasting| lasting.until <= clock.now()) {
            effects.lasting.retain(|lasting| lasting.until > clock.now());
        }
    }
}

/// Updates the sum of all buffs where effects changed. It counts from the next tick on.
pub(super) fn sum_buffs(mut everyone: Query<(&Effects, &mut BuffBonus), Changed<Effects>>) {
    for (effects, mut bonus) in &mut everyone {
        bonus.set_if_neq(BuffBonus(effects.bonuses()));
    }
}
