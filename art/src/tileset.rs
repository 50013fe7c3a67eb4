//! The picture of the tileset, with a smaller sign, in few colours, for each thing that is larger than a tile. The maps
//! use the first sixteen places, and those of rows 13 and 14 that stand about; the rest are variants and edges.

use crate::decor;
use crate::floors::{Remains, cobble, flagstones, planks, remains};
use crate::fringe;
use crate::ground::{TILE, flower_tiles, forest, grass, path, sand, water};
use crate::openings::{door, pillar};
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
    let bones = remains(&floor, Remains::Skull);
    let other_bones = remains(&flagstones(4, true), Remains::Bones);
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
    // Row 13: what stands about. Maps show the pictures, editors these signs.
    all.extend(signs());
    // Row 14: a door, a pillar, more variants of the ground.
    all.extend([
        door(),
        pillar(),
        path(13),
        sand(11),
        forest(21, false),
        flagstones(20, false),
        flagstones(33, true),
        remains(&flagstones(16, false), Remains::Few),
    ]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fringe::{grassy, sandy, shore};
    use crate::palette::{EARTH, FOREST, SAND};
    use crate::picture::solid;

    /// A pixel of the tile of an id.
    fn pixel(all: &Picture, id: i32, (x, y): (i32, i32)) -> u32 {
        all.get(id % 8 * 32 + x, id / 8 * 32 + y)
    }

    #[track_caller]
    fn assert_is(all: &Picture, id: i32, tile: &Picture) {
        let mut places = (0..32).flat_map(|y| (0..32).map(move |x| (x, y)));
        assert!(places.all(|(x, y)| pixel(all, id, (x, y)) == tile.get(x, y)), "{id} is another tile");
    }

    /// Tiles by the ids that the README gives them.
    fn named() -> Vec<(i32, Picture)> {
        let ([flowers, more_flowers], floor, wall) = (flower_tiles(), flagstones(1, false), stone_wall(STONE, 3));
        vec![
            (0, grass(GRASS, 2, 9)),
            (1, flowers),
            (19, more_flowers),
            (2, path(1)),
            (3, cobble(1)),
            (4, planks(1)),
            (5, sand(1)),
            (6, forest(2, false)),
            (10, foot(WOOD, 14.0, true)),
            (11, foot(WOOD, 12.0, true)),
            (13, foot(STONE, 15.0, false)),
            (16, grass(GRASS, 8, 5)),
            (17, grass(GRASS, 13, 12)),
            (18, grass(GRASS, 17, 2)),
            (20, path(5)),
            (21, path(9)),
            (22, cobble(5)),
            (23, cobble(9)),
            (24, planks(6)),
            (25, sand(6)),
            (26, forest(9, false)),
            (27, forest(15, true)),
            (15, remains(&floor, Remains::Skull)),
            (7, floor),
            (28, flagstones(8, false)),
            (29, flagstones(12, true)),
            (37, with_ivy(&wall, 4)),
            (8, wall),
            (33, wall_top(STONE)),
            (9, wooden_wall(false)),
            (38, wooden_wall(true)),
            (34, wooden_top()),
            (12, water(0)),
            (30, water(1)),
            (31, water(2)),
            (32, water(3)),
            (14, dungeon_wall(3, false)),
            (39, dungeon_wall(7, true)),
            (35, rock_top()),
            (112, door()),
            (113, pillar()),
            (114, path(13)),
            (115, sand(11)),
            (116, forest(21, false)),
            (117, flagstones(20, false)),
            (118, flagstones(33, true)),
            (119, remains(&flagstones(16, false), Remains::Few)),
        ]
    }

    #[test]
    fn the_tileset_has_the_places_the_readme_names() {
        let all = tileset();
        assert_eq!((all.w, all.h), (256, 480));
        for (id, tile) in named() {
            assert_is(&all, id, &tile);
        }
        let (roof, thatch) = (decor::roof(5, 4, TILES, 4), decor::roof(4, 2, STRAW, 2));
        let (lamp, flowers, anvil) = (decor::lamp(), decor::flowers(3), decor::anvil());
        let signs = [roof, thatch, decor::seal(), decor::barrel(), decor::crates(), lamp, flowers, anvil];
        for (id, sign) in (104..).zip(&signs) {
            assert_is(&all, id, &fitted(sign, 32));
        }
    }

    #[test]
    fn edges_lie_in_the_rows_and_the_order_the_readme_names() {
        let all = tileset();
        for (first, pieces) in [(40, grassy(GRASS, 3)), (48, grassy(FOREST, 4)), (56, sandy(SAND, 3, 6)), (64, shore())]
        {
            assert_eq!(pieces.len(), 8);
            (first..).zip(&pieces).for_each(|(id, piece)| assert_is(&all, id, piece));
        }
        // Where a piece begins: at the middle of its side, and at its corner.
        let begins = [(16, 0), (31, 16), (16, 31), (0, 16), (31, 0), (31, 31), (0, 31), (0, 0)];
        for first in [40, 48, 64] {
            for (id, at) in (first..).zip(begins) {
                assert_ne!(pixel(&all, id, at), 0, "the edge {id} does not begin at {at:?}");
            }
        }
        for (first, rim_or_shadow) in [(72, solid(0x16141f)), (80, 0x6016_1226)] {
            for (id, at) in (first..).zip(begins) {
                assert_eq!(pixel(&all, id, at), rim_or_shadow, "the edge {id} at {at:?}");
            }
        }
        for (first, ground) in [(88, GRASS[3]), (92, FOREST[3]), (96, SAND[3]), (100, EARTH[2])] {
            for (id, at) in (first..).zip(&begins[4..]) {
                assert_eq!(pixel(&all, id, *at), solid(ground), "the rounded corner {id} at {at:?}");
            }
        }
    }
}
