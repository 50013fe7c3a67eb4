//! `classes.toml`: what players can be.

use schemars::JsonSchema;
use serde::Deserialize;

use super::reference::{AbilityIndex, ItemIndex, Ref};
use super::stats::{BaseStats, PerLevel};

/// A class that a character can have.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Display name.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// One sentence that players read when they choose a class.
    #[serde(default)]
    pub description: String,
    /// The abilities by slot: the first is on slot 0.
    #[schemars(length(min = 1, max = 8))]
    pub abilities: Vec<Ref<AbilityIndex>>,
    /// Stats at level 1.
    pub stats: BaseStats,
    /// What each further level adds.
    #[serde(default)]
    pub per_level: PerLevel,
    /// How its resource is gained and lost.
    pub resource: ResourceRules,
    /// Items of a new character, from the first slot of its bag.
    #[serde(default)]
    #[schemars(length(max = 24))]
    pub starts_with: Vec<Ref<ItemIndex>>,
    /// Gold of a new character.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub starting_gold: u64,
    /// Health regained per second out of combat, in thousandths of the maximum.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub rest_health_per_mille_per_s: u32,
}

/// How the resource of a class is gained and lost.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceRules {
    /// Display name, such as Rage, Stamina or Mana.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// Amount of a new or respawned character, in thousandths of the maximum.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub start_per_mille: u32,
    /// Gain per second in combat; negative values are a loss.
    #[serde(default)]
    #[schemars(range(min = -1_000, max = 1_000))]
    pub combat_per_s: i32,
    /// Gain per second out of combat; negative values are a loss.
    #[serde(default)]
    #[schemars(range(min = -1_000, max = 1_000))]
    pub rest_per_s: i32,
    /// Gain per hit dealt.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub per_hit_dealt: u16,
    /// Gain per hit taken.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub per_hit_taken: u16,
}
