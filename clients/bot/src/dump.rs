//! The last state that the server sent for each character, for a comparison with the store.

use std::path::Path;

use anyhow::Context;
use realmgate_client::session::Session;
use serde::Serialize;

/// The last state that the server sent for a character.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CharacterRecord {
    /// The character's id.
    pub character_id: String,
    /// The character's name.
    pub name: String,
    /// The character's gold.
    pub gold: u64,
    /// Total experience.
    pub experience: u64,
    /// The character's level.
    pub level: u16,
    /// The character's items, ordered by id.
    pub items: Vec<ItemRecord>,
    /// The map it was on.
    pub map: u16,
    /// Where the server last showed it, in 1/1,024 tile.
    pub position: Option<(i32, i32)>,
}

/// An item of a character.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemRecord {
    /// The item's id.
    pub id: String,
    /// The item definition's id in the game's data.
    pub definition: String,
    /// Bag slot from 0, or worn slot from 100.
    pub slot: u16,
}

impl CharacterRecord {
    /// The record of a session; `None` if the server never sent what the character owns.
    pub fn of(name: &str, session: &Session) -> Option<Self> {
        let (welcome, possessions) = (session.welcome()?, &session.possessions);
        if !possessions.is_told() {
            return None;
        }
        let item = |item: &realmgate_protocol::realm::ItemView| ItemRecord {
            id: item.item.to_string(),
            definition: item.definition.clone(),
            slot: item.slot,
        };
        Some(Self {
            character_id: welcome.character.to_string(),
            name: name.to_owned(),
            gold: possessions.gold,
            experience: possessions.experience,
            level: possessions.level,
            items: possessions.items.values().map(item).collect(),
            map: welcome.map.0,
            position: session.own_entity().and_then(|own| own.position()).map(|at| (at.x, at.y)),
        })
    }
}

/// Writes all records to a file, as JSON.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, records: &[CharacterRecord]) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(records)?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
