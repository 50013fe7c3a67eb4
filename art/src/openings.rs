//! What stands in and beside walls: the door of a house, and a pillar that holds the barrow. In few colours: the tileset
//! can only have 256, and has them.

use crate::ground::TILE;
use crate::math::smooth;
use crate::palette::{CRYPT, STONE, WOOD};
use crate::picture::Picture;
use crate::walls::{CAP, wooden_wall};

/// The sides of the opening of a door, and where it begins below its beam.
const OPENING: (i32, i32) = (5, 27);
const LINTEL: i32 = 6;

/// The sides of a pillar's shaft; beside it the floor is seen.
const SHAFT: (i32, i32) = (4, 28);

/// An open door in the front of a house: the night of the room behind it, a leaf that stands open, and a worn step.
pub fn door() -> Picture {
    let mut t = wooden_wall(false);
    let (left, right) = OPENING;
    t.rect(left - 3, LINTEL - 4, right - left + 6, 4, WOOD[2]);
    t.rect(left - 3, LINTEL - 4, right - left + 6, 1, WOOD[3]);
    t.rect(left - 3, LINTEL - 1, right - left + 6, 1, WOOD[0]);
    for y in LINTEL..TILE {
        for x in left..right {
            // What light falls in lies on the floor.
            t.dot(x, y, if y < TILE - 7 { WOOD[0] } else { WOOD[1] });
        }
    }
    for (x, colour) in [(left - 3, 2), (left - 2, 3), (left - 1, 1), (right, 3), (right + 1, 2), (right + 2, 1)] {
        t.rect(x, LINTEL - 3, 1, TILE - LINTEL, WOOD[colour]);
    }
    leaf(&mut t, left);
    t.rect(left - 3, TILE - 4, right - left + 6, 4, CRYPT[4]);
    t.rect(left - 3, TILE - 4, right - left + 6, 1, STONE[4]);
    t.rect(left - 3, TILE - 3, right - left + 6, 1, STONE[3]);
    t.rect(left - 3, TILE - 1, right - left + 6, 1, STONE[0]);
    t
}

/// The leaf of the door, seen from its edge: the farther, the lower it begins.
fn leaf(t: &mut Picture, left: i32) {
    for x in 0..7 {
        let (top, bottom) = (LINTEL + x / 2, TILE - 4 - x / 3);
        let plank = if x % 3 == 2 { WOOD[1] } else { WOOD[if x < 3 { 3 } else { 2 }] };
        t.rect(left + x, top, 1, bottom - top, plank);
    }
    for y in [LINTEL + 5, TILE - 8] {
        t.rect(left, y, 6, 1, WOOD[0]);
    }
    t.dot(left + 5, CAP + 5, STONE[4]);
}

/// A pillar of the barrow: a slab on top that catches the light, and a shaft that is darker to its sides.
pub fn pillar() -> Picture {
    let mut t = Picture::new(TILE, TILE);
    for y in 0..CAP {
        for x in 0..TILE {
            let rough = smooth(x as f32, y as f32, 4, TILE, 23) - 0.5;
            let edge = x.min(y).min(TILE - 1 - x).min(CAP - 1 - y);
            t.dot(x, y, if edge == 3 || rough.abs() > 0.26 { CRYPT[3] } else { CRYPT[4] });
        }
    }
    for (y, colour) in [(CAP, STONE[3]), (CAP + 1, CRYPT[4]), (CAP + 2, CRYPT[3]), (CAP + 3, CRYPT[1])] {
        t.rect(0, y, TILE, 1, colour);
    }
    for y in CAP + 4..TILE - 4 {
        for x in SHAFT.0..SHAFT.1 {
            t.dot(x, y, shaft(x, y));
        }
    }
    for (y, colour) in [(TILE - 4, CRYPT[4]), (TILE - 3, CRYPT[3]), (TILE - 2, CRYPT[2]), (TILE - 1, CRYPT[0])] {
        t.rect(0, y, TILE, 1, colour);
    }
    t
}

/// Its flutes, lit from the left.
fn shaft(x: i32, y: i32) -> u32 {
    let base = match x {
        x if x == SHAFT.0 || x == SHAFT.1 - 1 => return CRYPT[0],
        ..=6 => CRYPT[2],
        ..=15 => CRYPT[4],
        ..=22 => CRYPT[3],
        _ => CRYPT[2],
    };
    let is_flute = (x - SHAFT.0) % 5 == 0;
    let rough = smooth(x as f32, y as f32, 4, TILE, 24) - 0.5;
    if is_flute || rough < -0.24 { CRYPT[2] } else { base }
}
