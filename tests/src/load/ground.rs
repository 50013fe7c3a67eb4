//! The map and the data of a scene: open ground, the shipped rules, and everybody faster.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::scene::{SIGHT_TILES, SPEED_TILES_PER_S, Scenario, Scene};
use crate::binaries::workspace;

const TILE_PIXELS: u32 = 32;
/// Tiles between two places where the dead return.
const RETURN_EVERY_TILES: u32 = 48;
/// Tiles on each side of an area in which mobs live.
const MOB_AREA_TILES: u32 = 16;
/// Who is fought, in turn.
const MOBS: [&str; 2] = ["boar", "wolf"];
/// The shipped walking speed of players that [`SPEED_TILES_PER_S`] takes the place of.
const SHIPPED_SPEED: f64 = 4.0;

/// Writes the scene's map into `maps`, and the shipped data with its speeds into `assets`.
///
/// # Errors
/// When a file or folder cannot be read or written.
pub fn lay(scene: &Scene, maps: &Path, assets: &Path) -> Result<()> {
    fs::create_dir_all(maps)?;
    fs::create_dir_all(assets)?;
    for file in ["tileset.tsx", "tileset.png"] {
        fs::copy(workspace().join("maps").join(file), maps.join(file)).context(file)?;
    }
    fs::write(maps.join("1_field.tmx"), map(scene))?;
    for entry in fs::read_dir(workspace().join("assets"))? {
        let file = entry?.path();
        let (Some(name), true) = (file.file_name(), file.extension().is_some_and(|kind| kind == "toml")) else {
            continue;
        };
        let text = fs::read_to_string(&file)?;
        fs::write(assets.join(name), text.lines().map(faster).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(())
}

/// Scenes are walked at a speed that goes with how far players see; mobs are as much faster as players are.
fn faster(line: &str) -> String {
    match line.split_once(" = ") {
        Some(("speed_tiles_per_s", speed)) => {
            let speed: f64 = speed.trim().parse().unwrap_or(SHIPPED_SPEED);
            // Players are all alike; mobs keep their differences, within what the data may say.
            let scaled = if (speed - SHIPPED_SPEED).abs() < 0.3 { SPEED_TILES_PER_S } else { speed * 2.5 };
            format!("speed_tiles_per_s = {:.1}", scaled.min(20.0))
        }
        _ => line.to_owned(),
    }
}

fn map(scene: &Scene) -> String {
    let side = scene.side_tiles;
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<map version=\"1.10\" orientation=\"orthogonal\" \
         renderorder=\"right-down\" width=\"{side}\" height=\"{side}\" tilewidth=\"32\" tileheight=\"32\" \
         infinite=\"0\">\n <tileset firstgid=\"1\" source=\"tileset.tsx\"/>\n <layer id=\"1\" name=\"ground\" \
         width=\"{side}\" height=\"{side}\">\n  <data encoding=\"csv\">\n"
    );
    let row = vec!["8"; side as usize].join(",");
    text.push_str(&vec![row; side as usize].join(",\n"));
    text.push_str("\n</data>\n </layer>\n <objectgroup id=\"2\" name=\"places\">\n");
    let mut objects = Objects { text, last: 0 };
    returns(scene, &mut objects);
    if scene.scenario == Scenario::Fight {
        mobs(scene, &mut objects);
    }
    objects.text + " </objectgroup>\n</map>\n"
}

/// Places where the dead return: only one where nobody dies.
fn returns(scene: &Scene, objects: &mut Objects) {
    let per_side =
        if scene.scenario == Scenario::Fight { (scene.side_tiles / RETURN_EVERY_TILES).clamp(1, 6) } else { 1 };
    for (number, (column, row)) in lattice(per_side).enumerate() {
        let place = |at: u32| (2 * at + 1) * scene.side_tiles / (2 * per_side);
        let (x, y) = if scene.scenario == Scenario::Fight { (place(column), place(row)) } else { (1, 1) };
        objects.add(&format!("at{number}"), "spawn", (x, y), None, &[]);
        objects.add(
            &format!("zone{number}"),
            "safe_zone",
            (x - 1, y - 1),
            Some(2),
            &[("respawn", format!("at{number}"))],
        );
    }
}

/// A mob for each player, evenly over the map.
fn mobs(scene: &Scene, objects: &mut Objects) {
    let per_side = (scene.side_tiles / MOB_AREA_TILES).max(1);
    let areas = (per_side * per_side) as usize;
    debug_assert!(f64::from(MOB_AREA_TILES) < SIGHT_TILES, "whoever sees an area sees mobs");
    for (number, (column, row)) in lattice(per_side).enumerate() {
        // As many as there are players in all, whatever the number of areas.
        let count = (number + 1) * scene.players / areas - number * scene.players / areas;
        if count > 0 {
            let mob = MOBS[number % MOBS.len()].to_owned();
            let properties = [("mob", mob), ("count", count.to_string()), ("respawn_ms", "2000".to_owned())];
            let corner = (column * MOB_AREA_TILES, row * MOB_AREA_TILES);
            objects.add(&format!("mobs{number}"), "mobs", corner, Some(MOB_AREA_TILES), &properties);
        }
    }
}

fn lattice(per_side: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..per_side).flat_map(move |row| (0..per_side).map(move |column| (column, row)))
}

/// The objects of a map, in Tiled's own words.
struct Objects {
    text: String,
    last: u32,
}

impl Objects {
    /// A point, or a square of so many tiles.
    fn add(&mut self, name: &str, class: &str, (x, y): (u32, u32), side: Option<u32>, properties: &[(&str, String)]) {
        self.last += 1;
        let (x, y) = (x * TILE_PIXELS, y * TILE_PIXELS);
        let size = side.map_or(String::new(), |side| format!(" width=\"{0}\" height=\"{0}\"", side * TILE_PIXELS));
        let id = self.last;
        self.text += &format!("  <object id=\"{id}\" name=\"{name}\" type=\"{class}\" x=\"{x}\" y=\"{y}\"{size}>\n");
        if !properties.is_empty() {
            self.text += "   <properties>\n";
            for (key, value) in properties {
                let kind = if value.parse::<u32>().is_ok() { " type=\"int\"" } else { "" };
                self.text += &format!("    <property name=\"{key}\"{kind} value=\"{value}\"/>\n");
            }
            self.text += "   </properties>\n";
        }
        if side.is_none() {
            self.text += "   <point/>\n";
        }
        self.text += "  </object>\n";
    }
}
