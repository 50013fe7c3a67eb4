//! Effects: strips of square frames. Here are those of fighting.

use crate::magic::{cast, chill, heal, level_up, nova, portal, root};
use crate::math::{V, along, cos, noise, sin};
use crate::palette::{BONE, FLASH, GHOST, GOLD, RED, Ramp, STEEL, WHITE, WOOD};
use crate::picture::{Picture, solid};
use crate::sculpt::Sculpt;

/// A strip of frames made by a function of the frame's number.
pub fn strip(size: i32, frames: i32, draw: impl Fn(&mut Picture, i32)) -> Picture {
    let mut all = Picture::new(size * frames, size);
    for i in 0..frames {
        let mut one = Picture::new(size, size);
        draw(&mut one, i);
        all.lay(&one, i * size, 0);
    }
    all
}

/// Sets the pixel that holds a point.
pub fn spot(p: &mut Picture, at: V, pixel: u32) {
    p.put(at.0.floor() as i32, at.1.floor() as i32, pixel);
}

/// A four-pointed star.
pub fn star(p: &mut Picture, at: V, r: i32, ramp: Ramp) {
    for i in -r..=r {
        let c = if i.abs() * 2 > r { ramp[3] } else { ramp[4] };
        spot(p, (at.0 + i as f32, at.1), solid(c));
        spot(p, (at.0, at.1 + i as f32), solid(c));
    }
    spot(p, at, solid(WHITE));
}

/// An ellipse's ring of pixels with a colour by a function of the angle.
pub fn ring(p: &mut Picture, at: V, r: V, thick: f32, colour: impl Fn(f32, f32) -> Option<u32>) {
    for y in 0..p.h {
        for x in 0..p.w {
            let (u, v) = ((x as f32 + 0.5 - at.0) / r.0, (y as f32 + 0.5 - at.1) / r.1);
            let d = (u * u + v * v).sqrt();
            let from_edge = (1.0 - d) * r.0;
            if from_edge >= 0.0
                && from_edge < thick
                && let Some(c) = colour(from_edge / thick, noise(x, y, 3))
            {
                p.put(x, y, c);
            }
        }
    }
}

/// A cut through the air, for a view to the right.
fn slash() -> Picture {
    strip(48, 5, |p, i| {
        let (from, to) = [(-40.0, 10.0), (-40.0, 70.0), (-20.0, 130.0), (40.0, 150.0), (105.0, 160.0)][i as usize];
        for y in 0..48 {
            for x in 0..48 {
                let (dx, dy) = (x as f32 - 17.5, y as f32 - 23.5);
                let r = (dx * dx + dy * dy).sqrt();
                let at = (0..140).map(|k| k as f32 * 2.0 - 60.0).min_by(|a, b| {
                    let near = |d: &f32| (sin(*d) * r - dx).abs() + (-cos(*d) * r - dy).abs();
                    near(a).total_cmp(&near(b))
                });
                let deg = at.unwrap_or(0.0);
                if deg <= from || deg >= to || r < 4.0 {
                    continue;
                }
                let t = (deg - from) / (to - from);
                let wide = 8.5 * (t * (1.05 - t) * 3.4).min(1.0);
                let depth = 22.0 - r;
                if depth >= 0.0 && depth < wide {
                    let q = depth / wide;
                    let late = i > 2;
                    let c = if q < 0.22 || (q < 0.5 && t > 0.6) {
                        WHITE
                    } else if q < 0.55 {
                        STEEL[4]
                    } else {
                        STEEL[3]
                    };
                    let alpha = if q > 0.7 || late { 0xa0 } else { 0xf0 };
                    p.put(x, y, alpha << 24 | c);
                }
            }
        }
    })
}

/// A hit: a burst of sparks.
fn hit() -> Picture {
    strip(32, 4, |p, i| {
        let at = (16.0, 16.0);
        if i < 2 {
            let mut s = Sculpt::new(32, 32, at);
            let r = [7.0, 11.0][i as usize];
            let points: Vec<V> = (0..16)
                .map(|k| along((0.0, 0.0), k as f32 * 22.5 + 6.0, if k % 2 == 0 { r } else { r * 0.45 }))
                .collect();
            let part = s.plate(GOLD, &points, 5.0);
            part.light = 0.3;
            part.bare = true;
            s.ell(&[WHITE, WHITE], 0.0, 0.0, r * 0.42, r * 0.42).bare = true;
            p.lay(&s.render(), 0, 0);
        }
        for k in 0..9 {
            let d = k as f32 * 40.0 + noise(k, 1, 5) * 22.0;
            let r = [5.0, 9.0, 12.5, 14.5][i as usize] * (0.8 + noise(k, 2, 5) * 0.3);
            spot(p, along(at, d, r), solid(if i < 3 { GOLD[4] } else { GOLD[3] }));
            if i < 3 {
                spot(p, along(at, d, r - 1.3), solid(GOLD[3]));
                spot(p, along(at, d, r - 2.4), solid(RED[4]));
            }
        }
    })
}

