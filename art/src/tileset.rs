//! The picture of the tileset. The first sixteen places are what the maps use; the rest are variants and edges.

use crate::decor;
use crate::floors::{cobble, flagstones, planks, remains};
use crate::fringe;
use crate::ground::{TILE, flower_tiles, forest, grass, path, sand, water};
use crate::palette::{GRASS, STONE, STRAW, TILES, WOOD};
use crate::picture::Picture;
use crate::walls::{dungeon_wall, foot, rock_top, stone_wall, wall_top, with_ivy, wooden_top, wooden_wall};

/// Columns of the tileset.
const COLUMNS: i32 = 8;

/// All tiles in order of their ids.
fn tiles() -> Vec<Picture> {
    let [flowers, more_flowers] = flower_tiles();
    let floor = flagstones(1, false);
    let wall = stone_wall(STONE, 3);
    let bones = remains(&floor, true);
    let other_bones = remains(&flagstones(4, true), false);
    let mut all = vec![
        grass(GRASS, 2, 9),
        flowers,
        path(1),
        cobble(1),
        planks(1),
        sand(1),
        forest(2, false),
        floor,
        wall.clone(),
        wooden_wall(false),
        foot(WOOD, 14.0, true),
        foot(WOOD, 12.0, true),
        water(0),
        foot(STONE, 15.0, false),
        dungeon_wall(3, false),
        bones,
        // Row 2: variants of the ground.
        grass(GRASS, 8, 5),
        grass(GRASS, 13, 12),
        grass(GRASS, 17, 2),
        more_flowers,
        path(5),
        path(9),
        cobble(5),
        cobble(9),
        // Row 3.
        planks(6),
        sand(6),
        forest(9, false),
        forest(15, true),
        flagstones(8, false),
        flagstones(12, true),
        water(1),
        water(2),
        // Row 4: water, tops of walls, variants of walls.
        water(3),
        wall_top(STONE),
        wooden_top(),
        rock_top(),
        other_bones,
        with_ivy(&wall, 4),
        wooden_wall(true),
        dungeon_wall(7, true),
    ];
    all.extend(fringe::rows());
    // The last row: what stands about. Maps show the pictures, editors these signs.
    all.extend(signs());
    all
}

/// Signs for what is larger than a tile, in the order of their ids.
fn signs() -> Vec<Picture> {
    let all = [
        decor::roof(5, 4, TILES, 4),
        decor::roof(4, 2, STRAW, 2),
        decor::seal(),
        decor::barrel(),
        decor::crates(),
        decor::lamp(),
        decor::flowers(3),
        decor::anvil(),
    ];
    all.iter().map(|picture| fitted(picture, TILE)).collect()
}

/// A picture that is made to fit into a tile, and stands on its lower edge. It has few colours: those of the tileset are
/// counted.
fn fitted(picture: &Picture, side: i32) -> Picture {
    let most = picture.w.max(picture.h).max(side);
    let (w, h) = (picture.w * side / most, picture.h * side / most);
    let mut small = Picture::new(side, side);
    for y in 0..h {
        for x in 0..w {
            let pixel = picture.get(x * most / side, y * most / side);
            let few = if pixel == 0 { 0 } else { pixel & 0xff80_8080 | 0x0040_4040 };
            small.put((side - w) / 2 + x, side - h + y, few);
        }
    }
    small
}

/// The whole tileset.
pub fn tileset() -> Picture {
    let tiles = tiles();
    let rows = tiles.len() as i32 / COLUMNS;
    let mut all = Picture::new(COLUMNS * TILE, rows * TILE);
    for (i, tile) in (0..).zip(&tiles) {
        all.lay(tile, i % COLUMNS * TILE, i / COLUMNS * TILE);
    }
    all
}
