//! Wall tiles with a visible top and front (stone, timber with windows), their tops, and what lies under trees and
//! boulders.

use crate::ground::TILE;
use crate::math::{noise, smooth};
use crate::palette::{CRYPT, Colour, FOREST, GHOST, GOLD, GRASS, Ramp, WOOD};
use crate::picture::{Picture, mix, solid};

/// Height of the top of a wall in its tile.
pub const CAP: i32 = 12;

/// A wall of cut stones.
pub fn stone_wall(ramp: Ramp, seed: u32) -> Picture {
    let mut t = wall_top(ramp);
    for y in CAP..TILE {
        let row = (y - CAP) / 7;
        let joint = [10, 3, 15][row as usize % 3];
        for x in 0..TILE {
            let dx = (x - joint).rem_euclid(16);
            let stone = row * 4 + (x - joint).rem_euclid(32) / 16;
            let tone = noise(stone, 2, seed) * 0.5;
            let base = mix(ramp[2], ramp[3], tone + 0.1);
            let (u, v) = (dx, (y - CAP) % 7);
            let rough = smooth(x as f32, y as f32, 4, TILE, seed) - 0.5;
            let colour = if v == 6 || u == 15 {
                mix(ramp[1], ramp[0], 0.3)
            } else if v == 0 || u == 0 {
                mix(base, ramp[4], 0.45)
            } else if v == 5 || u == 14 {
                mix(base, ramp[1], 0.45)
            } else if rough > 0.28 {
                mix(base, ramp[1], 0.25)
            } else {
                base
            };
            t.dot(x, y, colour);
        }
    }
    for x in 0..TILE {
        t.dot(x, CAP - 2, ramp[5]);
        t.dot(x, CAP - 1, mix(ramp[4], ramp[3], 0.6));
        t.dot(x, CAP, ramp[0]);
        t.dot(x, CAP + 1, mix(t.get(x, CAP + 1) & 0xff_ffff, ramp[0], 0.45));
        t.dot(x, TILE - 1, ramp[0]);
        t.dot(x, TILE - 2, mix(ramp[1], ramp[0], 0.3));
    }
    t
}

/// The top of a stone wall, for a wall with more wall below it.
pub fn wall_top(ramp: Ramp) -> Picture {
    let mut t = Picture::new(TILE, TILE);
    for y in 0..TILE {
        for x in 0..TILE {
            let n = smooth(x as f32, y as f32, 4, TILE, 5) * 0.6 + noise(x, y, 6) * 0.4 - 0.5;
            let base = mix(ramp[3], ramp[4], 0.35);
            t.dot(
                x,
                y,
                if n < -0.22 {
                    mix(base, ramp[3], 0.6)
                } else if n > 0.25 {
                    mix(base, ramp[4], 0.5)
                } else {
                    base
                },
            );
        }
    }
    for (x, y, w, h) in [(0, 15, 32, 1), (0, 31, 32, 1), (9, 0, 1, 15), (24, 16, 1, 15)] {
        t.rect(x, y, w, h, mix(ramp[3], ramp[2], 0.55));
    }
    t
}

/// Rock that fills the ground around the halls of the barrow: dark, so that rooms stand out.
pub fn rock_top() -> Picture {
    let mut t = Picture::new(TILE, TILE);
    for y in 0..TILE {
        for x in 0..TILE {
            let n = smooth(x as f32, y as f32, 8, TILE, 15) * 0.6 + smooth(x as f32, y as f32, 4, TILE, 16) * 0.4;
            t.dot(
                x,
                y,
                if n < 0.36 {
                    mix(CRYPT[0], CRYPT[1], 0.55)
                } else if n > 0.66 {
                    mix(CRYPT[1], CRYPT[2], 0.22)
                } else {
                    CRYPT[1]
                },
            );
        }
    }
    t
}

/// The wall of the barrow: a dark top and a front of rough blocks; with a niche of ghost light if lit.
pub fn dungeon_wall(seed: u32, lit: bool) -> Picture {
    let mut t = stone_wall(CRYPT, seed);
    let top = rock_top();
    for y in 0..CAP - 2 {
        for x in 0..TILE {
            t.put(x, y, top.get(x, y));
        }
    }
    for x in 0..TILE {
        t.dot(x, CAP - 2, CRYPT[4]);
        t.dot(x, CAP - 1, CRYPT[3]);
    }
    if lit {
        t.rect(12, 17, 8, 10, CRYPT[0]);
        t.rect(13, 16, 6, 1, CRYPT[0]);
        for (x, y, c) in [
            (15, 20, 3),
            (16, 20, 3),
            (15, 21, 4),
            (16, 21, 4),
            (15, 22, 4),
            (16, 22, 3),
            (14, 22, 2),
            (17, 22, 2),
            (15, 19, 2),
        ] {
            t.dot(x, y, GHOST[c]);
        }
        t.rect(14, 23, 4, 3, 0xdccdaa);
        for (x, y) in [(11, 20), (11, 23), (20, 21), (20, 24), (13, 15), (18, 15)] {
            t.dot(x, y, GHOST[1]);
        }
    }
    t
}

