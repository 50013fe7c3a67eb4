//! The phases of a boss.

use bevy_ecs::prelude::*;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::realm::Health;

use crate::ability::AbilityBook;
use crate::data::{AbilityIndex, Data, Mob, Ref};
use crate::stats::{MobKind, PhaseBonus};

/// The current phase of a mob, as an index into its phases. `None` until the first one begins.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MobPhase(pub Option<u8>);

/// Marks a mob in an enraged phase, which players see.
#[derive(Component, Debug, Clone, Copy, Default)]
#[component(storage = "SparseSet")]
pub struct Enraged;

impl MobPhase {
    /// The abilities of a mob in this phase.
    pub fn abilities(self, mob: &Mob) -> &[Ref<AbilityIndex>] {
        let phase = self.0.and_then(|index| mob.phases.get(usize::from(index)));
        phase.map_or(&mob.abilities, |phase| &phase.abilities)
    }
}

/// Gives mobs the abilities of new data, and the bonuses of their phase there. Abilities that they keep stay on cooldown.
pub(crate) fn reload(world: &mut World) {
    let data = world.resource::<Data>().clone();
    let mut mobs = world.query::<(&MobKind, &MobPhase, &mut PhaseBonus, &mut AbilityBook)>();
    for (kind, phase, mut bonus, mut book) in mobs.iter_mut(world) {
        let mob = &data.mobs[kind.mob];
        let phase = phase.0.and_then(|index| mob.phases.get(usize::from(index)));
        bonus.set_if_neq(PhaseBonus(phase.map(|phase| phase.bonuses).unwrap_or_default()));
        book.learn(abilities_of(mob), &data);
    }
}

/// The abilities of a mob in all its phases, each once.
pub(crate) fn abilities_of(mob: &Mob) -> Vec<AbilityIndex> {
    let all = mob.abilities.iter().chain(mob.phases.iter().flat_map(|phase| &phase.abilities));
    let mut abilities: Vec<_> = all.map(|ability| ability.index()).collect();
    abilities.sort();
    abilities.dedup();
    abilities
}

type Weakened<'a> = (Entity, &'a MobKind, &'a Replicated<Health>, &'a mut MobPhase, &'a mut PhaseBonus);

pub(super) fn choose_phase(
    mut commands: Commands<'_, '_>,
    data: Res<Data>,
    mut mobs: Query<Weakened<'_>, Changed<Replicated<Health>>>,
) {
    for (entity, kind, health, mut phase, mut bonus) in &mut mobs {
        let mob = &data.mobs[kind.mob];
        let reached = |below: u32| u64::from(health.current) * 1_000 <= u64::from(health.max) * u64::from(below);
        let now = mob.phases.iter().rposition(|phase| reached(phase.below_health_per_mille));
        if !phase.set_if_neq(MobPhase(now.map(|index| index as u8))) {
            continue;
        }
        let phase = now.map(|index| &mob.phases[index]);
        bonus.set_if_neq(PhaseBonus(phase.map(|phase| phase.bonuses).unwrap_or_default()));
        if phase.is_some_and(|phase| phase.enraged) {
            commands.entity(entity).insert(Enraged);
        } else {
            commands.entity(entity).remove::<Enraged>();
        }
    }
}
