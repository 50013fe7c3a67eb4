//! `loot_tables.toml`: what the dead leave behind.

use schemars::JsonSchema;
use serde::Deserialize;

use super::reference::{ItemIndex, Ref};

/// What a mob may drop.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LootTable {
    /// Minimum gold.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub gold_min: u32,
    /// Maximum gold.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub gold_max: u32,
    /// Items, each with a separate chance.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub entries: Vec<LootEntry>,
}

/// An item that may drop.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LootEntry {
    /// Id of the mob.
    pub item: Ref<ItemIndex>,
    /// Chance to drop, in thousandths.
    #[schemars(range(min = 1, max = 1_000))]
    pub chance_per_mille: u32,
}
