//! Threat tables: which enemies a mob fights, and how much threat each has drawn.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_engine::spatial::SpatialIndex;

use crate::combat::Targets;
use crate::data::{AbilityIndex, Data};

/// Most enemies in a threat table. When it is full, the one with the least threat is removed.
const MOST: usize = 64;

/// The threat table of a mob. Enemies that are gone stay in it; [`ThreatTable::worst`] filters them when asked.
#[derive(Component, Debug, Clone, Default)]
pub struct ThreatTable {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    who: Entity,
    threat: u32,
    damage: u32,
}

impl ThreatTable {
    /// Adds threat without damage.
    pub fn add(&mut self, who: Entity, threat: u32) {
        self.harmed_by(who, threat, 0);
    }

    /// Adds threat and damage. The damage is kept for the credit when the mob dies.
    pub fn harmed_by(&mut self, who: Entity, threat: u32, damage: u32) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.who == who) {
            entry.threat = entry.threat.saturating_add(threat);
            entry.damage = entry.damage.saturating_add(damage);
            return;
        }
        if self.entries.len() == MOST
            && let Some(least) = (0..MOST).min_by_key(|index| self.entries[*index].threat)
        {
            self.entries.remove(least);
        }
        self.entries.push(Entry { who, threat, damage });
    }

    /// The enemy with the most threat, of those that `counts` accepts. `present`, the current enemy, is kept until the
    /// threat of another exceeds `switch_per_mille` thousandths of its own.
    pub fn worst(
        &self,
        present: Option<Entity>,
        switch_per_mille: u32,
        counts: impl Fn(Entity) -> bool,
    ) -> Option<Entity> {
        let angry = || self.entries.iter().filter(|entry| entry.threat > 0 && counts(entry.who));
        // Of two equals, the earlier entry wins.
        let worst = angry().min_by_key(|entry| std::cmp::Reverse(entry.threat))?;
        let kept = angry()
            .find(|entry| Some(entry.who) == present)
            .filter(|kept| u64::from(worst.threat) * 1_000 <= u64::from(kept.threat) * u64::from(switch_per_mille));
        Some(kept.unwrap_or(worst).who)
    }

    /// Removes the threat of an enemy. It keeps the credit for its damage.
    pub fn forgive(&mut self, who: Entity) {
        self.entries.iter_mut().filter(|entry| entry.who == who).for_each(|entry| entry.threat = 0);
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Whether it has no entries: no threat and no damage.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether an entity has any threat.
    pub fn knows(&self, who: Entity) -> bool {
        self.entries.iter().any(|entry| entry.who == who && entry.threat > 0)
    }

    /// Everyone who dealt damage, with the amount, greatest first.
    pub fn credit(&self) -> Vec<(Entity, u32)> {
        let harmed = self.entries.iter().filter(|entry| entry.damage > 0);
        let mut credit: Vec<_> = harmed.map(|entry| (entry.who, entry.damage)).collect();
        credit.sort_by_key(|(who, damage)| (std::cmp::Reverse(*damage), *who));
        credit
    }
}

/// An entity was healed by an ability.
#[derive(Message, Debug, Clone, Copy)]
pub struct Healed {
    /// The caster of the heal.
    pub healer: Entity,
    /// The entity that was healed.
    pub target: Entity,
    /// The ability that healed.
    pub ability: AbilityIndex,
    /// Health points that were restored.
    pub amount: u32,
}

/// Adds the threat of healing, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreatSystems;

/// Adds threat tables.
pub struct ThreatPlugin;

impl Plugin for ThreatPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Healed>()
            .add_systems(TickSchedule, anger_by_healing.in_set(TickSet::Combat).in_set(ThreatSystems));
    }
}

/// Healing draws threat from nearby mobs that have the healed entity in their threat table.
fn anger_by_healing(
    mut healed: PopulatedMessageReader<Healed>,
    data: Res<Data>,
    index: Res<SpatialIndex>,
    targets: Targets<'_, '_>,
    mut tables: Query<&mut ThreatTable>,
) {
    for healing in healed.read() {
        let Some(at) = targets.position(healing.target) else { continue };
        let share = u64::from(data.world.combat.heal_threat_per_mille);
        let threat = u64::from(healing.amount) * u64::from(data.abilities[healing.ability].threat_per_mille) / 1_000;
        let threat = (threat * share / 1_000).min(u64::from(u32::MAX)) as u32;
        for mob in index.near(at, data.world.minds.wake_tiles.units()) {
            if let Ok(mut table) = tables.get_mut(mob)
                && threat > 0
                && table.knows(healing.target)
            {
                table.add(healing.healer, threat);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entity(index: u32) -> Entity {
        Entity::from_raw_u32(index).unwrap()
    }

    #[test]
    fn another_must_outdo_the_present_enemy_clearly() {
        let (first, second) = (entity(1), entity(2));
        let mut table = ThreatTable::default();
        table.add(first, 100);
        table.add(second, 105);
        assert_eq!(table.worst(None, 1_100, |_| true), Some(second), "who fights nobody takes the worst");
        assert_eq!(table.worst(Some(first), 1_100, |_| true), Some(first), "105 is not yet 110 % of 100");
        table.add(second, 5);
        assert_eq!(table.worst(Some(first), 1_100, |_| true), Some(first), "110 is no more than that");
        table.add(second, 1);
        assert_eq!(table.worst(Some(first), 1_100, |_| true), Some(second));
        assert_eq!(
            table.worst(Some(second), 1_100, |who| who == first),
            Some(first),
            "who does not count is passed over"
        );
    }

    #[test]
    fn the_forgiven_keep_their_credit() {
        let mut table = ThreatTable::default();
        table.harmed_by(entity(1), 50, 30);
        table.harmed_by(entity(2), 10, 40);
        table.forgive(entity(1));
        assert_eq!([1, 2].map(|who| table.knows(entity(who))), [false, true], "one is forgiven, and nobody else");
        assert_eq!(table.worst(Some(entity(1)), 1_100, |_| true), Some(entity(2)));
        assert_eq!(table.credit(), [(entity(2), 40), (entity(1), 30)]);
    }

    proptest! {
        #[test]
        fn the_worst_has_the_most_threat_and_the_table_is_bounded(
            blows in prop::collection::vec((0u32..100, 0u32..=u32::MAX, 0u32..1_000), 1..400),
        ) {
            let mut table = ThreatTable::default();
            for (who, threat, damage) in &blows {
                table.harmed_by(entity(*who), *threat, *damage);
            }
            let all: std::collections::BTreeSet<u32> = blows.iter().map(|(who, ..)| *who).collect();
            prop_assert_eq!(table.entries.len(), all.len().min(64), "each once, as long as there is room");
            let most = table.entries.iter().map(|entry| entry.threat).max().unwrap_or(0);
            let worst = table.worst(None, 1_000, |_| true);
            let found = worst.and_then(|who| table.entries.iter().find(|entry| entry.who == who));
            prop_assert_eq!(found.map_or(0, |entry| entry.threat), most);
            let strongest = blows.iter().map(|(_, threat, _)| *threat).max();
            prop_assert!(Some(most) >= strongest, "where there is no room, it is the least that goes");
            let credit = table.credit();
            prop_assert!(credit.windows(2).all(|pair| pair[0].1 >= pair[1].1), "the greatest part comes first");
        }
    }
}
