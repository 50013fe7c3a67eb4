//! `loot_tables.toml`: what the dead leave behind.

use schemars::JsonSchema;
use serde::Deserialize;

use super::reference::{ItemIndex, Ref};

/// What a mob may leave behind.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LootTable {
    /// Least gold.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub gold_min: u32,
    /// Most gold.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub gold_max: u32,
    /// Items, each with a chance of its own.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub entries: Vec<LootEntry>,
}

/// An item that may be left behind.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LootEntry {
    /// Which.
    pub item: Ref<ItemIndex>,
    /// How often, in 1,000 deaths.
    #[schemars(range(min = 1, max = 1_000))]
    pub chance_per_mille: u32,
}
