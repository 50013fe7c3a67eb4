//! `/characters`.

pub mod create;
pub mod delete;
pub mod internal;
pub mod list;
mod path;
pub mod restore;
pub mod update;

use realmgate_protocol::limits::MAX_MAP_TILES;
use realmgate_protocol::movement::{self, tiles};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::service::appearance;
use crate::service::characters::{Beginning, Characters, map_of};
use crate::service::classes::Classes;
use crate::store::characters::CharacterRow;

/// A character, for its player.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Character {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Its level, from 1.
    level: i64,
    /// Its total experience.
    experience: i64,
    /// Its class's id.
    class_id: String,
    /// Its class's name.
    class_name: String,
    /// Its map; for a new character the map where it will start.
    map_id: u16,
    /// Its position on the map; 0, 0 for a new character while no server hosts its start map.
    position: Position,
    /// Whether it is in the world, or on its way there.
    in_world: bool,
    /// When it was created, Unix milliseconds.
    created_at_ms: i64,
    /// When it will be removed, Unix milliseconds; null if its player has not deleted it.
    deletes_at_ms: Option<i64>,
    /// Its appearance, as its player describes it.
    #[schema(value_type = Object)]
    appearance: Map<String, Value>,
}

/// A position on a map, in tiles.
#[derive(Clone, Copy, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Position {
    /// Tiles from the left edge.
    x: f64,
    /// Tiles from the top edge.
    y: f64,
}

impl Position {
    fn of(row: &CharacterRow) -> Self {
        let of = |units: i64| i32::try_from(units).map_or(0.0, tiles);
        Self { x: of(row.x), y: of(row.y) }
    }

    /// The same place in the units of the protocol; `None` where no map reaches.
    pub fn in_units(self) -> Option<movement::Position> {
        let is_on_a_map = |tiles: &f64| (0.0..f64::from(MAX_MAP_TILES)).contains(tiles);
        let units = |tiles: f64| (tiles * f64::from(movement::UNITS_PER_TILE)) as i32;
        [self.x, self.y].iter().all(is_on_a_map).then(|| movement::Position { x: units(self.x), y: units(self.y) })
    }
}

impl From<movement::Position> for Position {
    fn from(units: movement::Position) -> Self {
        Self { x: tiles(units.x), y: tiles(units.y) }
    }
}

impl Character {
    async fn of(characters: &Characters, row: CharacterRow) -> Self {
        let beginning = characters.beginning_of(std::slice::from_ref(&row)).await;
        Self::new(&characters.classes, row, beginning)
    }

    fn new(classes: &Classes, row: CharacterRow, beginning: Beginning) -> Self {
        let map = map_of(&row);
        let spawn = beginning.spawn.filter(|_| map.is_none());
        Self {
            id: row.id.to_string(),
            level: row.level,
            experience: row.experience,
            class_name: classes.name_of(&row.class_id).to_owned(),
            map_id: map.unwrap_or(beginning.map).0,
            position: spawn.map_or_else(|| Position::of(&row), Position::from),
            in_world: row.is_in_world(),
            created_at_ms: row.created_at_ms,
            deletes_at_ms: row.deletes_at_ms,
            appearance: appearance::read(row.appearance.as_deref()),
            name: row.name,
            class_id: row.class_id,
        }
    }
}
