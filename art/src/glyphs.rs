//! Forms that several glyphs of abilities share, and the frame around them.

use crate::math::{V, along};
use crate::palette::{BONE, GHOST, GOLD, INK, Ramp, STEEL, WHITE, WOOD};
use crate::picture::{Picture, mix};
use crate::sculpt::Sculpt;

/// A sword from its knob at `hilt` to its tip.
pub fn blade(s: &mut Sculpt, hilt: V, deg: f32, length: f32) {
    let (start, tip) = (along(hilt, deg, 4.0), along(hilt, deg, length));
    s.layer().limb(STEEL, start, along(hilt, deg, length - 3.0), 2.0, 1.9).light = 0.06;
    s.limb(STEEL, along(hilt, deg, length - 3.0), tip, 1.9, 0.4).light = 0.1;
    s.layer().limb(GOLD, along(start, deg - 90.0, 4.4), along(start, deg + 90.0, 4.4), 1.3, 1.3);
    s.limb(WOOD, hilt, start, 1.3, 1.3);
    s.ell(GOLD, hilt.0, hilt.1, 1.7, 1.7);
}

/// A swoosh around a point, from one angle to another, thin at its start.
pub fn arc(s: &mut Sculpt, at: V, r: f32, from: f32, to: f32, ramp: Ramp) {
    s.layer();
    let n = 18;
    for i in 0..=n {
        let t = i as f32 / n as f32;
        let p = along(at, from + (to - from) * t, r);
        let wide = 0.5 + 1.7 * (1.0 - (2.0 * t - 1.1).abs()).max(0.0);
        s.ell(ramp, p.0, p.1, wide, wide).light = 0.12;
    }
}

/// A jagged star.
pub fn burst(s: &mut Sculpt, at: V, r: f32, ramp: Ramp) {
    let points: Vec<V> =
        (0..16).map(|i| along(at, i as f32 * 22.5 + 8.0, if i % 2 == 0 { r } else { r * 0.55 })).collect();
    s.layer().plate(ramp, &points, r * 0.5).light = 0.1;
}

/// An arrow from its tail to its tip.
pub fn arrow(s: &mut Sculpt, tail: V, deg: f32, length: f32, head: Ramp) {
    let neck = along(tail, deg, length - 5.0);
    for (d, side) in [(0.0, -140.0), (2.6, -140.0), (0.0, 140.0), (2.6, 140.0)] {
        let a = along(tail, deg, 3.0 + d);
        s.limb(BONE, a, along(a, deg + side, 3.6), 0.9, 0.7).light = 0.1;
    }
    s.layer().limb(WOOD, tail, neck, 0.9, 0.9).light = 0.2;
    let (a, b) = (along(neck, deg - 90.0, 3.2), along(neck, deg + 90.0, 3.2));
    s.layer().plate(head, &[a, along(tail, deg, length), b, along(neck, deg, 1.2)], 1.3).light = 0.1;
}

/// Four little stars in the corners.
pub fn sparks(s: &mut Sculpt) {
    for (x, y) in [(-9.0, -8.0), (9.0, -9.0), (10.0, 7.0), (-10.0, 6.0)] {
        s.dab(x, y, WHITE);
        for (dx, dy) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            s.dab(x + dx, y + dy, GHOST[3]);
        }
    }
}

/// The golden frame of an icon.
pub fn frame(p: &mut Picture) {
    for i in 0..32 {
        for (x, y, edge, light) in [(i, 0, true, true), (0, i, true, true), (i, 31, true, false), (31, i, true, false)]
        {
            if edge {
                p.dot(x, y, if light { INK } else { 0x14101c });
            }
        }
    }
    for i in 1..31 {
        p.dot(i, 1, GOLD[2]);
        p.dot(1, i, GOLD[2]);
        p.dot(i, 30, GOLD[1]);
        p.dot(30, i, GOLD[1]);
    }
    for i in 2..30 {
        p.dot(i, 2, mix(p.get(i, 2) & 0xff_ffff, INK, 0.6));
        p.dot(2, i, mix(p.get(2, i) & 0xff_ffff, INK, 0.6));
    }
    for (x, y) in [(1, 1), (30, 1), (1, 30), (30, 30)] {
        p.dot(x, y, GOLD[4]);
    }
    for (x, y) in [(0, 0), (31, 0), (0, 31), (31, 31)] {
        p.put(x, y, 0);
    }
}
