//! Recomputes stats whenever a part of them changes.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
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
