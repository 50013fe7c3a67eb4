//! The picture behind the log-in: dusk over the realm, and three travellers before a gate.

use crate::magic::whirl;
use crate::math::{noise, smooth};
use crate::palette::{Colour, GHOST, GOLD, Ramp, WHITE};
use crate::people::PEOPLE;
use crate::picture::{Picture, mix, solid};
use crate::sheet::person;
use crate::title_land::{MEADOW, halo, hills, meadow};
use crate::title_sky::{dither, mountains, sky};
use crate::trees::{great_oak, pine};
use crate::ui::gate;

/// Width of the scene.
pub const W: i32 = 480;

/// Height of the scene.
pub const H: i32 = 270;

/// Where the far land meets the sky.
pub const HORIZON: i32 = 172;

/// The middle of the gate's foot.
pub const GATE: (i32, i32) = (352, 214);

/// The night's own colour, laid over whatever stands in it.
const DUSK: Colour = 0x1f1b4d;

fn tint(picture: &Picture, amount: f32, toward: Colour) -> Picture {
    let mut t = Picture::new(picture.w, picture.h);
    for y in 0..t.h {
        for x in 0..t.w {
            let c = picture.get(x, y);
            if c != 0 {
                t.dot(x, y, mix(c & 0xff_ffff, toward, amount));
            }
        }
    }
    t
}

fn stone_gate(p: &mut Picture) {
    let arch = gate(132, 3.5, (66.0, 82.0));
    let (x0, y0) = (GATE.0 - 66, GATE.1 - 131);
    for y in 0..arch.h {
        for x in 0..arch.w {
            let c = arch.get(x, y);
            if c == 0 {
                continue;
            }
            let c = c & 0xff_ffff;
            let (r, g, b) = ((c >> 16) as i32, (c >> 8 & 255) as i32, (c & 255) as i32);
            let light = (r > g + 18 && b > g + 18) || (r > 238 && y > 55);
            let rough = smooth(x as f32, y as f32, 4, 256, 2) * 0.6 + noise(x, y, 2) * 0.4 - 0.5;
            let near = (1.0 - ((x - 66).abs() as f32 - 22.0).max(0.0) / 26.0).clamp(0.0, 1.0);
            let out = if light {
                swirl(x0 + x, y0 + y)
            } else {
                let worn = mix(c, if rough > 0.0 { 0xcfc6d8 } else { 0x1a1735 }, (rough.abs() * 0.9).min(0.3));
                mix(mix(worn, DUSK, 0.34), 0xd9a0ec, near * near * 0.34)
            };
            p.dot(x0 + x, y0 + y, out);
        }
    }
    for (x, y) in [(-34, -22), (-34, -40), (-34, -58), (33, -22), (33, -40), (33, -58)] {
        let (x, y) = (GATE.0 + x, GATE.1 + y);
        for (dx, dy) in [(0, 0), (0, 1), (0, 2), (1, 3), (-1, 1), (1, -1), (0, -2)] {
            p.dot(x + dx, y + dy, if dy == 1 { WHITE } else { GHOST[3] });
        }
    }
}

/// The whirl of light inside the gate.
fn swirl(x: i32, y: i32) -> Colour {
    let (u, v) = ((x - GATE.0) as f32 / 24.0, (y - GATE.1 + 44) as f32 / 46.0);
    let (d, turn) = whirl(u, v, 40.0);
    let arm = if turn < 0.5 { turn * 2.0 } else { 2.0 - turn * 2.0 };
    let value = 1.06 - d * 0.62 - arm * 0.34 + (dither(x, y) - 0.5) * 0.10;
    let light: Ramp = &[0x44285f, 0x6e418c, 0x8a55a6, 0xa26bbd, 0xbd88d0, 0xd5a6e0, 0xe8c8ec, 0xf5dff2, WHITE];
    light[((value * 8.0).clamp(0.0, 8.0)) as usize]
}

