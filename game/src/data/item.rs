//! `items.toml`: what can be owned.

use schemars::JsonSchema;
use serde::Deserialize;

use super::reference::{ClassIndex, Ref};
use super::stats::Bonuses;

/// A kind of item.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Display name.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// Kind of item: weapons, armour and trinkets are worn, consumables are used up.
    pub kind: ItemKind,
    /// Slot in which it is worn; only for weapons, armour and trinkets.
    #[serde(default)]
    pub worn_slot: Option<WornSlot>,
    /// Classes that can wear or use it; all if empty.
    #[serde(default)]
    pub classes: Vec<Ref<ClassIndex>>,
    /// Level from which it can be worn or used.
    #[serde(default = "first_level")]
    #[schemars(range(min = 1, max = 100))]
    pub min_level: u16,
    /// Bonuses while it is worn.
    #[serde(default)]
    pub bonuses: Bonuses,
    /// Effect of using it; only for consumables.
    #[serde(rename = "use", default)]
    pub use_effect: Option<UseEffect>,
    /// Value in gold; vendors pay a share of it.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub value: u64,
}

fn first_level() -> u16 {
    1
}

impl Item {
    /// Whether a character of this class and level may wear or use it.
    pub fn allows(&self, class: ClassIndex, level: u16) -> bool {
        let of_class = self.classes.is_empty() || self.classes.iter().any(|allowed| allowed.index() == class);
        of_class && level >= self.min_level
    }
}

/// Kind of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Worn in the hand.
    Weapon,
    /// Worn on the body.
    Armour,
    /// Worn around the neck.
    Trinket,
    /// Used up.
    Consumable,
    /// Can only be sold.
    Junk,
}

/// Slot in which an item is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WornSlot {
    /// In the hand: slot 100.
    Weapon,
    /// On the head: slot 101.
    Head,
    /// On the chest: slot 102.
    Chest,
    /// On the feet: slot 103.
    Feet,
    /// Around the neck: slot 104.
    Trinket,
}

/// The first number of the worn slots; those of the bag are below.
pub const FIRST_WORN_SLOT: u16 = 100;

impl WornSlot {
    /// Its number on the wire and in the store.
    pub fn number(self) -> u16 {
        FIRST_WORN_SLOT + self as u16
    }
}

/// Effect of using a consumable.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UseEffect {
    /// Health restored.
    #[serde(default)]
    #[schemars(range(min = 0, max = 20_000))]
    pub heal: u16,
    /// Amount of the class's resource restored.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub resource: u16,
    /// Cooldown until another consumable can be used, in milliseconds.
    #[serde(default)]
    #[schemars(range(min = 0, max = 3_600_000))]
    pub cooldown_ms: u32,
}
