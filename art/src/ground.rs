//! Ground tiles. They tile without a seam, and variants of one kind fit each other and their mirror images: near the border
//! they are alike.

use crate::math::{noise, smooth};
use crate::palette::{BONE, Colour, EARTH, FOREST, GOLD, GRASS, PURPLE, RED, Ramp, SAND, WATER, WHITE, WOOD};
use crate::picture::{Picture, mix};

/// The side of a tile.
pub const TILE: i32 = 32;

/// Places in a tile that keep a distance from each other and from the border.
fn scatter(seed: u32, n: u32, apart: i32, margin: i32) -> Vec<(i32, i32)> {
    let mut places: Vec<(i32, i32)> = Vec::new();
    let room = (TILE - 2 * margin) as f32;
    for i in 0..400 {
        let at = |k: u32| margin + (noise(i, k as i32, seed) * room) as i32;
        let (x, y) = (at(1), at(2));
        if places.len() < n as usize && places.iter().all(|p| (p.0 - x).abs().max((p.1 - y).abs()) >= apart) {
            places.push((x, y));
        }
    }
    places
}

/// 0 at the border of a tile, 1 inside.
fn inside(x: i32, y: i32) -> f32 {
    let d = x.min(y).min(TILE - 1 - x).min(TILE - 1 - y);
    (d as f32 / 7.0).min(1.0)
}

/// A tile of one colour with soft spots of a darker and a lighter tone.
fn spotted(base: Colour, dark: Colour, light: Colour, seed: u32) -> Picture {
    let mut t = Picture::new(TILE, TILE);
    for y in 0..TILE {
        for x in 0..TILE {
            let n =
                (smooth(x as f32, y as f32, 8, TILE, seed) - 0.5) * inside(x, y) + (noise(x, y, seed ^ 7) - 0.5) * 0.10;
            t.dot(
                x,
                y,
                if n < -0.20 {
                    dark
                } else if n > 0.22 {
                    light
                } else {
                    base
                },
            );
        }
    }
    t
}

/// Meadow or forest grass.
pub fn grass(ramp: Ramp, seed: u32, tufts: u32) -> Picture {
    let base = ramp[3];
    let (dark, light) = (mix(base, ramp[2], 0.32), mix(base, ramp[4], 0.30));
    let mut t = spotted(base, dark, light, seed);
    for (i, (x, y)) in scatter(seed ^ 21, tufts, 6, 2).into_iter().enumerate() {
        let (low, high) = (mix(base, ramp[2], 0.75), mix(base, ramp[4], 0.75));
        match i % 3 {
            0 => {
                for (dx, dy, c) in [
                    (0, 0, low),
                    (1, 0, low),
                    (-1, -1, low),
                    (2, -1, low),
                    (0, -1, high),
                    (1, -2, high),
                    (-1, -2, high),
                ] {
                    t.wrap(x + dx, y + dy, c);
                }
            }
            1 => {
                t.wrap(x, y, low);
                t.wrap(x, y - 1, high);
            }
            _ => {
                for (dx, dy, c) in [(0, 0, low), (0, -1, low), (1, -1, high), (1, -2, high), (-1, 0, low)] {
                    t.wrap(x + dx, y + dy, c);
                }
            }
        }
    }
    t
}

/// Grass with flowers of some colours.
pub fn flowers(seed: u32, kinds: &[(Colour, Colour)]) -> Picture {
    let mut t = grass(GRASS, seed, 5);
    for (i, (x, y)) in scatter(seed ^ 99, 6, 6, 4).into_iter().enumerate() {
        let (petal, heart) = kinds[i % kinds.len()];
        t.dot(x, y + 2, GRASS[2]);
        t.dot(x + 1, y + 1, GRASS[2]);
        t.dot(x, y + 1, mix(petal, GRASS[1], 0.45));
        for (dx, dy) in [(-1, 0), (1, 0), (0, -1)] {
            t.dot(x + dx, y + dy, petal);
        }
        t.dot(x, y, heart);
    }
    t
}

