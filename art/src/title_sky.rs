//! The sky at dusk and the mountains below it, for the picture behind the log-in.

use crate::math::{noise, smooth};
use crate::palette::{Colour, Ramp, WHITE};
use crate::picture::{Picture, mix};
use crate::title::{H, HORIZON, W};

/// Colours of the sky from the top down.
pub const SKY: Ramp = &[
    0x17153c, 0x1e1b4b, 0x29235c, 0x3b2c6e, 0x57367d, 0x7a4388, 0xa1528b, 0xc96a86, 0xe88a7c, 0xf6b07a, 0xfcd48e,
    0xfdeab4,
];

/// Threshold of an ordered dither, 0..1.
pub fn dither(x: i32, y: i32) -> f32 {
    const GRID: [[u8; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];
    (f32::from(GRID[(y & 3) as usize][(x & 3) as usize]) + 0.5) / 16.0
}

/// A step of a ramp for a value in `0..1`, with a narrow dither between steps.
pub fn step(ramp: Ramp, value: f32, x: i32, y: i32) -> Colour {
    let v = value.clamp(0.0, 0.999) * (ramp.len() as f32 - 1.0);
    let part = v - v.floor();
    let edge = ((part - 0.5) * 2.6 + 0.5).clamp(0.0, 1.0);
    let up = usize::from(edge > dither(x, y));
    ramp[v.floor() as usize + up]
}

/// Dusk, clouds, stars and a crescent.
pub fn sky(p: &mut Picture) {
    for y in 0..H {
        for x in 0..W {
            let (dx, dy) = ((x - 196) as f32 / 300.0, (y - HORIZON) as f32 / 150.0);
            let sun = (1.0 - (dx * dx + dy * dy).sqrt()).max(0.0);
            let height = (y as f32 / 158.0).min(1.0);
            let cloud = smooth(x as f32 * 0.45, y as f32 * 2.6, 16, 512, 4) * 0.65
                + smooth(x as f32, y as f32 * 5.0, 8, 512, 5) * 0.35;
            let band = if cloud > 0.62 && y > 34 {
                0.07
            } else if cloud < 0.30 && y > 60 {
                -0.05
            } else {
                0.0
            };
            p.dot(x, y, step(SKY, height * (0.25 + height * 0.43) + sun * sun * 0.34 + band, x, y));
        }
    }
    for i in 0..150 {
        let (x, y) = ((noise(i, 1, 1) * W as f32) as i32, (noise(i, 2, 1).powi(2) * 112.0) as i32);
        let bright = noise(i, 3, 1);
        p.dot(
            x,
            y,
            if bright > 0.75 {
                WHITE
            } else if bright > 0.4 {
                0xb9b4e0
            } else {
                0x6f68ac
            },
        );
        if bright > 0.95 {
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                p.dot(x + dx, y + dy, 0x8f88c8);
            }
        }
    }
    // Right of the middle: the logo and the words stand on the left.
    moon(p, (292, 40), 13);
}

fn moon(p: &mut Picture, at: (i32, i32), r: i32) {
    for dy in -r..=r {
        for dx in -r..=r {
            let (lit, hid) = (dx * dx + dy * dy, (dx - 7) * (dx - 7) + (dy + 4) * (dy + 4));
            if lit < r * r && hid > r * r - 18 {
                p.dot(at.0 + dx, at.1 + dy, if lit > r * r - 40 { 0xf7ead0 } else { WHITE });
            }
        }
    }
}

/// The height of a ridge: rough, with peaks.
fn ridge(x: i32, cell: i32, seed: u32) -> f32 {
    let at = |c: i32, s: u32| smooth(x as f32, 0.0, c, 1024, seed + s);
    let peak = 1.0 - (at(cell, 0) * 2.0 - 1.0).abs();
    peak * 0.62 + at(cell / 2, 1) * 0.24 + at((cell / 6).max(2), 2) * 0.11 + at((cell / 14).max(2), 3) * 0.05
}

/// Two ranges of mountains with the last light on them.
pub fn mountains(p: &mut Picture) {
    let layers: [(f32, f32, i32, u32, Ramp); 2] = [
        (172.0, 66.0, 96, 31, &[0x6d4889, 0x87558f, 0xa8698f, 0xe0a08c]),
        (182.0, 56.0, 72, 57, &[0x3d326f, 0x4c3b7c, 0x634885, 0x8d5d8a]),
    ];
    for (base, high, cell, seed, ramp) in layers {
        for x in 0..W {
            let top = base - ridge(x, cell, seed) * high;
            for y in top as i32..200 {
                let below = y as f32 - top;
                let slope =
                    ridge(x + 3 + (below * 0.35) as i32, cell, seed) - ridge(x - 3 + (below * 0.35) as i32, cell, seed);
                let facet = smooth(x as f32 + below * 0.6, y as f32 * 0.5, 8, 1024, seed + 9) - 0.5;
                let lit = (-slope * 4.5 + facet * 0.9).clamp(-1.0, 1.0);
                let t = 0.34 + lit * 0.36 - (below / 150.0);
                let snow = below < 5.0 + facet * 9.0 && base < 175.0 && top < base - high * 0.55;
                let colour = if snow { ramp[if lit > 0.0 { 3 } else { 2 }] } else { step(&ramp[..3], t, x, y) };
                p.dot(x, y, mix(colour, SKY[7], ((y as f32 - 130.0) / 260.0).clamp(0.0, 0.25)));
            }
        }
    }
}
