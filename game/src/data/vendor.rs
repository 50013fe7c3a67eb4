//! `vendors.toml`: who sells what.

use schemars::JsonSchema;
use serde::Deserialize;

use super::item::Item;
use super::reference::{ItemIndex, Ref};

/// A vendor. The maps define where it stands.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Display name.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// Items that it sells; the stock is unlimited.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub sells: Vec<Offer>,
    /// Price that it pays for an item, in thousandths of the item's value.
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

/// An item for sale.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Id of the item.
    pub item: Ref<ItemIndex>,
    /// Price in gold.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub price: u64,
}
