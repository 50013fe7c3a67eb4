//! The land at dusk: castle, hills, lake and meadow, for the picture behind the log-in.

use crate::math::{between, noise, smooth};
use crate::palette::{Colour, GOLD, Ramp};
use crate::picture::{Picture, mix};
use crate::title::{GATE, H, W};
use crate::title_sky::{SKY, dither, step};

/// Grass at dusk.
pub const MEADOW: Ramp = &[0x0f1a2c, 0x152638, 0x1b3541, 0x254846, 0x365f4c, 0x567c55];

/// A small castle on a far hill.
fn castle(p: &mut Picture, x: i32, y: i32) {
    let (wall, shade, lit) = (0x3a2f66, 0x2c2657, 0x7a5488);
    let tower = |p: &mut Picture, x: i32, w: i32, h: i32| {
        p.rect(x, y - h, w, h + 6, wall);
        p.rect(x, y - h, 1, h + 6, lit);
        p.rect(x + w - 2, y - h, 2, h + 6, shade);
        for i in (0..w).step_by(2) {
            p.rect(x + i, y - h - 2, 1, 2, wall);
        }
    };
    let spire = |p: &mut Picture, x: i32, w: i32, h: i32| {
        for i in 0..h {
            let half = w * (i + 1) / (2 * h);
            p.rect(x - half, y - 60 + i, 2 * half + 1, 1, if i % 5 == 4 { 0x45285c } else { 0x5b2f63 });
            p.dot(x - half, y - 60 + i, 0xa45c7e);
        }
    };
    tower(p, x, 34, 12);
    tower(p, x - 6, 9, 24);
    tower(p, x + 30, 9, 22);
    tower(p, x + 11, 11, 40);
    spire(p, x + 16, 15, 19);
    p.rect(x + 16, y - 66, 1, 7, shade);
    p.rect(x + 17, y - 66, 5, 2, 0xc8455a);
    p.rect(x + 17, y - 64, 3, 1, 0xc8455a);
    for (dx, dy) in [(16, -32), (13, -24), (19, -24), (-2, -16), (34, -15), (5, -6), (25, -6), (-3, -10), (33, -8)] {
        p.rect(x + dx, y + dy, 2, 3, GOLD[3]);
        p.dot(x + dx, y + dy, GOLD[4]);
    }
}

/// Wooded hills between the mountains and the meadow, and the lake.
pub fn hills(p: &mut Picture) {
    for x in 0..W {
        for y in 178..200 {
            let mirror = p.get(x, 2 * 180 - y - 26) & 0xff_ffff;
            let streak = smooth(x as f32 * 0.3, y as f32 * 3.0, 4, 512, 8);
            let c = if streak > 0.66 { mix(mirror, SKY[10], 0.5) } else { mix(mirror, 0x3b3a7c, 0.38) };
            p.dot(x, y, c);
        }
    }
    let layers: [(f32, f32, i32, u32, Colour, Colour, i32); 2] =
        [(183.0, 26.0, 120, 71, 0x2f2d62, 0x433a72, 5), (199.0, 30.0, 160, 83, 0x1d2749, 0x2b3859, 8)];
    for (base, high, cell, seed, dark, light, tree) in layers {
        if tree == 8 {
            castle(p, 106, 152);
        }
        let knoll =
            |x: i32| if tree == 5 { 27.0 * (1.0 - ((x - 123) as f32 / 74.0).abs().min(1.0).powi(2)) } else { 0.0 };
        let top = |x: i32| {
            let dip = 1.0 - (-((x - 205) as f32 / 62.0).powi(2)).max(-1.0).abs();
            base - smooth(x as f32, 0.0, cell, 1024, seed) * high * (1.0 - dip) + dip * 14.0 - knoll(x)
        };
        for x in 0..W {
            for y in top(x) as i32..230 {
                p.dot(x, y, if y < top(x) as i32 + 2 { light } else { dark });
            }
        }
        for x in (0..W).filter(|&x| noise(x, 1, seed) > 0.62 && !(tree == 5 && (92..156).contains(&x))) {
            let h = tree + (noise(x, 2, seed) * tree as f32 * 1.1) as i32;
            let y0 = top(x) as i32 - h + 2;
            for i in 0..h {
                let half = (i * 2 / 5) - i32::from(i % 4 == 0);
                p.rect(x - half, y0 + i, 2 * half + 1, 1, dark);
                p.dot(x - half, y0 + i, light);
            }
        }
    }
}