/// The wall of a house: a thatched top and timber with plaster.
pub fn wooden_wall(window: bool) -> Picture {
    let mut t = wooden_top();
    let plaster: [Colour; 3] = [0xb99b78, 0xd6bd94, 0xe6d3ab];
    for y in CAP..TILE {
        for x in 0..TILE {
            let n = smooth(x as f32, y as f32, 4, TILE, 8) - 0.5;
            t.dot(
                x,
                y,
                if n > 0.26 {
                    plaster[2]
                } else if n < -0.26 {
                    mix(plaster[0], plaster[1], 0.5)
                } else {
                    plaster[1]
                },
            );
        }
    }
    let beam = |t: &mut Picture, x: i32, y: i32, w: i32, h: i32| {
        t.rect(x, y, w, h, WOOD[2]);
        t.rect(x, y, w, 1, WOOD[3]);
        t.rect(x, y, 1, h, WOOD[3]);
        if w > h {
            t.rect(x, y + h - 1, w, 1, WOOD[1]);
        } else {
            t.rect(x + w - 1, y, 1, h, WOOD[1]);
        }
    };
    beam(&mut t, 0, CAP + 1, TILE, 3);
    beam(&mut t, 0, TILE - 4, TILE, 4);
    // Half a post at each side: two tiles share one, and the last has an end.
    beam(&mut t, 0, CAP + 2, 2, TILE - CAP - 3);
    beam(&mut t, TILE - 2, CAP + 2, 2, TILE - CAP - 3);
    beam(&mut t, 15, CAP + 2, 3, TILE - CAP - 3);
    t.rect(0, CAP - 1, TILE, 1, WOOD[0]);
    t.rect(0, CAP, TILE, 1, mix(WOOD[0], WOOD[1], 0.5));
    t.rect(0, TILE - 1, TILE, 1, WOOD[0]);
    if window {
        t.rect(20, 17, 9, 9, WOOD[1]);
        t.rect(21, 18, 7, 7, GOLD[3]);
        t.rect(21, 18, 3, 3, GOLD[4]);
        t.rect(24, 18, 1, 7, WOOD[1]);
        t.rect(21, 21, 7, 1, WOOD[1]);
    }
    t
}

/// The thatched top of a house's wall.
pub fn wooden_top() -> Picture {
    let mut t = Picture::new(TILE, TILE);
    for y in 0..TILE {
        for x in 0..TILE {
            let n = smooth(x as f32 * 2.0, y as f32 * 0.5, 4, TILE * 2, 18) * 0.6 + noise(x, y / 3, 19) * 0.4 - 0.5;
            let base = mix(WOOD[3], WOOD[4], 0.6);
            let band = if y % 8 == 7 {
                mix(base, WOOD[2], 0.6)
            } else if y % 8 == 0 {
                mix(base, WOOD[5], 0.35)
            } else {
                base
            };
            t.dot(
                x,
                y,
                if n < -0.16 {
                    mix(band, WOOD[2], 0.4)
                } else if n > 0.2 {
                    mix(band, WOOD[5], 0.35)
                } else {
                    band
                },
            );
        }
    }
    t
}

/// Ivy on a wall.
pub fn with_ivy(wall: &Picture, seed: u32) -> Picture {
    let mut t = wall.clone();
    for i in 0..7 {
        let (x, length) = (5 + i * 3 + (noise(i, 0, seed) * 2.0) as i32, 5 + (noise(i, 1, seed) * 11.0) as i32);
        for y in 0..length {
            let at = x + (noise(i, y, seed) * 3.0) as i32 - 1;
            t.dot(at, CAP - 3 + y, GRASS[2]);
            t.dot(at - 1, CAP - 3 + y, GRASS[if noise(y, i, seed) > 0.5 { 3 } else { 1 }]);
            if noise(y, i, seed ^ 3) > 0.75 {
                t.dot(at, CAP - 4 + y, GRASS[4]);
            }
        }
    }
    t
}

/// The ground below something tall: a soft shadow and roots, nothing else.
pub fn foot(ramp: Ramp, wide: f32, roots: bool) -> Picture {
    let mut t = Picture::new(TILE, TILE);
    let shade = FOREST[0];
    for y in 0..TILE {
        for x in 0..TILE {
            let (u, v) = ((x as f32 - 15.5) / wide, (y as f32 - 25.5) / (wide * 0.42));
            let d = u * u + v * v;
            if d < 1.0 {
                t.put(x, y, if d < 0.55 { 0x7000_0000 } else { 0x4000_0000 } | shade);
            }
        }
    }
    if roots {
        for (x, y, dx) in [(12, 26, -1), (19, 26, 1), (14, 28, -1), (17, 28, 1)] {
            for i in 0..5 {
                t.put(x + dx * i, y + i / 2, solid(ramp[if i < 3 { 2 } else { 1 }]));
            }
        }
    }
    t
}
