//! Draws what makes a place lived in: roofs, a seal in the paving, barrels, lamps, flowers. Nothing of it is in
//! anybody's way.

use crate::math::noise;
use crate::palette::{CLOTH, Colour, EARTH, GOLD, GREEN, INK, IRON, PURPLE, RED, Ramp, STEEL, STONE, WOOD};
use crate::picture::{Picture, mix};

/// Shingles of a roof are so high and so wide.
const SHINGLE: (i32, i32) = (7, 10);
/// How far a roof reaches over the walls on each side.
const EAVES: i32 = 6;
/// The ridge is so far below the upper edge.
const RIDGE: i32 = 30;

/// A roof with a ridge from west to east, for a house of so many tiles across and so many down to its front wall.
pub fn roof(across: i32, down: i32, ramp: Ramp, seed: u32) -> Picture {
    let (w, h) = (across * 32 + 2 * EAVES, down * 32 + 22);
    let mut p = Picture::new(w, h);
    for y in 0..h {
        for x in 0..w {
            p.dot(x, y, shingle(x, y, h, ramp, seed));
        }
    }
    ridge(&mut p, ramp);
    for y in 0..h {
        for (x, board) in [(0, 1), (1, 3), (2, 2), (w - 3, 2), (w - 2, 3), (w - 1, 1)] {
            p.dot(x, y, WOOD[board]);
        }
    }
    for x in 0..w {
        for (y, colour) in [(0, ramp[0]), (h - 1, INK), (h - 2, WOOD[1]), (h - 3, WOOD[3]), (h - 4, ramp[0])] {
            p.dot(x, y, colour);
        }
    }
    chimney(&mut p, w - 40, 6);
    p
}

/// The far side lies in the shade; each row of shingles throws a shadow on the next.
fn shingle(x: i32, y: i32, h: i32, ramp: Ramp, seed: u32) -> Colour {
    let row = y / SHINGLE.0;
    let (u, v) = ((x + row % 2 * (SHINGLE.1 / 2)) % SHINGLE.1, y % SHINGLE.0);
    let tone = noise((x + row % 2 * (SHINGLE.1 / 2)) / SHINGLE.1, row, seed);
    let is_far = y < RIDGE;
    let fall = if is_far { 0.55 } else { 0.15 + 0.07 * (5 * (y - RIDGE) / (h - RIDGE)) as f32 };
    let base = mix(mix(ramp[3], ramp[2], fall), ramp[4], if tone > 0.8 { 0.3 } else { 0.0 });
    let base = mix(base, ramp[1], if tone < 0.16 { 0.4 } else { 0.0 });
    match (u, v) {
        (_, 6) => mix(ramp[1], ramp[0], 0.3),
        (0, _) => mix(base, ramp[1], 0.6),
        (_, 0) => mix(base, ramp[1], 0.3),
        (_, 5) => mix(base, ramp[4], 0.35),
        _ => base,
    }
}

fn ridge(p: &mut Picture, ramp: Ramp) {
    for x in 0..p.w {
        let stone = x % 12;
        for (dy, colour) in [(-3, ramp[0]), (-2, ramp[5]), (-1, ramp[4]), (0, ramp[3]), (1, ramp[2]), (2, ramp[0])] {
            p.dot(x, RIDGE + dy, if stone == 0 { ramp[1] } else { colour });
        }
    }
}

fn chimney(p: &mut Picture, left: i32, top: i32) {
    p.rect(left - 1, top - 1, 18, 30, STONE[0]);
    p.rect(left, top, 16, 8, STONE[4]);
    p.rect(left + 3, top + 2, 10, 4, INK);
    for y in 8..28 {
        for x in 0..16 {
            let (row, joint) = (y / 5, (x + y / 5 % 2 * 4) % 8);
            let is_joint = y % 5 == 0 || joint == 0;
            let tone = noise(x / 8, row, 9);
            let base = mix(STONE[2], STONE[3], if x < 6 { 0.8 } else { tone * 0.6 });
            p.dot(left + x, top + y, if is_joint { STONE[1] } else { base });
        }
    }
}

