//! The names behind the numbers on the wire.

use realmgate_protocol::realm::{AbilityInfo, ItemInfo, MobInfo};

/// The game data that the server has sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// All abilities.
    pub abilities: Vec<AbilityInfo>,
    /// All kinds of mobs.
    pub mobs: Vec<MobInfo>,
    /// All kinds of items.
    pub items: Vec<ItemInfo>,
    told: bool,
}

impl Content {
    /// The content of a `Content` message.
    pub fn new(abilities: Vec<AbilityInfo>, mobs: Vec<MobInfo>, items: Vec<ItemInfo>) -> Self {
        Self { abilities, mobs, items, told: true }
    }

    /// Whether the server has sent it.
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// The ability at an index.
    pub fn ability(&self, place: u16) -> Option<&AbilityInfo> {
        self.abilities.get(usize::from(place))
    }

    /// The kind of item with this id.
    pub fn item(&self, id: &str) -> Option<&ItemInfo> {
        self.items.iter().find(|item| item.id == id)
    }
}
