//! How strong everyone is: characters by class, level and what they wear, mobs by kind, level and phase.

mod compute;

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
    /// Its experience in all.
    pub experience: u64,
}

/// A mob in the world.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[require(PhaseBonus, Stats)]
pub struct MobKind {
    /// Which kind.
    pub mob: MobIndex,
    /// Its level, from 1.
    pub level: u8,
}

/// What all that a character wears adds together; kept up by what equips.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EquipmentBonus(pub Bonuses);

/// What the buffs of now add together; kept up by the effects.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuffBonus(pub Bonuses);

/// What a boss's phase adds.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PhaseBonus(pub Bonuses);

/// How strong somebody is now, with all that adds to it.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[require(BuffBonus)]
pub struct Stats {
    /// Most health, at least 1.
    pub max_health: u16,
    /// Most of the class's resource.
    pub max_resource: u16,
    /// What damage and healing scale with.
    pub power: u32,
    /// What damage is lessened by.
    pub armour: u32,
    /// Walking speed in 1/1,024 tile per second.
    pub speed_units_per_s: i32,
}

impl Stats {
    /// A character's, by its class and level.
    pub fn of_class(class: &Class, level: u16, bonuses: Bonuses) -> Self {
        Self::sum(&class.stats, &class.per_level, level, bonuses)
    }

    /// A mob's, by its kind and level.
    pub fn of_mob(mob: &Mob, level: u8, bonuses: Bonuses) -> Self {
        Self::sum(&mob.stats, &mob.per_level, u16::from(level), bonuses)
    }
}