/// The seal of the town in its paving, 192 pixels across: a ring of letters that nobody reads any more, around a gate.
pub fn seal() -> Picture {
    let mut p = Picture::new(192, 192);
    for y in 0..192 {
        for x in 0..192 {
            let (dx, dy) = (x as f32 - 95.5, y as f32 - 95.5);
            if let Some(colour) = paving((dx * dx + dy * dy).sqrt(), dx, dy) {
                p.dot(x, y, worn(colour, x, y));
            }
        }
    }
    p
}

const PALE: Colour = 0x9c9790;
const DARK: Colour = 0x5d5a63;
const WARM: Colour = 0xa38a66;

fn paving(far: f32, dx: f32, dy: f32) -> Option<Colour> {
    let points = |count: f32, turn: f32| {
        let angle = angle(dx, dy) + turn;
        let step = 360.0 / count;
        ((angle.rem_euclid(step)) / step - 0.5).abs() * 2.0
    };
    Some(match far {
        f if f > 94.0 => return None,
        f if f > 91.0 => DARK,
        f if f > 82.0 => {
            if points(24.0, 0.0) > 0.9 {
                DARK
            } else {
                PALE
            }
        }
        f if f > 79.0 => DARK,
        f if f > 62.0 => {
            if points(12.0, 15.0) < 0.35 && f < 76.0 && f > 66.0 {
                DARK
            } else {
                WARM
            }
        }
        f if f > 59.0 => DARK,
        // A star of eight points: the longer ones show where the roads lead.
        f if f < 56.0 * (points(4.0, 0.0) - 0.42) / 0.58 => WARM,
        f if f < 44.0 * (points(4.0, 45.0) - 0.35) / 0.65 => DARK,
        f if f < 9.0 => WARM,
        _ => PALE,
    })
}

/// The angle of a direction in degrees, from 0 to 360, to a degree or so.
fn angle(dx: f32, dy: f32) -> f32 {
    let (ax, ay) = (dx.abs(), dy.abs());
    let (small, large) = (ax.min(ay), ax.max(ay).max(0.001));
    let t = small / large;
    let first = t * (57.3 - 16.2 * t * t + 3.9 * t * t * t * t);
    let octant = if ay > ax { 90.0 - first } else { first };
    let half = if dx < 0.0 { 180.0 - octant } else { octant };
    if dy < 0.0 { 360.0 - half } else { half }
}

/// Stones that many have walked on: joints, and here and there a chip.
fn worn(colour: Colour, x: i32, y: i32) -> Colour {
    let (row, shift) = (y / 8, y / 8 % 2 * 6);
    let is_joint = y % 8 == 7 || (x + shift) % 12 == 11;
    // In few steps: a picture has few colours.
    let tone = (noise((x + shift) / 12, row, 31) * 8.0).floor() / 8.0;
    let base = mix(colour, if tone < 0.5 { 0x3a3844 } else { 0xd8d4c3 }, (tone - 0.5).abs() * 0.3);
    if is_joint { mix(base, 0x3a3844, 0.45) } else { base }
}

/// A barrel.
pub fn barrel() -> Picture {
    let mut p = Picture::new(20, 26);
    for y in 4..25 {
        let bulge = i32::from(y > 7 && y < 21);
        for x in 2 - bulge..18 + bulge {
            let light = 1.0 - ((x as f32 - 7.0) / 12.0).abs();
            let plank = if x % 4 == 0 { 1 } else { 3 };
            p.dot(x, y, mix(WOOD[plank], WOOD[4], light * 0.5));
        }
        if y == 8 || y == 19 {
            p.rect(1, y, 18, 2, IRON[2]);
            p.rect(3, y, 5, 1, IRON[4]);
        }
        p.dot(1 - bulge, y, WOOD[0]);
        p.dot(18 + bulge, y, WOOD[0]);
    }
    p.rect(3, 2, 14, 4, WOOD[2]);
    p.rect(4, 3, 12, 2, WOOD[4]);
    p.line((3, 1), (16, 1), WOOD[0]);
    p.line((3, 25), (16, 25), WOOD[0]);
    p
}

