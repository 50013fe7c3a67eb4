//! What designers write: classes, abilities, mobs, items, loot, vendors and the rules of the world, in TOML.
//!
//! One file per kind, a table per definition, keyed by its id. [`GameData::load`] checks every file against the schema
//! that is made from the structs here, then what the files say of each other, and reports all faults at once with
//! their lines. A definition's number on the wire is its place among the ids of its kind.

mod ability;
mod changes;
mod check;
mod check_maps;
mod check_sounds;
mod class;
mod item;
mod leaderboard;
mod load;
mod loot;
mod mob;
mod reference;
mod schema;
mod stats;
mod table;
mod theme;
mod tiles;
mod vendor;
mod world;

pub use ability::{Ability, Effect, Relation, Shape};
pub use changes::Changes;
pub use class::{Class, ResourceRules};
pub use item::{FIRST_WORN_SLOT, Item, ItemKind, UseEffect, WornSlot};
pub use leaderboard::{BoardEvent, BoardOperator, BoardOrder, Leaderboard};
pub use load::DataFiles;
pub use loot::{LootEntry, LootTable};
pub use mob::{Flee, Mob, Phase, Temper};
pub use reference::{
    AbilityIndex, BoardIndex, ClassIndex, ContentIndex, ItemIndex, LootIndex, MobIndex, Ref, VendorIndex,
};
pub use schema::schemas;
pub use stats::{BaseStats, Bonuses, PerLevel};
pub use table::Table;
pub use theme::{Theme, ThemeColours, ThemeTexts};
pub use tiles::Tiles;
pub use vendor::{Offer, Vendor};
pub use world::{CombatRules, GoodsRules, LimitRules, MindRules, PlayerRules, ProgressRules, World};

use std::sync::Arc;

use bevy_ecs::prelude::*;
use realmgate_engine::data::SpannedDocument;

/// All of the game's data. Shared by every channel and never changed: new data is a new value.
#[derive(Debug, Clone)]
pub struct GameData {
    /// What players can be.
    pub classes: Table<ClassIndex, Class>,
    /// What players and mobs can do.
    pub abilities: Table<AbilityIndex, Ability>,
    /// Who lives in the world.
    pub mobs: Table<MobIndex, Mob>,
    /// What can be owned.
    pub items: Table<ItemIndex, Item>,
    /// What the dead leave behind.
    pub loot_tables: Table<LootIndex, LootTable>,
    /// Who sells what.
    pub vendors: Table<VendorIndex, Vendor>,
    /// The boards that the world feeds; `None` where the folder has no `leaderboards.toml`.
    pub leaderboards: Option<Table<BoardIndex, Leaderboard>>,
    /// How the realm looks on its pages; `None` where the folder has no `theme.toml`.
    pub theme: Option<Theme>,
    /// The rules of the world.
    pub world: World,
    /// Where `world.toml` says what, for checks against maps.
    world_document: SpannedDocument,
}

/// The data a channel plays by.
#[derive(Resource, Debug, Clone)]
pub struct Data(pub Arc<GameData>);

impl std::ops::Deref for Data {
    type Target = GameData;
    fn deref(&self) -> &GameData {
        &self.0
    }
}
