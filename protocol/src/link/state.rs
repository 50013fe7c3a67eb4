//! A character's state as it crosses the map link.

use crate::ids::{AccountId, CharacterId, ItemId, MapId};

crate::wire_struct! {
    /// Everything a map server needs to put a character into a world.
    pub struct CharacterLoad {
        /// The character's id.
        pub character: CharacterId,
        /// The account that the character belongs to.
        pub account: AccountId,
        /// The character's name.
        pub name: String,
        /// The id of its class in the game's data.
        pub class_id: String,
        /// Its level, from 1.
        pub level: u16,
        /// Its total experience.
        pub experience: u64,
        /// Its gold.
        pub gold: u64,
        /// Its items, worn and carried.
        pub items: Vec<ItemRecord>,
        /// The appearance that its player chose, as JSON; `None` if the player chose none.
        pub look: Option<String>,
        /// Its last soft state: position, health and so on. `None` if it was never in a world.
        pub soft: Option<SoftState>,
    }
}

impl CharacterLoad {
    /// A character of level 1 that owns nothing and was never in a world.
    pub fn fresh(character: CharacterId, account: AccountId, name: &str, class_id: &str) -> Self {
        Self {
            character,
            account,
            name: name.to_owned(),
            class_id: class_id.to_owned(),
            level: 1,
            experience: 0,
            gold: 0,
            items: Vec::new(),
            look: None,
            soft: None,
        }
    }
}

crate::wire_struct! {
    /// An item that a character owns.
    pub struct ItemRecord {
        /// The item's id.
        pub item: ItemId,
        /// The item definition's id in the game's data.
        pub definition: String,
        /// Its slot, in the game's numbering of bag and worn slots.
        pub slot: u16,
    }
}

crate::wire_struct! {
    /// State that may be lost without harm. Written every few seconds and at every exit. The store keeps it by field
    /// name, so a new field needs a default: otherwise older records cannot be read.
    #[derive(Default)]
    pub struct SoftState {
        /// The map the character is on.
        pub map: MapId,
        /// x in 1/1,024 tile.
        pub x: i32,
        /// y in 1/1,024 tile.
        pub y: i32,
        /// Health points; 0 means dead.
        pub health: u32,
        /// Points of the class's resource.
        pub resource: u32,
        /// Abilities on cooldown.
        pub cooldowns: Vec<CooldownLeft>,
        /// What is left of the cooldown of consumables: milliseconds until it can use one again.
        #[serde(default)]
        pub next_use_ms: u32,
        /// Names of the players that its player ignores; at most [`crate::limits::MAX_IGNORED`].
        #[serde(default)]
        pub ignored: Vec<String>,
    }
}

crate::wire_struct! {
    /// An ability on cooldown.
    pub struct CooldownLeft {
        /// The ability's id in the game's data.
        pub ability: String,
        /// Milliseconds until it is ready.
        pub left_ms: u32,
    }
}
