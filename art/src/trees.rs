//! Things taller than a tile: trees and boulders. They stand on the middle of the lower edge of their picture.

use crate::math::{V, noise};
use crate::palette::{FOREST, GRASS, Ramp, STONE, WOOD};
use crate::picture::Picture;
use crate::sculpt::Sculpt;

/// Bark that is darker than planks.
const BARK: Ramp = &[0x25182a, 0x3b2632, 0x573a39, 0x775043, 0x99704f, 0xb98f62];

/// An oak with a wide crown.
pub fn oak(seed: u32) -> Picture {
    let mut s = Sculpt::new(64, 80, (32.0, 76.0));
    s.limb(BARK, (0.0, -24.0), (0.0, -3.0), 4.4, 5.2).grain = 0.5;
    for x in [-6.5, 6.0] {
        s.limb(BARK, (x * 0.3, -5.0), (x, -0.8), 2.8, 1.4).grain = 0.4;
    }
    s.limb(BARK, (0.0, -22.0), (-11.0, -33.0), 3.0, 1.8).light = -0.2;
    s.limb(BARK, (0.0, -22.0), (11.0, -34.0), 3.0, 1.8).light = -0.2;
    let clumps: [(f32, f32, f32, f32); 13] = [
        (0.0, -33.0, 17.0, -0.34),
        (-15.0, -34.0, 11.0, -0.26),
        (15.0, -35.0, 11.5, -0.34),
        (-6.0, -27.5, 9.0, -0.30),
        (8.0, -28.0, 9.0, -0.34),
        (-19.0, -43.0, 9.5, -0.10),
        (19.5, -44.0, 9.0, -0.22),
        (2.0, -42.0, 13.0, -0.12),
        (-10.0, -50.0, 12.0, 0.0),
        (12.0, -52.0, 11.5, -0.08),
        (-2.0, -59.0, 11.0, 0.06),
        (-12.0, -40.0, 8.0, -0.02),
        (5.0, -47.0, 8.0, 0.02),
    ];
    for (i, (x, y, r, light)) in (0..).zip(clumps) {
        let (jx, jy) = (noise(i, 1, seed) * 3.0 - 1.5, noise(i, 2, seed) * 3.0 - 1.5);
        let clump = s.layer().ell(GRASS, x + jx, y + jy, r, r * 0.86);
        clump.light = light - 0.06;
        clump.grain = 0.55;
    }
    let mut p = s.render();
    leaves(&mut p, GRASS, seed);
    p
}

/// An old oak, 190 by 210, that frames a scene.
pub fn great_oak(seed: u32) -> Picture {
    let mut s = Sculpt::new(190, 210, (95.0, 206.0));
    s.limb(BARK, (2.0, -90.0), (0.0, -12.0), 10.0, 14.0).grain = 0.7;
    for (x, y) in [(-26.0, -1.0), (24.0, -1.5), (-10.0, 0.0), (12.0, 0.5)] {
        s.limb(BARK, (x * 0.3, -20.0), (x, y), 7.0, 2.4).grain = 0.6;
    }
    for (x, y) in [(-50.0, -118.0), (52.0, -112.0), (20.0, -130.0)] {
        s.limb(BARK, (0.0, -76.0), (x, y), 7.0, 3.0).grain = 0.5;
    }
    for row in 0..9 {
        let y = -84.0 - row as f32 * 12.5;
        let half = [66.0, 80.0, 86.0, 86.0, 82.0, 74.0, 62.0, 46.0, 24.0][row as usize];
        for k in 0..10 {
            let t = (k as f32 + noise(row, k, seed) * 0.9) / 5.0 - 1.0;
            let (x, y) = (t * half, y + noise(k, row, seed ^ 9) * 10.0 - 5.0);
            let r = 9.0 + noise(row, k, seed ^ 4) * 6.0;
            let clump = s.layer().ell(GRASS, x, y, r, r * 0.8);
            clump.light = -0.34 + row as f32 * 0.05 - t * 0.08;
            clump.grain = 0.8;
        }
    }
    let mut p = s.render();
    leaves(&mut p, GRASS, seed);
    p
}

/// Small leaves at the edge of a crown, so that it is not made of circles.
fn leaves(p: &mut Picture, ramp: Ramp, seed: u32) {
    let before = p.clone();
    let edge = crate::picture::solid(ramp[0]);
    for y in 1..p.h - 24 {
        for x in 1..p.w - 1 {
            if before.get(x, y) == edge && noise(x, y, seed) > 0.62 {
                for (dx, dy) in [(1, 0), (-1, 0), (0, -1), (0, 1)] {
                    if before.get(x + dx, y + dy) == 0 {
                        p.dot(x + dx, y + dy, ramp[0]);
                        p.dot(x, y, ramp[if dx + dy < 0 { 3 } else { 1 }]);
                    }
                }
            }
        }
    }
}

