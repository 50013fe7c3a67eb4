//! Floors made by hands: cobbles, planks, flagstones and what lies on them.

use crate::ground::TILE;
use crate::math::{noise, smooth};
use crate::palette::{BONE, CRYPT, EARTH, STONE, WOOD};
use crate::picture::{Picture, mix};

/// The centre of a stone of the cobbles; stones at the border of a tile are the same in every variant.
fn stone_at(cx: i32, cy: i32, n: i32) -> (f32, f32) {
    let (wx, wy) = (cx.rem_euclid(n), cy.rem_euclid(n));
    let cell = TILE as f32 / n as f32;
    let shift = if wy % 2 == 0 { 0.0 } else { 0.4 };
    let x = cx as f32 + 0.3 + shift + noise(wx, wy, 71) * 0.35;
    let y = cy as f32 + 0.3 + noise(wx, wy, 72) * 0.4;
    (x * cell, y * cell)
}

/// Paving of round stones.
pub fn cobble(seed: u32) -> Picture {
    let n = 4;
    let mut t = Picture::new(TILE, TILE);
    let gap = mix(STONE[2], EARTH[2], 0.35);
    for y in 0..TILE {
        for x in 0..TILE {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let mut near: Vec<(f32, i32, i32, f32, f32)> = Vec::new();
            for cy in -1..=n {
                for cx in -1..=n {
                    let c = stone_at(cx, cy, n);
                    let (dx, dy) = (px - c.0, py - c.1);
                    near.push(((dx * dx + dy * dy).sqrt(), cx.rem_euclid(n), cy.rem_euclid(n), dx, dy));
                }
            }
            near.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (d, cx, cy, dx, dy) = near[0];
            let edge = near[1].0 - d;
            let own = (1..n - 1).contains(&cx) && (1..n - 1).contains(&cy);
            let tone = noise(cx, cy, if own { seed } else { 70 }) * 0.45;
            let base = mix(STONE[3], EARTH[3], 0.18 + tone * 0.4);
            let base = mix(base, STONE[4], tone * 0.5);
            let colour = if edge < 1.1 {
                gap
            } else if edge < 2.6 && dx + dy > 1.5 {
                mix(base, STONE[2], 0.38)
            } else if edge < 3.2 && dx + dy < -2.4 {
                mix(base, STONE[5], 0.35)
            } else {
                base
            };
            t.dot(x, y, colour);
        }
    }
    t
}

/// A floor of planks.
pub fn planks(seed: u32) -> Picture {
    let mut t = Picture::new(TILE, TILE);
    for y in 0..TILE {
        let row = y / 8;
        let joint = [6, 22, 13, 28][row as usize];
        for x in 0..TILE {
            let plank = row * 2 + i32::from(x >= joint);
            let tone = noise(plank % 8, 3, 31) * 0.35;
            let base = mix(WOOD[3], WOOD[4], tone);
            let streak = smooth(x as f32 * 0.5, y as f32 * 3.0, 4, 96, seed) - 0.5;
            let colour = if y % 8 == 7 || x == joint {
                mix(WOOD[2], WOOD[1], 0.25)
            } else if y % 8 == 0 {
                mix(base, WOOD[5], 0.30)
            } else if streak < -0.2 {
                mix(base, WOOD[2], 0.30)
            } else {
                base
            };
            t.dot(x, y, colour);
        }
        if y % 8 == 3 {
            t.wrap(joint - 2, y, WOOD[1]);
            t.wrap(joint + 2, y, WOOD[1]);
        }
    }
    t
}

/// The flagstones of the barrow.
pub fn flagstones(seed: u32, cracked: bool) -> Picture {
    let mut t = Picture::new(TILE, TILE);
    for y in 0..TILE {
        let row = y / 16;
        let joint = [31, 7][row as usize];
        for x in 0..TILE {
            let dx = (x - joint - 1).rem_euclid(32);
            let slab = row * 2 + dx / 16 % 2;
            let tone = noise(slab, 1, 77) * 0.42;
            let base = mix(CRYPT[3], CRYPT[4], tone);
            let rough = smooth(x as f32, y as f32, 4, TILE, seed) * 0.7 + noise(x, y, seed) * 0.3 - 0.5;
            let colour = if y % 16 == 15 || dx % 16 == 15 {
                CRYPT[2]
            } else if y % 16 == 0 || dx % 16 == 0 {
                mix(base, CRYPT[5], 0.28)
            } else if rough < -0.2 {
                mix(base, CRYPT[2], 0.35)
            } else if rough > 0.26 {
                mix(base, CRYPT[5], 0.22)
            } else {
                base
            };
            t.dot(x, y, colour);
        }
    }
    if cracked {
        // Each crack begins somewhere else.
        let mut at = (3 + (noise(1, 3, seed) * 12.0) as i32, 3 + (noise(2, 3, seed) * 12.0) as i32);
        for i in 0..13 {
            t.dot(at.0, at.1, mix(CRYPT[1], CRYPT[2], 0.6));
            t.dot(at.0 + 1, at.1 + 1, mix(CRYPT[3], CRYPT[4], 0.6));
            at.0 += i32::from(noise(i, 1, seed) > 0.35);
            at.1 += i32::from(noise(i, 2, seed) > 0.35);
        }
    }
    t
}

/// What is left of somebody.
pub enum Remains {
    /// A skull and two crossed bones.
    Skull,
    /// Three bones, two of them crossed.
    Bones,
    /// Two bones that something has carried about.
    Few,
}

/// Remains lying on a floor.
pub fn remains(floor: &Picture, of: Remains) -> Picture {
    let mut t = floor.clone();
    match of {
        Remains::Skull => {
            crossed(&mut t);
            skull(&mut t);
        }
        Remains::Bones => {
            crossed(&mut t);
            bone(&mut t, (20, 8), (25, 14));
        }
        Remains::Few => {
            bone(&mut t, (5, 10), (12, 7));
            bone(&mut t, (18, 20), (26, 24));
        }
    }
    t
}

fn crossed(t: &mut Picture) {
    bone(t, (7, 20), (16, 25));
    bone(t, (6, 26), (14, 19));
}

fn bone(t: &mut Picture, a: (i32, i32), b: (i32, i32)) {
    t.line((a.0, a.1 + 1), (b.0, b.1 + 1), CRYPT[1]);
    t.line(a, b, BONE[2]);
    for end in [a, b] {
        t.dot(end.0, end.1, BONE[3]);
        t.dot(end.0 + 1, end.1, BONE[3]);
        t.dot(end.0, end.1 - 1, BONE[3]);
    }
}

fn skull(t: &mut Picture) {
    let rows = ["..####..", ".######.", "########", "#..##..#", "########", ".##..##.", ".#.##.#."];
    for (dy, row) in (0..).zip(rows) {
        for (dx, c) in (0..).zip(row.chars()) {
            let light = if dx + dy < 5 { BONE[4] } else { BONE[2] };
            let inner = (1..7).contains(&dx) && (3..6).contains(&dy);
            if c == '#' {
                t.dot(17 + dx, 8 + dy, light);
            } else if inner {
                t.dot(17 + dx, 8 + dy, CRYPT[0]);
            }
        }
    }
    t.line((18, 15), (23, 15), CRYPT[1]);
}
