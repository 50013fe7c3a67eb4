//! A character's state as it crosses the map link.

use crate::ids::{AccountId, CharacterId, ItemId, MapId};

crate::wire_struct! {
    /// Everything a map server needs to put a character into a world.
    pub struct CharacterLoad {
        /// Who.
        pub character: CharacterId,
        /// Whose.
        pub account: AccountId,
        /// Its name.
        pub name: String,
        /// Its class, an id of the game's data.
        pub class_id: String,
        /// Its level, from 1.
        pub level: u16,
        /// Its experience in all.
        pub experience: u64,
        /// Its gold.
        pub gold: u64,
        /// Its items, worn and carried.
        pub items: Vec<ItemRecord>,
        /// Where and how it was; `None` for one that was never in a world.
        pub soft: Option<SoftState>,
    }
}

crate::wire_struct! {
    /// An item that a character owns.
    pub struct ItemRecord {
        /// Which item.
        pub item: ItemId,
        /// What it is, an id of the game's data.
        pub definition: String,
        /// Where it lies: the game's numbering of bag and worn slots.
        pub slot: u16,
    }
}

crate::wire_struct! {
    /// What may be lost without harm: written every few seconds and at every exit.
    pub struct SoftState {
        /// Which map.
        pub map: MapId,
        /// x in 1/1,024 tile.
        pub x: i32,
        /// y in 1/1,024 tile.
        pub y: i32,
        /// Health; 0 is dead.
        pub health: u32,
        /// The class's resource.
        pub resource: u32,
        /// Abilities that are not ready.
        pub cooldowns: Vec<CooldownLeft>,
    }
}

crate::wire_struct! {
    /// An ability that is not ready.
    pub struct CooldownLeft {
        /// The ability, an id of the game's data.
        pub ability: String,
        /// How long still.
        pub left_ms: u32,
    }
}
