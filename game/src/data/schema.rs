//! The schemas that data files are checked against, by the server and by editors alike.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use super::{
    Ability, AbilityIndex, BoardIndex, Class, ClassIndex, Item, ItemIndex, Leaderboard, LootIndex, LootTable, Mob,
    MobIndex, Table, Theme, Vendor, VendorIndex, World,
};

/// The schema of each kind of data file, with the name of the file it belongs into.
pub fn schemas() -> Vec<(String, Value)> {
    let named = |kind: &str, schema| (format!("{kind}.schema.json"), schema);
    vec![
        named("abilities", of::<Table<AbilityIndex, Ability>>()),
        named("classes", of::<Table<ClassIndex, Class>>()),
        named("items", of::<Table<ItemIndex, Item>>()),
        named("leaderboards", of::<Table<BoardIndex, Leaderboard>>()),
        named("loot_tables", of::<Table<LootIndex, LootTable>>()),
        named("mobs", of::<Table<MobIndex, Mob>>()),
        named("theme", of::<Theme>()),
        named("vendors", of::<Table<VendorIndex, Vendor>>()),
        named("world", of::<World>()),
    ]
}

pub(super) fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}
