//! `vendors.toml`: who sells what.

use schemars::JsonSchema;
use serde::Deserialize;

use super::item::Item;
use super::reference::{ItemIndex, Ref};

/// A vendor. Where it stands is drawn on a map.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Its name for people.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// What it sells; its stock is endless.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub sells: Vec<Offer>,
    /// What it pays for an item, in thousandths of the item's value.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub buys_per_mille: u32,
}

impl Vendor {
    /// What it pays for an item, 0 for nothing at all.
    pub fn pays(&self, item: &Item) -> u64 {
        item.value.saturating_mul(u64::from(self.buys_per_mille)) / 1_000
    }
}

/// Something for sale.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// What.
    pub item: Ref<ItemIndex>,
    /// For how much gold.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub price: u64,
}