/// The ground's upper edge in front.
pub fn ground_top(x: i32) -> i32 {
    let mound = |at: i32, wide: f32, high: f32| {
        let t = ((x - at) as f32 / wide).abs().min(1.0);
        high * (1.0 - t * t * (3.0 - 2.0 * t))
    };
    (224.0 - mound(GATE.0, 190.0, 20.0) - mound(-20, 170.0, 24.0) + smooth(x as f32, 5.0, 16, 512, 3) * 3.0) as i32
}

/// The middle and half width of the path at a height.
fn path(y: i32) -> (f32, f32) {
    let t = ((y - GATE.1) as f32 / (H - GATE.1) as f32).clamp(0.0, 1.0);
    let bend = between((GATE.0 as f32, 11.0), (236.0, 46.0), t * t * 0.55 + t * 0.45);
    (bend.0 + (smooth(y as f32, 1.0, 8, 512, 6) - 0.5) * 9.0 * t, bend.1)
}

/// The meadow in front, with the path to the gate.
pub fn meadow(p: &mut Picture) {
    for x in 0..W {
        for y in ground_top(x)..H {
            let below = (y - ground_top(x)) as f32;
            let (dx, dy) = ((x - GATE.0) as f32 / 150.0, (y - GATE.1) as f32 / 52.0);
            let glow = (1.0 - (dx * dx + dy * dy).sqrt()).max(0.0);
            let patch = smooth(x as f32, y as f32 * 2.0, 8, 512, 12) - 0.5;
            let rim = if below < 2.0 { 0.2 } else { 0.0 };
            let value = 0.46 + patch * 0.28 + glow * 0.42 - below / 130.0 + rim;
            let mut c = step(MEADOW, value, x, y);
            let (middle, half) = path(y);
            let off = (x as f32 - middle).abs() + (noise(x, y, 8) - 0.5) * 3.0;
            if y >= GATE.1 - 2 && off < half {
                let earth: Ramp = &[0x2b2240, 0x40304c, 0x5a4355, 0x7c5d63, 0xa07c76, 0xc9a593];
                c = step(earth, 0.32 + patch * 0.25 + glow * 0.62 - if off > half - 2.5 { 0.2 } else { 0.0 }, x, y);
                if noise(x / 4, y / 2, 9) > 0.93 && off < half - 3.0 {
                    c = mix(c, if y % 2 == 0 { 0xd9c0b8 } else { 0x2b2240 }, 0.35);
                }
            }
            p.dot(x, y, c);
        }
    }
    tufts(p);
}

fn tufts(p: &mut Picture) {
    for i in 0..520 {
        let (x, y) = ((noise(i, 1, 40) * W as f32) as i32, 206 + (noise(i, 2, 40) * 66.0) as i32);
        let (middle, half) = path(y);
        if y < ground_top(x) + 1 || (y >= GATE.1 - 2 && (x as f32 - middle).abs() < half + 1.0) {
            continue;
        }
        let h = 2 + (y - 200) / 16;
        let base = (p.get(x, y) & 0xff_ffff, MEADOW[1 + (i % 2) as usize]);
        for k in 0..h {
            p.dot(x, y - k, mix(base.0, MEADOW[5], 0.10 + 0.10 * k as f32));
            if k < h - 1 {
                p.dot(x - 2 + k / 3, y - k, base.1);
                p.dot(x + 2 - k / 3, y - k, mix(base.0, MEADOW[4], 0.4));
            }
        }
        if i % 9 == 0 {
            p.dot(x, y - h, [0xf2a7c0, 0xf6d38a, 0xd8d4ff][(i / 9 % 3) as usize]);
            p.dot(x + 1, y - h, [0xc96a9a, 0xd9a45e, 0xa9a4e6][(i / 9 % 3) as usize]);
        }
    }
}

/// Light around the gate, in steps.
pub fn halo(p: &mut Picture) {
    for y in 60..ground_top(GATE.0) {
        for x in 210..W {
            let (dx, dy) = ((x - GATE.0) as f32 / 118.0, (y - GATE.1 + 46) as f32 / 104.0);
            let d = 1.0 - (dx * dx + dy * dy).sqrt();
            if d > 0.0 {
                let level = (d * 6.0 + dither(x, y)).floor() / 6.0;
                p.dot(x, y, mix(p.get(x, y) & 0xff_ffff, 0xc58be0, level * 0.62));
            }
        }
    }
}