/// Blood, or rather red drops.
fn blood() -> Picture {
    strip(32, 4, |p, i| {
        for k in 0..11 {
            let d = -70.0 + noise(k, 1, 6) * 140.0;
            let far = [3.0, 7.0, 10.0, 12.0][i as usize] * (0.5 + noise(k, 2, 6) * 0.7);
            let fall = [0.0, 0.5, 3.0, 8.0][i as usize];
            let q = along((16.0, 15.0), d, far);
            let q = (q.0, q.1 + fall);
            spot(p, q, solid(RED[3]));
            if i < 3 && k % 2 == 0 {
                spot(p, (q.0 + 1.0, q.1), solid(RED[2]));
                spot(p, (q.0, q.1 + 1.0), solid(RED[1]));
            }
        }
    })
}

/// A bag on the ground, and the same bag with a glint.
fn loot() -> Picture {
    strip(32, 2, |p, i| {
        let mut s = Sculpt::new(32, 32, (16.0, 28.0));
        s.ell(WOOD, 0.0, -7.0, 8.6, 7.6);
        s.ell(WOOD, 0.0, -3.6, 9.2, 4.2);
        s.layer().plate(WOOD, &[(-4.5, -18.0), (4.5, -18.5), (2.6, -13.0), (-2.6, -13.0)], 2.0).light = 0.05;
        s.layer().limb(GOLD, (-3.2, -13.2), (3.2, -13.2), 1.2, 1.2);
        s.layer().ell(GOLD, 0.0, -6.0, 2.6, 2.6);
        s.dab(-0.5, -6.5, WHITE);
        s.layer().ell(GOLD, 8.0, -1.6, 2.4, 1.6);
        p.lay(&s.render(), 0, 0);
        if i == 1 {
            star(p, (9.0, 14.0), 3, GOLD);
            star(p, (24.0, 24.0), 1, GOLD);
        }
    })
}

/// A twinkle.
fn sparkle() -> Picture {
    strip(16, 4, |p, i| {
        star(p, (8.0, 8.0), [1, 3, 5, 2][i as usize], GOLD);
        if i == 2 {
            for (dx, dy) in [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)] {
                spot(p, (8.0 + dx, 8.0 + dy), solid(GOLD[4]));
            }
        }
    })
}

/// An arrow that flies east.
fn arrow(head: Ramp, fletching: Ramp) -> Picture {
    strip(32, 1, |p, _| {
        let mut s = Sculpt::new(32, 32, (16.0, 16.5));
        for (x, dy) in [(-10.0, 2.4), (-10.0, -2.4), (-8.0, 2.4), (-8.0, -2.4)] {
            s.limb(fletching, (x + 2.0, 0.0), (x - 0.6, dy), 0.9, 0.7).light = 0.1;
        }
        s.layer().limb(WOOD, (-9.0, 0.0), (8.0, 0.0), 0.8, 0.8).light = 0.25;
        s.layer().plate(head, &[(6.5, -2.8), (12.5, 0.0), (6.5, 2.8), (7.6, 0.0)], 1.3).light = 0.1;
        p.lay(&s.render(), 0, 0);
    })
}

/// A bolt of light that flies east.
fn bolt(ramp: Ramp) -> Picture {
    strip(32, 1, |p, _| {
        for k in 0..40 {
            let t = noise(k, 1, 3);
            let q = (4.0 + t * 15.0, 16.0 + (noise(k, 2, 3) - 0.5) * 10.0 * t);
            spot(p, q, (if t < 0.4 { 0x80 } else { 0xc0 }) << 24 | ramp[if t < 0.5 { 2 } else { 3 }]);
        }
        let mut s = Sculpt::new(32, 32, (16.0, 16.5));
        s.limb(ramp, (5.0, 0.0), (-9.0, 0.0), 4.2, 0.8).light = 0.1;
        s.ell(FLASH, 5.0, 0.0, 3.4, 3.2).bare = true;
        s.limb(FLASH, (4.5, 0.0), (-2.0, 0.0), 1.6, 0.5).bare = true;
        p.lay(&s.render(), 0, 0);
    })
}

/// Every strip by its name.
pub fn all() -> Vec<(&'static str, Picture)> {
    vec![
        ("slash", slash()),
        ("hit", hit()),
        ("heal", heal()),
        ("cast", cast()),
        ("nova", nova()),
        ("blood", blood()),
        ("level_up", level_up()),
        ("portal", portal()),
        ("loot", loot()),
        ("sparkle", sparkle()),
        ("arrow", arrow(STEEL, BONE)),
        ("poison_arrow", arrow(GHOST, GHOST)),
        ("bursting_arrow", arrow(GOLD, RED)),
        ("bolt", bolt(GOLD)),
        ("root", root()),
        ("grave_chill", chill()),
    ]
}