/// The two kinds of flower tiles.
pub fn flower_tiles() -> [Picture; 2] {
    [
        flowers(41, &[(GOLD[4], GOLD[2]), (WHITE, GOLD[3])]),
        flowers(47, &[(PURPLE[4], GOLD[4]), (RED[4], GOLD[4]), (WHITE, GOLD[3])]),
    ]
}

/// The floor of the dark wood, with leaves or mushrooms.
pub fn forest(seed: u32, mushrooms: bool) -> Picture {
    let mut t = grass(FOREST, seed, 8);
    for (i, (x, y)) in scatter(seed ^ 5, 5, 7, 3).into_iter().enumerate() {
        if mushrooms && i < 3 {
            for (dx, c) in [(-1, RED[1]), (0, RED[3]), (1, RED[2])] {
                t.dot(x + dx, y, c);
            }
            t.dot(x, y - 1, RED[3]);
            t.dot(x - 1, y - 1, BONE[4]);
            t.dot(x, y + 1, BONE[3]);
            t.dot(x + 1, y + 2, FOREST[1]);
        } else {
            t.dot(x, y, mix(WOOD[2], FOREST[3], 0.4));
            t.dot(x + 1, y, mix(WOOD[3], FOREST[3], 0.5));
        }
    }
    t
}

/// A trodden path.
pub fn path(seed: u32) -> Picture {
    let base = EARTH[3];
    let mut t = spotted(base, mix(base, EARTH[2], 0.18), mix(base, EARTH[4], 0.22), seed);
    for (i, (x, y)) in scatter(seed ^ 3, 7, 6, 2).into_iter().enumerate() {
        t.wrap(x, y, mix(base, EARTH[5], 0.55));
        t.wrap(x, y + 1, mix(base, EARTH[1], 0.55));
        if i % 2 == 0 {
            t.wrap(x + 1, y, mix(base, EARTH[4], 0.8));
            t.wrap(x + 1, y + 1, mix(base, EARTH[1], 0.55));
        }
    }
    t
}

/// Sand with ripples.
pub fn sand(seed: u32) -> Picture {
    let base = SAND[3];
    let mut t = spotted(base, mix(base, SAND[2], 0.30), mix(base, SAND[4], 0.5), seed);
    for (x, y) in scatter(seed ^ 9, 4, 8, 4) {
        for dx in 0..5 {
            t.wrap(x + dx, y + [0, 1, 1, 0, 0][dx as usize], mix(base, SAND[2], 0.55));
        }
    }
    t
}

/// One of the four frames of water.
pub fn water(frame: i32) -> Picture {
    let mut t = Picture::new(TILE, TILE);
    let base = mix(WATER[2], WATER[3], 0.25);
    for y in 0..TILE {
        for x in 0..TILE {
            let n = smooth(x as f32, y as f32 + frame as f32 * 8.0, 8, TILE, 11) * 0.5
                + smooth(x as f32 + frame as f32 * 8.0, y as f32, 8, TILE, 12) * 0.5;
            t.dot(
                x,
                y,
                if n < 0.36 {
                    mix(base, WATER[1], 0.25)
                } else if n > 0.64 {
                    mix(base, WATER[3], 0.5)
                } else {
                    base
                },
            );
        }
    }
    let waves = [(3, 5, 6), (18, 2, 5), (11, 13, 7), (25, 17, 5), (2, 22, 5), (16, 27, 6)];
    for (i, (x, y, length)) in (0..).zip(waves) {
        let phase = (frame + i) % 4;
        let (shift, long) = ([0, 1, 2, 1][phase as usize], length - [0, 1, 3, 1][phase as usize]);
        for dx in 0..long {
            let lift = i32::from(dx > 0 && dx < long - 1);
            t.wrap(x + shift + dx, y - lift, if phase == 0 && lift == 1 { WATER[5] } else { WATER[4] });
        }
    }
    t
}
