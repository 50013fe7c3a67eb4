//! Effects of magic: light on the ground, rings, whirls.

use crate::effects::{ring, spot, star, strip};
use crate::math::{along, between, cos, noise, sin};
use crate::palette::{GHOST, GOLD, INK, PURPLE, RED, WATER, WHITE};
use crate::picture::{Picture, solid};

/// Healing: green and golden crosses that rise.
pub fn heal() -> Picture {
    strip(48, 5, |p, i| {
        let glow = [0x30, 0x60, 0x70, 0x50, 0x28][i as usize];
        ring(p, (24.0, 40.0), (15.0, 5.5), 15.0, |t, _| {
            (!(0.32..=0.75).contains(&t)).then_some(glow << 24 | GHOST[if t < 0.16 { 4 } else { 3 }])
        });
        for k in 0..7 {
            let x = 10.0 + noise(k, 1, 9) * 28.0;
            let y = 40.0 - noise(k, 2, 9) * 14.0 - i as f32 * (4.5 + noise(k, 3, 9) * 2.0);
            if (k + i) % 6 == 5 {
                continue;
            }
            let big = k % 3 == 0 && (1..4).contains(&i);
            let ramp = if k % 2 == 0 { GHOST } else { GOLD };
            let arms = if big { 2 } else { 1 };
            for a in -arms..=arms {
                let a = a as f32;
                spot(p, (x + a, y), solid(ramp[3]));
                spot(p, (x, y + a), solid(ramp[3]));
            }
            spot(p, (x, y), solid(WHITE));
        }
    })
}

/// The circle at the feet of somebody who casts.
pub fn cast() -> Picture {
    strip(48, 4, |p, i| {
        let at = (24.0, 38.0);
        ring(p, at, (18.0, 7.0), 1.6, |_, _| Some(solid(PURPLE[4])));
        ring(p, at, (13.0, 5.0), 1.3, |_, n| (n > 0.3).then_some(0xc000_0000 | PURPLE[3]));
        for k in 0..8 {
            let d = k as f32 * 45.0 + i as f32 * 11.25;
            let q = (at.0 + sin(d) * 15.5, at.1 - cos(d) * 6.0);
            spot(p, q, solid(WHITE));
            spot(p, (q.0, q.1 - 1.0), solid(PURPLE[4]));
        }
        for k in 0..6 {
            let rise = ((i as f32 * 0.25 + noise(k, 1, 4)) % 1.0) * 26.0;
            let q = (24.0 + (noise(k, 2, 4) - 0.5) * 30.0, 38.0 - rise);
            spot(p, q, solid(if rise < 16.0 { WHITE } else { PURPLE[4] }));
            spot(p, (q.0, q.1 + 1.0), 0xb000_0000 | PURPLE[3]);
        }
    })
}

/// A ring that spreads over the ground.
pub fn nova() -> Picture {
    strip(96, 6, |p, i| {
        let r = [10.0, 21.0, 31.0, 39.0, 44.0, 47.0][i as usize];
        let thick = [9.0, 12.0, 11.0, 8.0, 5.0, 2.5][i as usize];
        let fade: u32 = [0xf0, 0xe8, 0xd0, 0xa8, 0x78, 0x48][i as usize];
        ring(p, (48.0, 48.0), (r, r), thick, |t, n| {
            if t > 0.45 && n < t - 0.15 {
                return None;
            }
            let c = if t < 0.18 {
                WHITE
            } else if t < 0.4 {
                GOLD[4]
            } else if t < 0.7 {
                GOLD[3]
            } else {
                RED[4]
            };
            Some((if t > 0.6 { fade * 2 / 3 } else { fade }) << 24 | c)
        });
        for k in 0..14 {
            let d = k as f32 * 25.7 + noise(k, 1, 2) * 12.0;
            let q = along((48.0, 48.0), d, (r - 3.0 + noise(k, 2, 2) * 5.0).min(46.0));
            spot(p, q, solid(WHITE));
        }
    })
}