fn travellers(p: &mut Picture) {
    for (name, x, y) in [("warrior", 281, 246), ("ranger", 252, 254), ("cleric", 306, 257)] {
        let Some((_, look)) = PEOPLE.iter().find(|(n, _)| n.ends_with(name)) else { continue };
        let sheet = person(look, false);
        let mut one = Picture::new(48, 48);
        for dy in 0..48 {
            for dx in 0..48 {
                one.put(dx, dy, sheet.get(dx, dy + 48));
            }
        }
        for dy in -3..4_i32 {
            let half = 15 - dy * dy;
            for dx in -half..half {
                let (sx, sy) = (x + dx - 5, y + dy);
                p.dot(sx, sy, mix(p.get(sx, sy) & 0xff_ffff, MEADOW[0], 0.55));
            }
        }
        let dark = tint(&one, 0.36, DUSK);
        for dy in 0..48 {
            for dx in 0..48 {
                let c = dark.get(dx, dy);
                if c == 0 {
                    continue;
                }
                // The gate shines on their right side.
                let rim = one.get(dx + 1, dy) == 0 || (one.get(dx + 2, dy - 1) == 0 && one.get(dx + 1, dy) != 0);
                let c = c & 0xff_ffff;
                p.put(x - 24 + dx, y - 42 + dy, solid(if rim { mix(c, 0xe0b0f0, 0.30) } else { c }));
            }
        }
    }
}

fn framing(p: &mut Picture) {
    for (x, y, seed) in [(444, 228, 3), (470, 236, 8), (420, 222, 5), (262, 221, 2)] {
        p.lay(&tint(&pine(seed), 0.66, DUSK), x - 24, y - 80);
    }
    let oak = tint(&great_oak(3), 0.60, DUSK);
    p.lay(&oak, -84, 240 - oak.h);
    for x in 0..W {
        let edge = ((x - 240).abs() as f32 / 240.0).powi(3);
        let high =
            (edge * 24.0 + smooth(x as f32, 2.0, 8, 512, 90) * 12.0 * edge + noise(x, 3, 90) * 3.0 * edge) as i32;
        for k in 0..high {
            p.dot(x, H - 1 - k, if k > high - 3 { 0x182a3c } else { 0x0e1728 });
        }
    }
    for i in 0..22 {
        let (x, y) = ((noise(i, 1, 66) * W as f32) as i32, 196 + (noise(i, 2, 66) * 66.0) as i32);
        p.dot(x, y, GOLD[4]);
        for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
            p.dot(x + dx, y + dy, mix(p.get(x + dx, y + dy) & 0xff_ffff, GOLD[3], 0.35));
        }
    }
}

/// The scene, 480 by 270, in at most 256 colours.
pub fn title() -> Picture {
    let mut p = Picture::new(W, H);
    sky(&mut p);
    mountains(&mut p);
    hills(&mut p);
    halo(&mut p);
    meadow(&mut p);
    stone_gate(&mut p);
    framing(&mut p);
    travellers(&mut p);
    few_colours(&p)
}

/// Rounds colours until there are few enough for a palette.
fn few_colours(p: &Picture) -> Picture {
    let mut count = std::collections::BTreeMap::new();
    for i in 0..W * H {
        *count.entry(p.get(i % W, i / W) & 0xff_ffff).or_insert(0u32) += 1;
    }
    let mut by_use: Vec<(Colour, u32)> = count.into_iter().collect();
    by_use.sort_by_key(|c| (std::cmp::Reverse(c.1), c.0));
    let far = |a: Colour, b: Colour| {
        let part = |s: u32| ((a >> s & 255) as i32 - (b >> s & 255) as i32).pow(2);
        part(16) * 3 + part(8) * 4 + part(0) * 2
    };
    let mut kept: Vec<Colour> = Vec::new();
    let mut into = std::collections::BTreeMap::new();
    for (c, _) in by_use {
        let near = kept.iter().copied().min_by_key(|&k| far(k, c));
        match near {
            Some(k) if far(k, c) < 420 || kept.len() >= 128 => into.insert(c, k),
            _ => {
                kept.push(c);
                into.insert(c, c)
            }
        };
    }
    let mut out = Picture::new(W, H);
    for i in 0..W * H {
        let (x, y) = (i % W, i / W);
        out.dot(x, y, into[&(p.get(x, y) & 0xff_ffff)]);
    }
    out
}
