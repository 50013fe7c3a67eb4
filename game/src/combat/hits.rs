//! Applies the effects of an ability to a target it hits.

use bevy_ecs::prelude::*;
use realmgate_engine::body::Push;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::CombatKind;

use super::Side;
use super::battle::{Battle, Blow};
use super::formula::with_power;
use crate::data::{AbilityIndex, Effect};
use crate::effect::{Lasting, LastingKind};
use crate::spawn::SummonRequested;

/// An ability hits a target. Applied in [`HitSystems`](super::HitSystems); write it before them.
#[derive(Message, Debug, Clone, Copy)]
pub struct Hit {
    /// The caster; it may have despawned.
    pub source: Entity,
    /// The side of the caster.
    pub side: Side,
    /// The power of the caster when the ability was used.
    pub power: u32,
    /// The ability that hits.
    pub ability: AbilityIndex,
    /// The target.
    pub target: Entity,
    /// Where the hit comes from: knockback pushes away from here.
    pub from: Position,
}

pub(super) fn apply_hits(
    mut hits: PopulatedMessageReader<Hit>,
    mut battle: Battle<'_, '_>,
    mut summons: MessageWriter<SummonRequested>,
) {
    // A clone of the handle, so that the effects can be iterated while `battle` is borrowed mutably.
    let data = battle.data.clone();
    for hit in hits.read() {
        for (index, effect) in data.abilities[hit.ability].effects.iter().enumerate() {
            apply(&mut battle, &mut summons, hit, index as u8, effect);
        }
    }
}

fn apply(
    battle: &mut Battle<'_, '_>,
    summons: &mut MessageWriter<SummonRequested>,
    hit: &Hit,
    index: u8,
    effect: &Effect,
) {
    let blow = |amount| Blow { source: hit.source, side: hit.side, target: hit.target, ability: hit.ability, amount };
    match *effect {
        Effect::Damage { amount, power_per_mille } => {
            battle.strike(blow(with_power(amount, hit.power, power_per_mille)));
        }
        Effect::Heal { amount, power_per_mille } => {
            battle.heal(blow(with_power(amount, hit.power, power_per_mille)));
        }
        Effect::DamageOverTime { amount, power_per_mille, period_ms, lasts_ms } => {
            let period = battle.clock.ticks(period_ms);
            let next = battle.clock.now().after(period);
            let amount = with_power(amount, hit.power, power_per_mille);
            last(battle, hit, index, LastingKind::Damage { amount, period, next }, lasts_ms);
        }
        Effect::Buff { bonuses, lasts_ms } => {
            if last(battle, hit, index, LastingKind::Buff(bonuses), lasts_ms) {
                battle.tell(CombatKind::Buff, blow(0), 0);
            }
        }
        Effect::Root { lasts_ms } => {
            if last(battle, hit, index, LastingKind::Root, lasts_ms) {
                battle.tell(CombatKind::Root, blow(0), 0);
            }
        }
        Effect::Knockback { distance_tiles, lasts_ms } => {
            if push(battle, hit, distance_tiles.units(), lasts_ms) {
                battle.tell(CombatKind::Knockback, blow(0), 0);
            }
        }
        Effect::Summon { ref mob, count, at_most } => {
            summons.write(SummonRequested { master: hit.source, mob: mob.index(), count, at_most });
        }
    }
}

/// Puts a lasting effect on the target. Returns false if the target cannot be affected.
fn last(battle: &mut Battle<'_, '_>, hit: &Hit, index: u8, kind: LastingKind, lasts_ms: u32) -> bool {
    let until = battle.clock.now().after(battle.clock.ticks(lasts_ms));
    let Ok(mut target) = battle.fighters.get_mut(hit.target) else { return false };
    let helps = matches!(kind, LastingKind::Buff(_));
    let touched = if helps { target.is_alive() } else { target.can_be_harmed_by(hit.side) };
    if touched {
        target.effects.put(Lasting { source: hit.source, side: hit.side, ability: hit.ability, index, kind, until });
        if !helps {
            battle.provoke(hit.source, hit.target);
        }
    }
    touched
}

fn push(battle: &mut Battle<'_, '_>, hit: &Hit, units: i32, lasts_ms: u32) -> bool {
    let ticks = battle.clock.ticks(lasts_ms).max(1);
    let Ok(mut target) = battle.fighters.get_mut(hit.target) else { return false };
    if !target.can_be_harmed_by(hit.side) {
        return false;
    }
    let (dx, dy) = Angle::between(hit.from, target.at.0).scaled(units / ticks as i32);
    *target.push = Push { dx, dy, ticks };
    battle.provoke(hit.source, hit.target);
    true
}