/// A new level: a pillar of golden light with stars.
pub fn level_up() -> Picture {
    strip(64, 6, |p, i| {
        let wide: i32 = [3, 9, 12, 10, 6, 2][i as usize];
        let high = [30, 52, 60, 60, 60, 60][i as usize];
        for y in (60 - high)..58 {
            let edge = ((58 - y) as f32 / high as f32 * 10.0) as i32;
            for x in -wide..=wide {
                let a = (0x98 - x.abs() * 8 - edge * 8).max(0x18) as u32 / 16 * 16;
                let c = if x.abs() < wide / 3 {
                    WHITE
                } else if x.abs() < wide * 2 / 3 + 1 {
                    GOLD[4]
                } else {
                    GOLD[3]
                };
                p.put(32 + x, y, a << 24 | c);
            }
        }
        let r = [6.0, 14.0, 20.0, 25.0, 28.0, 30.0][i as usize];
        ring(p, (32.0, 55.0), (r, r * 0.32), 3.0 - i as f32 * 0.3, |t, _| {
            Some(solid(GOLD[if t < 0.5 { 4 } else { 3 }]))
        });
        for k in 0..8 {
            let x = 14.0 + noise(k, 1, 8) * 36.0;
            let y = 56.0 - noise(k, 2, 8) * 20.0 - i as f32 * 6.0;
            star(p, (x, y), 1 + (k + i) % 3, GOLD);
        }
    })
}

/// The distance of a place from the middle of a whirl, and how far it is (0 to 1) from one arm to the next.
pub fn whirl(u: f32, v: f32, spin: f32) -> (f32, f32) {
    let d = (u * u + v * v).sqrt();
    let arm = (0..72)
        .map(|k| k as f32 * 5.0)
        .min_by(|a, b| {
            let near = |t: &f32| (sin(*t) * d - u).abs() + (-cos(*t) * d - v).abs();
            near(a).total_cmp(&near(b))
        })
        .unwrap_or(0.0);
    (d, (arm + d * 260.0 - spin).rem_euclid(120.0) / 120.0)
}

/// A portal: a whirl in an oval of light.
pub fn portal() -> Picture {
    strip(64, 6, |p, i| {
        let at = (32.0, 32.0);
        for y in 0..64 {
            for x in 0..64 {
                let (u, v) = ((x as f32 + 0.5 - at.0) / 20.0, (y as f32 + 0.5 - at.1) / 27.0);
                let (d, turn) = whirl(u, v, i as f32 * 20.0);
                if d >= 1.12 {
                    continue;
                }
                let grain = if (x + y) % 2 == 0 { 0.05 } else { 0.0 };
                let pixel = if d > 1.0 {
                    if noise(x, y, 60 + i as u32) > 0.7 { 0x90 << 24 | PURPLE[4] } else { 0 }
                } else if d > 0.9 {
                    solid(PURPLE[4])
                } else if d > 0.8 {
                    solid(PURPLE[3])
                } else if turn + grain < 0.2 {
                    solid(if d < 0.4 { WHITE } else { PURPLE[4] })
                } else if turn + grain < 0.45 {
                    solid(if d < 0.3 { PURPLE[5] } else { PURPLE[3] })
                } else if d < 0.2 {
                    solid(PURPLE[4])
                } else {
                    0xe8 << 24 | if turn < 0.7 { PURPLE[2] } else { PURPLE[1] }
                };
                p.put(x, y, pixel);
            }
        }
        for k in 0..7 {
            let rise = ((i as f32 / 6.0 + noise(k, 1, 12)) % 1.0) * 50.0;
            let q = (32.0 + (noise(k, 2, 12) - 0.5) * 52.0, 60.0 - rise);
            spot(p, q, solid(WHITE));
            spot(p, (q.0, q.1 + 1.0), 0xa0 << 24 | PURPLE[4]);
        }
    })
}

/// Something holds the feet: bands of light around a place on the ground.
pub fn root() -> Picture {
    strip(48, 2, |p, i| {
        for k in 0..3 {
            let (a, b) = ((8.0 + k as f32 * 12.0, 43.0), (14.0 + k as f32 * 10.0, 30.0 + i as f32));
            for n in 0..14 {
                let q = between(a, b, n as f32 / 13.0);
                let wave = sin(n as f32 * 55.0 + k as f32 * 90.0 + i as f32 * 40.0) * 2.0;
                spot(p, (q.0 + wave, q.1), solid(GHOST[1]));
                spot(p, (q.0 + wave + 1.0, q.1), solid(GHOST[2]));
                spot(p, (q.0 + wave + 2.0, q.1), solid(INK));
            }
        }
    })
}

/// A cold ring that stays on the ground.
pub fn chill() -> Picture {
    strip(48, 4, |p, i| {
        ring(p, (24.0, 24.0), (22.0, 22.0), 22.0, |t, n| {
            let on = (n + i as f32 * 0.25) % 1.0;
            if t < 0.08 {
                Some(0xc0 << 24 | WATER[4])
            } else if on > 0.9 {
                Some(0xb0 << 24 | WATER[5])
            } else {
                Some(0x40 << 24 | WATER[2])
            }
        });
    })
}
