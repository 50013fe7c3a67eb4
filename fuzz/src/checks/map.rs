//! Designers' maps and tilesets.

use std::cell::OnceCell;
use std::fs;
use std::path::Path;

use realmgate_engine::map::MapSet;
use realmgate_game::maps::map_objects;
use realmgate_protocol::limits::MAX_MAP_TILES;
use realmgate_protocol::movement::UNITS_PER_TILE;
use tempfile::TempDir;

/// What a map of the corpus may name as its tileset.
const TILESET: &str = r#"<tileset name="t" tilewidth="16" tileheight="16" tilecount="4" columns="2">
<image source="t.png" width="32" height="32"/>
<tile id="1"><properties><property name="solid" type="bool" value="true"/></properties></tile></tileset>"#;

const MAX: i32 = MAX_MAP_TILES as i32;

/// Bytes that name a tileset and no map are the tileset of a small map, others are the map.
pub fn map(bytes: &[u8]) {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    FOLDER.with(|folder| load(folder.get_or_init(|| tempfile::tempdir().expect("a folder")).path(), bytes));
}

fn load(folder: &Path, bytes: &[u8]) {
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("writable");
    let is_tileset = contains(bytes, b"<tileset") && !contains(bytes, b"<map");
    write("t.tsx", if is_tileset { bytes } else { TILESET.as_bytes() });
    write("1_map.tmx", if is_tileset { SMALL.as_bytes() } else { bytes });
    match MapSet::load(folder, &map_objects()) {
        Ok(maps) => {
            for map in maps.iter() {
                let (width, height) = (map.grid.width() as i32, map.grid.height() as i32);
                assert!((1..=MAX).contains(&width) && (1..=MAX).contains(&height), "{width} × {height} tiles");
                for spawn in map.spawn_points() {
                    let (x, y) = (spawn.position.x / UNITS_PER_TILE, spawn.position.y / UNITS_PER_TILE);
                    assert!((0..width).contains(&x) && (0..height).contains(&y), "{} lies beyond the map", spawn.name);
                }
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "it was refused without a reason");
            assert!(!faults.to_string().is_empty(), "the faults can be told");
            for fault in faults {
                let bytes = fs::read(&fault.file).map_or(0, |text| text.len());
                assert!(fault.span.end <= bytes, "bytes {:?} of {bytes}: {}", fault.span, fault.message);
            }
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// A map of 4 × 4 tiles.
const SMALL: &str = r#"<map version="1.10" orientation="orthogonal" width="4" height="4" tilewidth="16" tileheight="16">
<tileset firstgid="1" source="t.tsx"/>
<layer id="1" name="ground" width="4" height="4"><data encoding="csv">1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2</data></layer>
<objectgroup id="2" name="places"><object id="1" name="start" type="spawn" x="24" y="24"><point/></object>
<object id="2" name="home" type="safe_zone" x="0" y="0" width="64" height="64">
<properties><property name="respawn" value="start"/></properties></object></objectgroup></map>"#;
