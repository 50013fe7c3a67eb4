//! Stats: of characters by class, level and equipment, of mobs by kind, level and phase, and of both by buffs.

mod compute;

pub(crate) use compute::reload;
pub use compute::{StatsPlugin, StatsSystems};

use bevy_ecs::prelude::*;

use crate::data::{Bonuses, Class, ClassIndex, Mob, MobIndex};
use crate::progress::PendingExperience;

/// A player's character.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[require(EquipmentBonus, PendingExperience, Stats)]
pub struct Character {
    /// Its class.
    pub class: ClassIndex,
    /// Its level, from 1.
    pub level: u16,
    /// Its total experience.
    pub experience: u64,
}

/// A mob in the world.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[require(PhaseBonus, Stats)]
pub struct MobKind {
    /// Its kind.
    pub mob: MobIndex,
    /// Its level, from 1.
    pub level: u8,
}

/// Sum of the bonuses of all worn items. Updated by the equipment feature.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EquipmentBonus(pub Bonuses);

/// Sum of the bonuses of all current buffs. Updated by the effect feature.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuffBonus(pub Bonuses);

/// A new character whose equipment is counted for the first time in this tick: its health becomes the maximum. Otherwise
/// it would enter the world wounded, by as much as its starting kit adds.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
pub struct FirstDressed;

/// Bonuses of the current phase of a boss.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PhaseBonus(pub Bonuses);

/// The current stats of a character or mob, with all bonuses.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[require(BuffBonus)]
pub struct Stats {
    /// Maximum health, at least 1.
    pub max_health: u16,
    /// Maximum of the class resource.
    pub max_resource: u16,
    /// Damage and healing scale with it.
    pub power: u32,
    /// Reduces damage taken.
    pub armour: u32,
    /// Walking speed in 1/1,024 tile per second.
    pub speed_units_per_s: i32,
}

impl Stats {
    /// Computes the stats of a character.
    pub fn of_class(class: &Class, level: u16, bonuses: Bonuses) -> Self {
        Self::sum(&class.stats, &class.per_level, level, bonuses)
    }

    /// Computes the stats of a mob.
    pub fn of_mob(mob: &Mob, level: u8, bonuses: Bonuses) -> Self {
        Self::sum(&mob.stats, &mob.per_level, u16::from(level), bonuses)
    }
}