/// A pine of jagged tiers.
pub fn pine(seed: u32) -> Picture {
    let mut s = Sculpt::new(48, 80, (24.0, 76.0));
    s.limb(BARK, (0.0, -18.0), (0.0, -2.0), 3.0, 3.6).grain = 0.5;
    for x in [-4.5, 4.2] {
        s.limb(BARK, (x * 0.3, -4.0), (x, -0.8), 2.0, 1.1);
    }
    let tiers =
        [(-10.0, 20.5, 24.0), (-21.0, 18.5, 22.0), (-32.0, 15.5, 21.0), (-43.0, 12.0, 19.0), (-54.0, 8.0, 18.0)];
    for (i, (y, half, high)) in (0..).zip(tiers) {
        let mut points: Vec<V> = vec![(0.0, y - high)];
        let teeth = 4;
        for k in (0..=2 * teeth).rev() {
            let t = k as f32 / teeth as f32 - 1.0;
            let drop = if k % 2 == 0 { 0.0 } else { -3.2 };
            let sag = 3.0 * (1.0 - t * t) + noise(i, k, seed) * 2.4;
            points.push((t * half, y + drop + sag - 1.5));
        }
        let tier = s.layer().plate(FOREST, &points, 7.0);
        tier.grain = 0.5;
        tier.light = -0.16 + i as f32 * 0.045;
    }
    s.render()
}

/// A boulder, facetted.
pub fn boulder(seed: u32) -> Picture {
    let mut s = Sculpt::new(40, 40, (20.0, 36.0));
    let m = if seed.is_multiple_of(2) { 1.0 } else { -1.0 };
    s.ell(STONE, 0.0, -10.0, 17.0, 11.5).grain = 0.25;
    s.ell(STONE, -3.0 * m, -16.0, 12.0, 12.0).grain = 0.25;
    let face = s.plate(STONE, &[(-9.0 * m, -24.0), (0.0, -27.0), (6.0 * m, -22.0), (-m, -17.0)], 2.0);
    face.light = 0.16;
    face.grain = 0.2;
    let side = s.plate(STONE, &[(6.0 * m, -22.0), (13.0 * m, -13.0), (9.0 * m, -3.0), (0.0, -9.0), (-m, -17.0)], 2.0);
    side.light = -0.14;
    side.grain = 0.25;
    s.layer().ell(STONE, 12.0 * m, -4.0, 5.6, 4.2).grain = 0.2;
    s.thread((-8.0 * m, -13.0), (-5.0 * m, -8.0), STONE[1]);
    s.thread((-5.0 * m, -8.0), (-6.0 * m, -4.0), STONE[1]);
    let mut p = s.render();
    for i in 0..26 {
        let (x, y) = (5 + (noise(i, 1, seed) * 30.0) as i32, 26 + (noise(i, 2, seed) * 9.0) as i32);
        if p.get(x, y) != 0 && p.get(x, y + 3) != 0 {
            p.dot(x, y, GRASS[3]);
            p.dot(x + 1, y, GRASS[2]);
        }
    }
    p
}

/// A dead tree.
pub fn dead_tree(seed: u32) -> Picture {
    let mut s = Sculpt::new(48, 72, (24.0, 68.0));
    s.limb(BARK, (1.0, -30.0), (0.0, -2.0), 3.4, 5.0).grain = 0.6;
    for x in [-7.0, 6.5] {
        s.limb(BARK, (x * 0.3, -4.0), (x, -0.8), 2.4, 1.1).grain = 0.4;
    }
    let w = noise(1, 1, seed) * 4.0;
    let branches: [(V, V, V); 4] = [
        ((1.0, -28.0), (-9.0, -40.0), (-17.0, -50.0 - w)),
        ((1.0, -30.0), (8.0, -44.0), (6.0, -60.0)),
        ((5.0, -40.0), (14.0, -46.0), (18.0, -54.0 + w)),
        ((0.0, -18.0), (9.0, -24.0), (15.0, -30.0)),
    ];
    for (a, b, c) in branches {
        s.limb(BARK, a, b, 2.6, 1.7).grain = 0.5;
        s.limb(BARK, b, c, 1.7, 0.6).grain = 0.3;
        s.limb(BARK, b, (b.0 - 3.0, b.1 - 8.0), 1.2, 0.5);
    }
    s.dab(-1.0, -14.0, WOOD[0]);
    s.dab(0.0, -14.0, WOOD[0]);
    s.dab(-1.0, -13.0, WOOD[0]);
    s.dab(0.0, -12.5, BARK[4]);
    s.render()
}
