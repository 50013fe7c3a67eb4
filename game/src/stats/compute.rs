//! Recomputes stats whenever a part of them changes.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::body::Speed;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::Replicated;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::movement::units_per_tick;
use realmgate_protocol::realm::{Health, Resource};

use super::{BuffBonus, Character, EquipmentBonus, FirstDressed, MobKind, PhaseBonus, Stats};
use crate::data::{BaseStats, Bonuses, Data, PerLevel};

/// Recomputes stats, early in [`TickSet::Combat`], before anything uses them.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatsSystems;

/// Adds the computation of [`Stats`].
pub struct StatsPlugin;

impl Plugin for StatsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(
            TickSchedule,
            (count_characters, count_mobs, apply, fill_newcomers).chain().in_set(TickSet::Combat).in_set(StatsSystems),
        );
    }
}

impl Stats {
    pub(super) fn sum(base: &BaseStats, per_level: &PerLevel, level: u16, more: Bonuses) -> Self {
        let levels = i64::from(level.saturating_sub(1));
        let add = |base: u16, each: u16, more: i32| i64::from(base) + levels * i64::from(each) + i64::from(more);
        let speed = i64::from(base.speed_tiles_per_s.units());
        let speed = speed * (1_000 + i64::from(more.speed_per_mille)).max(0) / 1_000;
        Self {
            max_health: add(base.health, per_level.health, more.health).clamp(1, i64::from(u16::MAX)) as u16,
            max_resource: add(base.resource, per_level.resource, more.resource).clamp(0, i64::from(u16::MAX)) as u16,
            power: add(base.power, per_level.power, more.power).clamp(0, i64::from(i32::MAX)) as u32,
            armour: add(base.armour, per_level.armour, more.armour).clamp(0, i64::from(i32::MAX)) as u32,
            speed_units_per_s: speed.clamp(0, i64::from(i32::MAX)) as i32,
        }
    }
}

type CharacterParts<'a> = (&'a Character, &'a EquipmentBonus, &'a BuffBonus, &'a mut Stats);
type CharacterChanged = Or<(Changed<Character>, Changed<EquipmentBonus>, Changed<BuffBonus>)>;

fn count_characters(data: Res<Data>, mut characters: Query<CharacterParts<'_>, CharacterChanged>) {
    for (character, equipment, buff, mut stats) in &mut characters {
        let mut bonuses = equipment.0;
        bonuses += buff.0;
        stats.set_if_neq(Stats::of_class(&data.classes[character.class], character.level, bonuses));
    }
}

type MobParts<'a> = (&'a MobKind, &'a PhaseBonus, &'a BuffBonus, &'a mut Stats);
type MobChanged = Or<(Changed<MobKind>, Changed<PhaseBonus>, Changed<BuffBonus>)>;

fn count_mobs(data: Res<Data>, mut mobs: Query<MobParts<'_>, MobChanged>) {
    for (kind, phase, buff, mut stats) in &mut mobs {
        let mut bonuses = phase.0;
        bonuses += buff.0;
        stats.set_if_neq(Stats::of_mob(&data.mobs[kind.mob], kind.level, bonuses));
    }
}

/// Everybody with stats, and what they are made of.
#[derive(QueryData)]
#[query_data(mutable)]
struct Everyone {
    character: Option<(&'static Character, &'static EquipmentBonus)>,
    mob: Option<(&'static MobKind, &'static PhaseBonus)>,
    buff: &'static BuffBonus,
    stats: &'static mut Stats,
    health: &'static mut Replicated<Health>,
}

/// Recomputes all stats by new data. Health keeps its share of the maximum.
pub(crate) fn reload(world: &mut World) {
    let data = world.resource::<Data>().clone();
    for mut one in world.query::<Everyone>().iter_mut(world) {
        let new = match (one.character, one.mob) {
            (Some((character, equipment)), _) => {
                let mut bonuses = equipment.0;
                bonuses += one.buff.0;
                Stats::of_class(&data.classes[character.class], character.level, bonuses)
            }
            (None, Some((kind, phase))) => {
                let mut bonuses = phase.0;
                bonuses += one.buff.0;
                Stats::of_mob(&data.mobs[kind.mob], kind.level, bonuses)
            }
            (None, None) => continue,
        };
        one.stats.set_if_neq(new);
        let current = share(&one.health.0, new.max_health);
        one.health.set_if_neq(Replicated(Health { current, max: new.max_health }));
    }
}

/// As much of a new maximum as there was of the old one, rounded; who lives has at least 1.
fn share(before: &Health, max: u16) -> u16 {
    if before.current == 0 {
        return 0;
    }
    let (current, old_max) = (u32::from(before.current), u32::from(before.max.max(1)));
    let scaled = (current * u32::from(max) + old_max / 2) / old_max;
    scaled.clamp(1, u32::from(max)) as u16
}

type Measured<'a> = (&'a Stats, &'a mut Speed, &'a mut Replicated<Health>, Option<&'a mut Replicated<Resource>>);

/// Applies changed stats to speed, health and resource. Health and resource are cut if the maximum has fallen, and
/// never filled: [`fill_newcomers`] is the exception.
fn apply(clock: Res<TickClock>, mut everyone: Query<Measured<'_>, Changed<Stats>>) {
    for (stats, mut speed, mut health, resource) in &mut everyone {
        speed.set_if_neq(Speed(units_per_tick(stats.speed_units_per_s, clock.tick_hz())));
        let fitted = Health { current: health.current.min(stats.max_health), max: stats.max_health };
        health.set_if_neq(Replicated(fitted));
        if let Some(mut resource) = resource {
            let fitted = Resource { current: resource.current.min(stats.max_resource), max: stats.max_resource };
            resource.set_if_neq(Replicated(fitted));
        }
    }
}

fn fill_newcomers(
    mut commands: Commands,
    mut newcomers: Query<(Entity, &Stats, &mut Replicated<Health>), With<FirstDressed>>,
) {
    for (newcomer, stats, mut health) in &mut newcomers {
        health.set_if_neq(Replicated(Health { current: stats.max_health, max: stats.max_health }));
        commands.entity(newcomer).remove::<FirstDressed>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_keeps_its_share_of_a_new_maximum() {
        let of = |current, old_max, max| share(&Health { current, max: old_max }, max);
        assert_eq!([of(100, 100, 150), of(50, 100, 150), of(1, 3, 100), of(2, 3, 100)], [150, 75, 33, 67]);
        assert_eq!([of(1, 1_000, 10), of(0, 100, 50), of(65_535, 65_535, 65_535)], [1, 0, 65_535]);
    }
}
