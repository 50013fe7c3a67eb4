//! `classes.toml`: what players can be.

use schemars::JsonSchema;
use serde::Deserialize;

use super::reference::{AbilityIndex, ItemIndex, Ref};
use super::stats::{BaseStats, PerLevel};

/// A class that a character can have.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name for people.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// One sentence for whoever chooses a class.
    #[serde(default)]
    pub description: String,
    /// The abilities by slot: the first is on slot 0.
    #[schemars(length(min = 1, max = 8))]
    pub abilities: Vec<Ref<AbilityIndex>>,
    /// How strong it is at level 1.
    pub stats: BaseStats,
    /// What each further level adds.
    #[serde(default)]
    pub per_level: PerLevel,
    /// How its resource comes and goes.
    pub resource: ResourceRules,
    /// The items that a new character carries, from the first slot of its bag.
    #[serde(default)]
    #[schemars(length(max = 24))]
    pub starts_with: Vec<Ref<ItemIndex>>,
    /// The gold that a new character has.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub starting_gold: u64,
    /// Health that comes back in a second out of combat, in thousandths of the most.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub rest_health_per_mille_per_s: u32,
}

/// How the resource of a class comes and goes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceRules {
    /// What it is called: rage, stamina, mana.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// With how much of it, in thousandths, a new character starts and a dead one returns.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub start_per_mille: u32,
    /// How much comes in a second of combat; negative goes.
    #[serde(default)]
    #[schemars(range(min = -1_000, max = 1_000))]
    pub combat_per_s: i32,
    /// How much comes in a second out of combat; negative goes.
    #[serde(default)]
    #[schemars(range(min = -1_000, max = 1_000))]
    pub rest_per_s: i32,
    /// How much comes with each hit that one deals.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub per_hit_dealt: u16,
    /// How much comes with each hit that one takes.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub per_hit_taken: u16,
}
