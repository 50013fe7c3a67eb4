//! Edges between kinds of ground: pieces that lie on a tile where its neighbour is of another kind.
//!
//! Eight pieces each, in the order north, east, south, west, north-east, south-east, south-west, north-west: the name
//! says on which side of the tile the neighbour lies that the piece comes from.

use crate::ground::TILE;
use crate::math::smooth;
use crate::palette::{EARTH, FOREST, GRASS, Ramp, SAND, WATER};
use crate::picture::{Picture, mix, solid};

/// Directions of the eight pieces.
pub const SIDES: [(i32, i32); 8] = [(0, -1), (1, 0), (0, 1), (-1, 0), (1, -1), (1, 1), (-1, 1), (-1, -1)];

/// How far a pixel's place on an axis is from the side of the tile that lies in a direction; 0 without one.
fn far(direction: i32, at: i32) -> i32 {
    match direction {
        0 => 0,
        back if back < 0 => at,
        _ => TILE - 1 - at,
    }
}

/// How far a pixel is from the side or corner that a piece grows from, and the place along it.
fn depth(side: (i32, i32), x: i32, y: i32) -> (f32, f32) {
    match side {
        (0, d) => (far(d, y) as f32, x as f32),
        (d, 0) => (far(d, x) as f32, y as f32 + 37.0),
        (dx, dy) => {
            let (u, v) = (far(dx, x) as f32, far(dy, y) as f32);
            ((u * u + v * v).sqrt(), u - v + 64.0)
        }
    }
}

/// How deep a piece reaches at a place; at the ends of a side it is always the same.
fn reach(side: (i32, i32), along: f32, mean: f32, seed: u32) -> f32 {
    if side.0 != 0 && side.1 != 0 {
        return mean;
    }
    let p = along.rem_euclid(37.0).min(31.0);
    let ends = (p.min(31.0 - p) / 5.0).min(1.0);
    let wave = smooth(along, 3.0, 4, 256, seed) * 0.7 + smooth(along, 9.0, 2, 256, seed) * 0.5 - 0.55;
    mean + wave * 6.0 * ends
}

/// The eight pieces of grass growing over another ground.
pub fn grassy(ramp: Ramp, seed: u32) -> Vec<Picture> {
    pieces(seed, 4.0, grassy_colour(ramp))
}

/// The colour of a grass edge, `left` pixels inside of it.
fn grassy_colour(ramp: Ramp) -> impl Fn(f32, i32, i32) -> Option<u32> {
    let base = ramp[3];
    move |left, x, y| {
        if left < -1.0 {
            return None;
        }
        let tip = (x * 7 + y * 13) % 3 == 0;
        Some(solid(if left < 0.0 {
            return tip.then_some(solid(mix(base, ramp[2], 0.8)));
        } else if left < 1.0 {
            mix(base, ramp[2], 0.75)
        } else if left < 2.0 {
            mix(base, ramp[4], 0.45)
        } else {
            base
        }))
    }
}

/// The eight pieces of sand or earth running out over another ground.
pub fn sandy(ramp: Ramp, base: usize, seed: u32) -> Vec<Picture> {
    pieces(seed, 3.0, sandy_colour(ramp, base))
}

/// The colour of a sandy edge.
fn sandy_colour(ramp: Ramp, base: usize) -> impl Fn(f32, i32, i32) -> Option<u32> {
    move |left, x, y| {
        let speck = (x * 5 + y * 11) % 4 == 0;
        if left >= 0.6 {
            Some(solid(ramp[base]))
        } else if left >= 0.0 {
            Some(solid(mix(ramp[base], ramp[base - 1], 0.5)))
        } else {
            (left > -2.2 && speck).then_some(solid(ramp[base]))
        }
    }
}

/// The colour of the bank of a lake.
fn shore_colour(left: f32, x: i32, y: i32) -> Option<u32> {
    if left >= 2.0 {
        Some(solid(if left >= 3.2 { EARTH[2] } else { EARTH[1] }))
    } else if left >= 0.8 {
        Some(solid(WATER[1]))
    } else if left >= -0.3 {
        Some(solid(WATER[5]))
    } else {
        (left > -2.4 && (x * 3 + y * 7) % 5 == 0).then_some(solid(WATER[4]))
    }
}

