//! Maps drawn as text, for tests, examples and benchmarks, where a file would show less.

use std::path::Path;

use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{CollisionGrid, Position, UNITS_PER_TILE};

use super::world::Origin;
use super::{Map, Rect, SafeZone, SpawnPoint};
use crate::data::SourceText;

impl Map {
    /// A map from rows of text: `#` is a wall, `S` the spawn point `start` with a safe zone of its one tile around it,
    /// anything else open ground. Further objects are put into the lists. `None` for an empty drawing.
    pub fn sketch(id: MapId, rows: &[&str]) -> Option<Self> {
        let grid = CollisionGrid::from_rows(rows)?;
        let marked = rows.iter().enumerate().find_map(|(y, row)| Some((row.find('S')? as i32, y as i32)));
        let (x, y) = marked.unwrap_or((0, 0));
        let corner = |x: i32, y: i32| Position { x: x * UNITS_PER_TILE, y: y * UNITS_PER_TILE };
        let zone = Rect { min: corner(x, y), max: corner(x + 1, y + 1) };
        Some(Self {
            id,
            name: "sketch".to_owned(),
            grid,
            spawn_points: vec![SpawnPoint { name: "start".to_owned(), position: Position::tile_centre(x, y) }],
            mob_areas: Vec::new(),
            portals: Vec::new(),
            safe_zones: vec![SafeZone { name: "start".to_owned(), rect: zone, respawn: "start".to_owned() }],
            vendors: Vec::new(),
            origin: Origin { source: SourceText::new(Path::new("sketch"), ""), spans: Default::default() },
        })
    }
}
