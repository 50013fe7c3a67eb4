//! Fleeing.

use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Angle;

use super::Mood;
use super::think::{Senses, ThinkerItem};
use crate::data::Mob;

/// Whether its health is low enough to flee.
pub(super) fn is_time(thinker: &ThinkerItem<'_, '_>, mob: &Mob) -> bool {
    let health = thinker.health;
    mob.mind.flee.is_some_and(|flee| {
        u64::from(health.current) * 1_000 < u64::from(health.max) * u64::from(flee.below_health_per_mille)
    })
}

pub(super) fn begin(thinker: &mut ThinkerItem<'_, '_>, mob: &Mob, senses: &mut Senses<'_, '_>) -> Option<Angle> {
    let lasts = mob.mind.flee.map_or(0, |flee| senses.clock.ticks(flee.lasts_ms));
    let until = senses.clock.now().after(lasts);
    let health = thinker.health.current;
    thinker.mind.mood = Mood::Flee { until, health };
    run(thinker, mob, senses, until, health)
}

/// Runs from its last enemy, then goes home. Each time it loses health, the flight starts anew.
pub(super) fn run(
    thinker: &mut ThinkerItem<'_, '_>,
    mob: &Mob,
    senses: &mut Senses<'_, '_>,
    until: Tick,
    health: u16,
) -> Option<Angle> {
    if thinker.health.current < health {
        return begin(thinker, mob, senses);
    }
    let danger = thinker.mind.enemy.and_then(|enemy| senses.targets.position(enemy));
    let far = !thinker.at.0.within(thinker.mind.home, mob.mind.leash_tiles.units());
    match danger {
        Some(danger) if senses.clock.now() < until && !far => {
            let radius = thinker.body.radius;
            senses.way.away(thinker.at.0, danger, radius, 2 * radius)
        }
        _ => {
            thinker.turn_home(senses);
            None
        }
    }
}
