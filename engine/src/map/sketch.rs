//! Maps drawn as text, for tests, examples and benchmarks, where a file would show less.

use std::path::Path;

use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{CollisionGrid, Position};

use super::drawn::DrawnMap;
use super::{Map, SpawnPoint};
use crate::data::SourceText;

impl Map {
    /// A map from rows of text: `#` is a wall, `S` the spawn point `start`, anything else open ground. Further objects
    /// are added with [`Map::add`]. `None` for an empty drawing.
    pub fn sketch(id: MapId, rows: &[&str]) -> Option<Self> {
        let grid = CollisionGrid::from_rows(rows)?;
        let marked = rows.iter().enumerate().find_map(|(y, row)| Some((row.find('S')? as i32, y as i32)));
        let (x, y) = marked.unwrap_or((0, 0));
        let source = SourceText::new(Path::new("sketch"), "");
        let drawn = DrawnMap { id, name: "sketch".to_owned(), source, grid: None, objects: None };
        let mut map = Self::new(&drawn, grid);
        map.add(SpawnPoint::new("start", Position::tile_centre(x, y)));
        Some(map)
    }
}
