//! What `GET /status` says about the maps, in tiles. Everything but the map's id may be absent.

use realmgate_protocol::movement::{CollisionGrid, Position, UNITS_PER_TILE};
use serde::Deserialize;

/// The maps of a server.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct WorldStatus {
    /// The gateway's port on the same host.
    #[serde(default)]
    pub gateway_port: Option<u16>,
    /// One entry for each map.
    #[serde(default)]
    pub maps: Vec<MapStatus>,
}

/// A map.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MapStatus {
    /// The map's id.
    pub map_id: u16,
    /// Width in tiles, from west to east.
    pub width: u32,
    /// Height in tiles, from north to south.
    pub height: u32,
    /// Rows of tiles, `#` for solid and `.` for open.
    pub solid: Vec<String>,
    /// Portals to other maps.
    pub portals: Vec<Portal>,
    /// Areas where nobody can be harmed.
    pub safe_zones: Vec<Area>,
    /// Where vendors stand.
    pub vendors: Vec<Spot>,
    /// Areas where mobs live.
    pub mob_areas: Vec<Area>,
}

/// A portal to another map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Portal {
    /// Tiles from the west.
    pub x: f64,
    /// Tiles from the north.
    pub y: f64,
    /// The map it leads to.
    pub to_map: u16,
}

/// A point on a map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Spot {
    /// Tiles from the west.
    pub x: f64,
    /// Tiles from the north.
    pub y: f64,
}

/// A rectangle on a map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Area {
    /// Tiles from the west.
    pub x: f64,
    /// Tiles from the north.
    pub y: f64,
    /// Width in tiles, from west to east.
    pub w: f64,
    /// Height in tiles, from north to south.
    pub h: f64,
}

impl MapStatus {
    /// The solid tiles; `None` if the server does not send them, or they do not match the map's size.
    pub fn grid(&self) -> Option<CollisionGrid> {
        let rows_fit = self.solid.len() == self.height as usize
            && self.solid.iter().all(|row| row.is_ascii() && row.len() == self.width as usize);
        if !rows_fit {
            return None;
        }
        let rows: Vec<&str> = self.solid.iter().map(String::as_str).collect();
        CollisionGrid::from_rows(&rows)
    }
}

/// Converts a point in tiles to a position.
pub fn tiles(x: f64, y: f64) -> Position {
    let units = |tiles: f64| (tiles * f64::from(UNITS_PER_TILE)) as i32;
    Position { x: units(x), y: units(y) }
}

impl Portal {
    /// Its position.
    pub fn position(&self) -> Position {
        tiles(self.x, self.y)
    }
}

impl Spot {
    /// Its position.
    pub fn position(&self) -> Position {
        tiles(self.x, self.y)
    }
}

impl Area {
    /// The point at these fractions of the width and height, each from 0 to 1.
    pub fn point(&self, across: f64, down: f64) -> Position {
        tiles(self.x + self.w * across, self.y + self.h * down)
    }
}
