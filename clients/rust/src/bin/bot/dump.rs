//! What the characters were last told they are and own, for a comparison with the store.

use std::path::Path;

use anyhow::Context;
use realmgate_client::session::Session;
use serde::Serialize;

/// A character's last told state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CharacterRecord {
    /// Its id.
    pub character_id: String,
    /// Its name.
    pub name: String,
    /// Gold.
    pub gold: u64,
    /// Experience in all.
    pub experience: u64,
    /// Level.
    pub level: u16,
    /// Items, by identity.
    pub items: Vec<ItemRecord>,
    /// The map it was on.
    pub map: u16,
    /// Where the server last showed it, in 1/1,024 tile.
    pub position: Option<(i32, i32)>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemRecord {
    /// Its identity.
    pub id: String,
    /// What it is.
    pub definition: String,
    /// Where it lies.
    pub slot: u16,
}

impl CharacterRecord {
    /// From a session; `None` when it was never told what the character owns.
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

/// Writes all records.
pub fn write(path: &Path, records: &[CharacterRecord]) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(records)?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
