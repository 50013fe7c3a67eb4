//! What the server has sent of the game's data: names for the numbers on the wire, and the rules.

use realmgate_protocol::realm::{AbilityInfo, ClassInfo, ItemInfo, MobInfo, Rules};

/// The game data that the server has sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// All classes, ascending by id.
    pub classes: Vec<ClassInfo>,
    /// All abilities.
    pub abilities: Vec<AbilityInfo>,
    /// All kinds of mobs.
    pub mobs: Vec<MobInfo>,
    /// All kinds of items.
    pub items: Vec<ItemInfo>,
    /// The rules of the world; `None` until the server has sent its content.
    pub rules: Option<Rules>,
}

impl Content {
    /// Whether the server has sent it.
    pub fn is_told(&self) -> bool {
        self.rules.is_some()
    }

    /// The ability at an index.
    pub fn ability(&self, index: u16) -> Option<&AbilityInfo> {
        self.abilities.get(usize::from(index))
    }

    /// The kind of item with this id.
    pub fn item(&self, id: &str) -> Option<&ItemInfo> {
        self.items.iter().find(|item| item.id == id)
    }
}
