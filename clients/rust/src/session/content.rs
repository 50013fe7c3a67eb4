//! The names behind the numbers.

use realmgate_protocol::realm::{AbilityInfo, ItemInfo, MobInfo};

/// What the server told of the game's data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// Abilities.
    pub abilities: Vec<AbilityInfo>,
    /// Kinds of mobs.
    pub mobs: Vec<MobInfo>,
    /// Kinds of items.
    pub items: Vec<ItemInfo>,
    told: bool,
}

impl Content {
    /// As told.
    pub fn new(abilities: Vec<AbilityInfo>, mobs: Vec<MobInfo>, items: Vec<ItemInfo>) -> Self {
        Self { abilities, mobs, items, told: true }
    }

    /// Whether the server has told it.
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// The ability at a place.
    pub fn ability(&self, place: u16) -> Option<&AbilityInfo> {
        self.abilities.get(usize::from(place))
    }

    /// The kind of item with an id.
    pub fn item(&self, id: &str) -> Option<&ItemInfo> {
        self.items.iter().find(|item| item.id == id)
    }
}