/// Two crates, one on the other.
pub fn crates() -> Picture {
    let mut p = Picture::new(28, 36);
    for (x, y, size) in [(2, 14, 22), (7, 1, 15)] {
        p.rect(x - 1, y - 1, size + 2, size + 1, WOOD[0]);
        p.rect(x, y, size, size - 1, WOOD[3]);
        p.rect(x, y, size, 5, WOOD[4]);
        for at in (y + 9..y + size - 1).step_by(5) {
            p.line((x, at), (x + size - 1, at), WOOD[2]);
        }
        p.rect(x, y + 5, 3, size - 6, WOOD[4]);
        p.rect(x + size - 3, y + 5, 3, size - 6, WOOD[2]);
        p.line((x + 3, y + size - 3), (x + size - 4, y + 6), WOOD[2]);
        p.line((x, y + 5), (x + size - 1, y + 5), WOOD[1]);
    }
    p
}

/// A street lamp that burns.
pub fn lamp() -> Picture {
    let mut p = Picture::new(18, 58);
    p.rect(7, 16, 4, 38, IRON[1]);
    p.rect(8, 16, 1, 38, IRON[3]);
    p.rect(4, 53, 10, 4, IRON[0]);
    p.rect(5, 53, 8, 2, IRON[2]);
    p.rect(3, 2, 12, 14, IRON[0]);
    p.rect(4, 5, 10, 9, GOLD[3]);
    p.rect(6, 6, 6, 7, GOLD[4]);
    p.rect(8, 7, 2, 5, GOLD[5]);
    p.line((8, 4), (8, 14), IRON[1]);
    p.rect(5, 0, 8, 2, IRON[1]);
    p.rect(2, 15, 14, 1, IRON[2]);
    p
}

/// A tub of flowers.
pub fn flowers(seed: u32) -> Picture {
    let mut p = Picture::new(30, 26);
    p.rect(3, 14, 24, 11, WOOD[0]);
    p.rect(4, 15, 22, 9, WOOD[3]);
    p.rect(4, 15, 22, 2, WOOD[4]);
    for x in [9, 15, 21] {
        p.line((x, 15), (x, 23), WOOD[2]);
    }
    p.rect(5, 13, 20, 2, EARTH[1]);
    for at in 0..46 {
        let x = 3 + (noise(at, 1, seed) * 23.0) as i32;
        let y = 4 + (noise(at, 2, seed) * 10.0) as i32;
        let leaf = GREEN[2 + (noise(at, 3, seed) * 3.0) as usize];
        p.rect(x, y, 2, 2, leaf);
    }
    for at in 0..11 {
        let (x, y) = (4 + (noise(at, 4, seed) * 20.0) as i32, 3 + (noise(at, 5, seed) * 8.0) as i32);
        let petal = [RED[3], GOLD[4], CLOTH[3], PURPLE[4]][at as usize % 4];
        for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
            p.dot(x + dx, y + dy, petal);
        }
        p.dot(x, y, GOLD[3]);
    }
    p
}

/// An anvil on its block.
pub fn anvil() -> Picture {
    let mut p = Picture::new(30, 28);
    p.rect(8, 15, 14, 12, WOOD[0]);
    p.rect(9, 16, 12, 10, WOOD[2]);
    p.rect(9, 16, 12, 2, WOOD[4]);
    p.rect(5, 4, 20, 6, IRON[0]);
    p.rect(1, 5, 6, 3, IRON[0]);
    p.rect(2, 5, 6, 2, STEEL[2]);
    p.rect(6, 4, 18, 5, STEEL[2]);
    p.rect(6, 4, 18, 2, STEEL[4]);
    p.rect(10, 10, 10, 6, IRON[0]);
    p.rect(11, 10, 8, 5, STEEL[1]);
    p
}