/// The eight pieces of the bank on a tile of water.
pub fn shore() -> Vec<Picture> {
    let mut all = pieces(5, 5.0, shore_colour);
    // The bank below the northern side is seen from the front: a step of earth under the grass.
    for x in 0..TILE {
        for y in 0..3 {
            all[0].dot(x, y, if y == 2 { EARTH[1] } else { mix(GRASS[2], EARTH[2], 0.5 * y as f32) });
        }
    }
    all
}

fn pieces(seed: u32, mean: f32, colour: impl Fn(f32, i32, i32) -> Option<u32>) -> Vec<Picture> {
    SIDES
        .iter()
        .map(|&side| {
            let mut t = Picture::new(TILE, TILE);
            for y in 0..TILE {
                for x in 0..TILE {
                    let (d, along) = depth(side, x, y);
                    if let Some(p) = colour(reach(side, along, mean, seed) - d, x, y) {
                        t.put(x, y, p);
                    }
                }
            }
            t
        })
        .collect()
}

/// Where two neighbouring sides meet, a piece that rounds the corner between them: north-east, south-east, south-west,
/// north-west. It takes the colours of the corner piece that stands outside.
fn rounded(mean: f32, colour: impl Fn(f32, i32, i32) -> Option<u32>) -> Vec<Picture> {
    const R: f32 = 13.0;
    SIDES[4..]
        .iter()
        .map(|&(dx, dy)| {
            let mut t = Picture::new(TILE, TILE);
            for y in 0..TILE {
                for x in 0..TILE {
                    let (u, v) = (R + mean - far(dx, x) as f32, R + mean - far(dy, y) as f32);
                    if u > 0.0
                        && v > 0.0
                        && let Some(p) = colour(
                            (u * u + v * v).sqrt() - R + (smooth(x as f32, y as f32, 4, 32, 77) - 0.5) * 5.0,
                            x,
                            y,
                        )
                    {
                        t.put(x, y, p);
                    }
                }
            }
            t
        })
        .collect()
}

/// A line of light and dark along the sides of a wall's top. Around a corner it goes at a right angle.
fn rims() -> Vec<Picture> {
    SIDES
        .iter()
        .map(|&side| {
            let mut t = Picture::new(TILE, TILE);
            for y in 0..TILE {
                for x in 0..TILE {
                    match far(side.0, x).max(far(side.1, y)) {
                        0 => t.put(x, y, solid(0x16141f)),
                        1 | 2 => t.put(x, y, if side.1 < 0 || side.0 < 0 { 0x50ff_faea } else { 0x38ff_faea }),
                        3 => t.put(x, y, 0x2816_141f),
                        _ => {}
                    }
                }
            }
            t
        })
        .collect()
}

/// The shadow that a wall throws on the ground beside it.
fn shadows() -> Vec<Picture> {
    SIDES
        .iter()
        .map(|&side| {
            let mut t = Picture::new(TILE, TILE);
            let reach = match side {
                (0, -1) => 9.0,
                (0, 1) => 3.0,
                (-1, 0) => 6.0,
                (1, 0) => 3.0,
                (-1, -1) => 7.0,
                _ => 3.0,
            };
            for y in 0..TILE {
                for x in 0..TILE {
                    let (d, _) = depth(side, x, y);
                    if d < reach {
                        let alpha: u32 = if d < reach * 0.4 { 0x60 } else { 0x38 };
                        t.put(x, y, alpha << 24 | 0x16_1226);
                    }
                }
            }
            t
        })
        .collect()
}

/// The rows of edges in the tileset: meadow, dark wood, sand, shore, rims of walls, shadows of walls, and the rounded
/// corners of meadow, dark wood, sand and shore.
pub fn rows() -> Vec<Picture> {
    let round = |ramp: Ramp| rounded(4.0, grassy_colour(ramp));
    [
        grassy(GRASS, 3),
        grassy(FOREST, 4),
        sandy(SAND, 3, 6),
        shore(),
        rims(),
        shadows(),
        round(GRASS),
        round(FOREST),
        rounded(3.0, sandy_colour(SAND, 3)),
        rounded(5.0, shore_colour),
    ]
    .concat()
}
