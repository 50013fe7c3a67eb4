//! Where a scene takes place: a map drawn in text with what the scene needs on it, or maps as they are shipped.

use std::sync::Arc;

use realmgate_engine::map::{Map, Rect, SpawnPoint};
use realmgate_game::combat::SafeZone;
use realmgate_game::maps;
use realmgate_game::spawn::MobArea;
use realmgate_game::travel::Portal;
use realmgate_game::vendor::VendorSpot;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::Position;

use super::MAPS;

/// Longer than any scene: who dies in one stays dead.
const NEVER_MS: u32 = 3_600_000;

/// The maps of a scene, and how many channels each has.
#[derive(Debug, Clone)]
pub struct Ground {
    pub(super) maps: Vec<Arc<Map>>,
    pub(super) channels: u16,
}

/// The middle of a tile.
pub const fn tile(x: i32, y: i32) -> Position {
    Position::tile_centre(x, y)
}

impl Ground {
    /// Map 1 in rows of text: `#` is a wall, `S` the spawn point and a safe zone of one tile.
    ///
    /// # Panics
    /// When the drawing is empty.
    pub fn sketch(rows: &[&str]) -> Self {
        let map = maps::sketch(MapId(1), rows).expect("a drawing has tiles");
        Self { maps: vec![Arc::new(map)], channels: 1 }
    }

    /// Open ground of this size, with the safe zone in its north-western corner.
    pub fn open(width: usize, height: usize) -> Self {
        let row = ".".repeat(width);
        let first = format!("S{}", &row[1..]);
        let rows: Vec<&str> = std::iter::once(first.as_str()).chain((1..height).map(|_| row.as_str())).collect();
        Self::sketch(&rows)
    }

    /// Maps as they are shipped.
    ///
    /// # Panics
    /// When one is not shipped.
    pub fn shipped(maps: &[u16]) -> Self {
        let map = |number: &u16| MAPS.get(MapId(*number)).expect("the map is shipped").clone();
        Self { maps: maps.iter().map(map).collect(), channels: 1 }
    }

    /// So many channels of each map.
    pub fn channels(mut self, channels: u16) -> Self {
        self.channels = channels;
        self
    }

    /// A mob on a tile.
    pub fn mob(self, mob: &str, at: (i32, i32)) -> Self {
        self.mob_in(mob, at, (1, 1), 1)
    }

    /// Mobs in an area of this size, from its north-western tile.
    pub fn mob_in(self, mob: &str, at: (i32, i32), size: (i32, i32), count: u32) -> Self {
        self.with(|map| {
            let name = format!("area{}", map.all::<MobArea>().len());
            let rect = Rect::of_tiles(at, size);
            let (mob, respawn_ms) = (mob.to_owned(), NEVER_MS);
            map.add(MobArea { name, rect, mob, count, respawn_ms, level: None });
        })
    }

    /// The last mobs come back so long after their death.
    pub fn respawning(self, respawn_ms: u32) -> Self {
        self.with_last_mobs(|area| area.respawn_ms = respawn_ms)
    }

    /// The last mobs are of this level.
    pub fn level(self, level: u8) -> Self {
        self.with_last_mobs(|area| area.level = Some(level))
    }

    /// A vendor on a tile.
    pub fn vendor(self, vendor: &str, (x, y): (i32, i32)) -> Self {
        let spot = VendorSpot { name: vendor.to_owned(), vendor: vendor.to_owned(), position: tile(x, y) };
        self.with(|map| map.add(spot))
    }

    /// A portal on a tile.
    pub fn portal(self, at: (i32, i32), to_map: u16, to_spawn: &str) -> Self {
        self.with(|map| {
            let name = format!("portal{}", map.all::<Portal>().len());
            let rect = Rect::of_tiles(at, (1, 1));
            map.add(Portal { name, rect, to_map: MapId(to_map), to_spawn: to_spawn.to_owned() });
        })
    }

    /// A further safe zone of one tile, to which those who died nearby return.
    pub fn haven(self, at: (i32, i32)) -> Self {
        self.with(|map| {
            let name = format!("haven{}", map.all::<SafeZone>().len());
            map.add(SpawnPoint::new(name.clone(), tile(at.0, at.1)));
            let rect = Rect::of_tiles(at, (1, 1));
            map.add(SafeZone { respawn: name.clone(), name, rect });
        })
    }

    fn with_last_mobs(self, change: impl FnOnce(&mut MobArea)) -> Self {
        self.with(|map| {
            let mut areas = map.all::<MobArea>().to_vec();
            if let Some(area) = areas.last_mut() {
                change(area);
            }
            map.set(areas);
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Map)) -> Self {
        change(Arc::make_mut(&mut self.maps[0]));
        self
    }
}
