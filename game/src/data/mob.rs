//! `mobs.toml`: who lives in the world.

use schemars::JsonSchema;
use serde::Deserialize;

use super::reference::{AbilityIndex, LootIndex, Ref};
use super::stats::{BaseStats, Bonuses, PerLevel};
use super::tiles::Tiles;

/// A kind of mob. The maps define where it lives.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mob {
    /// Display name.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// Level, unless the map sets another one.
    #[schemars(range(min = 1, max = 100))]
    pub level: u8,
    /// Stats at level 1.
    pub stats: BaseStats,
    /// What each further level adds.
    #[serde(default)]
    pub per_level: PerLevel,
    /// The radius of its body.
    #[schemars(range(min = 0.25, max = 0.5))]
    pub radius_tiles: Tiles,
    /// Behaviour.
    pub mind: Temper,
    /// Abilities; the mob uses the first that is available.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub abilities: Vec<Ref<AbilityIndex>>,
    /// Phases by falling health; the last one that is reached applies.
    #[serde(default)]
    #[schemars(length(max = 4))]
    pub phases: Vec<Phase>,
    /// Experience for a kill at level 1.
    #[schemars(range(min = 0, max = 100_000))]
    pub experience: u32,
    /// Additional experience per level above 1.
    #[serde(default)]
    #[schemars(range(min = 0, max = 10_000))]
    pub experience_per_level: u32,
    /// Id of its loot table; without one it drops nothing.
    #[serde(default)]
    pub loot: Option<Ref<LootIndex>>,
    /// How long its corpse stays, in milliseconds.
    #[schemars(range(min = 0, max = 600_000))]
    pub corpse_ms: u32,
}

/// Behaviour of a mob.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Temper {
    /// Whether it attacks unprovoked.
    #[serde(default)]
    pub aggressive: bool,
    /// Aggro radius in tiles.
    #[serde(default)]
    pub aggro_tiles: Tiles,
    /// Radius in tiles within which mobs of its kind help it when it is attacked; 0 disables help.
    #[serde(default)]
    pub help_tiles: Tiles,
    /// Distance in tiles that it keeps from enemies; 0 keeps none.
    #[serde(default)]
    pub keep_distance_tiles: Tiles,
    /// When it flees; if missing, it never flees.
    #[serde(default)]
    pub flee: Option<Flee>,
    /// Distance in tiles from home beyond which it ends a fight and returns; it cannot be harmed on the way.
    #[schemars(range(min = 1, max = 100))]
    pub leash_tiles: Tiles,
    /// Minimum pause between two walks at home, in milliseconds.
    #[schemars(range(min = 100, max = 600_000))]
    pub pause_min_ms: u32,
    /// Maximum pause between two walks at home, in milliseconds.
    #[schemars(range(min = 100, max = 600_000))]
    pub pause_max_ms: u32,
}

/// When and how a mob flees.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flee {
    /// Health below which it flees, in thousandths; 1000 is after any damage.
    #[schemars(range(min = 1, max = 1_000))]
    pub below_health_per_mille: u32,
    /// How long it flees after the last hit, in milliseconds.
    #[schemars(range(min = 100, max = 60_000))]
    pub lasts_ms: u32,
}

/// A boss phase, which begins at a share of the boss's health.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Health at or below which it begins, in thousandths.
    #[schemars(range(min = 1, max = 999))]
    pub below_health_per_mille: u32,
    /// Abilities in this phase.
    #[schemars(length(min = 1, max = 8))]
    pub abilities: Vec<Ref<AbilityIndex>>,
    /// Bonuses in this phase.
    #[serde(default)]
    pub bonuses: Bonuses,
    /// Whether players see it enraged.
    #[serde(default)]
    pub enraged: bool,
}

impl Mob {
    /// What the death of one of this level is worth.
    pub fn experience_at(&self, level: u8) -> u64 {
        u64::from(self.experience) + u64::from(self.experience_per_level) * u64::from(level.saturating_sub(1))
    }
}
