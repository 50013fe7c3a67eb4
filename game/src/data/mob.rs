//! `mobs.toml`: who lives in the world.

use schemars::JsonSchema;
use serde::Deserialize;

use super::reference::{AbilityIndex, LootIndex, Ref};
use super::stats::{BaseStats, Bonuses, PerLevel};
use super::tiles::Tiles;

/// A kind of mob. Where it lives is drawn on a map.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mob {
    /// Its name for people.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// Its level, where the map gives no other.
    #[schemars(range(min = 1, max = 100))]
    pub level: u8,
    /// How strong it is at level 1.
    pub stats: BaseStats,
    /// What each further level adds.
    #[serde(default)]
    pub per_level: PerLevel,
    /// The radius of its body.
    #[schemars(range(min = 0.25, max = 0.5))]
    pub radius_tiles: Tiles,
    /// What it does with whom it meets.
    pub mind: Temper,
    /// What it fights with; the first that can be used is used.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub abilities: Vec<Ref<AbilityIndex>>,
    /// How it changes as it weakens: the last whose health is reached counts.
    #[serde(default)]
    #[schemars(length(max = 4))]
    pub phases: Vec<Phase>,
    /// The experience that its death is worth at level 1.
    #[schemars(range(min = 0, max = 100_000))]
    pub experience: u32,
    /// What each further level adds to that.
    #[serde(default)]
    #[schemars(range(min = 0, max = 10_000))]
    pub experience_per_level: u32,
    /// What it leaves behind; nothing where none is named.
    #[serde(default)]
    pub loot: Option<Ref<LootIndex>>,
    /// How long its body lies, in milliseconds.
    #[schemars(range(min = 0, max = 600_000))]
    pub corpse_ms: u32,
}

/// What a mob does with whom it meets.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Temper {
    /// Whether it attacks unprovoked.
    #[serde(default)]
    pub aggressive: bool,
    /// From how near it attacks whom it sees.
    #[serde(default)]
    pub aggro_tiles: Tiles,
    /// From how far its kind comes to help when it is attacked; 0 is not at all.
    #[serde(default)]
    pub help_tiles: Tiles,
    /// How near it lets its enemies come before it steps back; 0 is as near as they like.
    #[serde(default)]
    pub keep_distance_tiles: Tiles,
    /// When it flees; never where this is left out.
    #[serde(default)]
    pub flee: Option<Flee>,
    /// How far from its home it follows; then it returns, unharmed.
    #[schemars(range(min = 1, max = 100))]
    pub leash_tiles: Tiles,
    /// The shortest pause between two walks at home, in milliseconds.
    #[schemars(range(min = 100, max = 600_000))]
    pub pause_min_ms: u32,
    /// The longest pause between two walks at home, in milliseconds.
    #[schemars(range(min = 100, max = 600_000))]
    pub pause_max_ms: u32,
}

/// When and how a mob flees.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flee {
    /// Below which health, in thousandths; 1000 is with the first scratch.
    #[schemars(range(min = 1, max = 1_000))]
    pub below_health_per_mille: u32,
    /// For how long after the last blow, in milliseconds.
    #[schemars(range(min = 100, max = 60_000))]
    pub lasts_ms: u32,
}

/// How a boss is from some point of its health on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// At and below which health it begins, in thousandths.
    #[schemars(range(min = 1, max = 999))]
    pub below_health_per_mille: u32,
    /// What it fights with then.
    #[schemars(length(min = 1, max = 8))]
    pub abilities: Vec<Ref<AbilityIndex>>,
    /// What it gains.
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
