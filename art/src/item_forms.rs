//! Forms that several items share: blades, bows, potions.

use crate::items::RUST;
use crate::math::{V, along, noise};
use crate::palette::{BONE, CLOTH, Colour, DARK, GOLD, HAIR, INK, IRON, RED, Ramp, WHITE, WOOD};
use crate::sculpt::Sculpt;

/// A sword, its tip at the upper right.
pub fn sword(s: &mut Sculpt, blade: Ramp, hilt: Ramp, r: f32, gem: Option<Colour>) {
    s.limb(blade, (-5.0, 5.0), (9.5, -9.5), r, r * 0.9);
    s.limb(blade, (9.5, -9.5), (13.2, -13.2), r * 0.9, 0.4);
    s.thread((-3.0, 3.5), (9.0, -8.5), blade[2]);
    s.layer().limb(hilt, (-9.0, 1.0), (-1.0, 9.0), 1.6, 1.6);
    s.layer().limb(WOOD, (-6.0, 6.0), (-10.5, 10.5), 1.6, 1.6);
    s.layer().ell(hilt, -11.5, 11.5, 2.2, 2.2);
    if let Some(gem) = gem {
        s.dab(-5.0, 5.0, gem);
        s.dab(-6.0, 5.0, gem);
    }
    if blade == RUST {
        for i in 0..7 {
            let t = noise(i, 3, 8);
            let p = (-4.0 + t * 14.0 + noise(i, 1, 8) * 2.0, 4.0 - t * 14.0);
            s.dab(p.0, p.1, RED[1]);
            s.dab(p.0 + 1.0, p.1, HAIR[2]);
        }
    }
}

/// A bow with its string to the lower left.
pub fn bow(s: &mut Sculpt, wood: Ramp, grip: Ramp, half: f32) {
    let (a, b): (V, V) = ((-half, -half * 0.55), (half * 0.55, half));
    let m = (half * 0.62, -half * 0.62);
    for (end, bend) in [(a, (-half * 0.25, -half * 0.85)), (b, (half * 0.85, half * 0.25))] {
        s.limb(wood, m, bend, 2.2, 1.9);
        s.limb(wood, bend, end, 1.9, 0.9);
    }
    s.thread(a, b, CLOTH[2]);
    s.layer().limb(grip, (m.0 - 2.2, m.1 - 2.2), (m.0 + 2.2, m.1 + 2.2), 2.2, 2.2);
}

/// The shaft of a staff.
pub fn staff(s: &mut Sculpt, ramp: Ramp) {
    s.limb(ramp, (-12.0, 12.0), (8.0, -8.0), 1.5, 1.8);
    s.layer().limb(WOOD, (-3.0, 3.0), (0.0, 0.0), 2.2, 2.2);
}

/// A shirt with sleeves.
pub fn shirt(s: &mut Sculpt, ramp: Ramp) {
    s.limb(ramp, (-7.0, -7.0), (-11.0, 3.0), 3.4, 3.2);
    s.limb(ramp, (7.0, -7.0), (11.0, 3.0), 3.4, 3.2);
    s.layer().plate(ramp, &[(-8.0, -10.0), (8.0, -10.0), (7.6, 2.0), (8.6, 12.5), (-8.6, 12.5), (-7.6, 2.0)], 3.0);
    s.layer().ell(DARK, 0.0, -10.0, 3.4, 2.6).bare = true;
}

/// A pair of boots, with another cuff if they are fine.
pub fn boots(s: &mut Sculpt, ramp: Ramp, cuff: Option<Ramp>) {
    for (x, y, light) in [(-3.0, -2.0, -0.12), (-5.0, 1.0, 0.0)] {
        s.layer().limb(ramp, (x, y - 8.0), (x, y + 6.0), 3.8, 3.6).light = light;
        s.limb(ramp, (x + 0.5, y + 7.0), (x + 9.0, y + 8.2), 3.6, 2.4).light = light;
        s.limb(IRON, (x - 2.5, y + 10.6), (x + 10.0, y + 10.6), 0.9, 0.9).light = light;
        s.layer().limb(cuff.unwrap_or(HAIR), (x - 3.4, y - 9.0), (x + 3.4, y - 9.0), 2.0, 2.0).light = light;
        if cuff.is_some() {
            s.dab(x, y + 1.0, GOLD[3]);
            s.dab(x + 1.0, y + 1.0, GOLD[4]);
        }
    }
}

/// A ring of beads.
pub fn ring(s: &mut Sculpt, at: V, r: f32, ramp: Ramp) {
    for i in 0..14 {
        let p = along(at, i as f32 * 26.0, r);
        s.ell(ramp, p.0, p.1, 0.8, 0.8);
    }
}

/// A flask with a cork.
pub fn potion(s: &mut Sculpt, ramp: Ramp, r: f32) {
    let y = 13.0 - r;
    s.limb(CLOTH, (0.0, y - r), (0.0, y - r - 5.0), 2.6, 2.4);
    s.ell(CLOTH, 0.0, y, r + 1.0, r);
    s.layer().ell(ramp, 0.0, y + 0.8, r - 0.6, r - 1.4);
    s.layer().limb(CLOTH, (-3.4, y - r - 5.0), (3.4, y - r - 5.0), 1.1, 1.1);
    s.layer().limb(WOOD, (0.0, y - r - 6.0), (0.0, y - r - 8.0), 2.2, 2.0);
    for (dx, dy) in [(-0.5, -0.35), (-0.35, -0.5), (-0.6, -0.2)] {
        s.dab(dx * r, y + dy * r, WHITE);
    }
    s.dab(r * 0.35, y + r * 0.3, ramp[4]);
}

/// A pelt stretched out.
pub fn pelt(s: &mut Sculpt, ramp: Ramp) {
    for (x, y) in [(-10.0, -9.0), (10.0, -9.0), (-10.5, 10.0), (10.5, 10.0)] {
        s.limb(ramp, (x * 0.4, y * 0.4), (x, y), 4.0, 2.2).grain = 0.3;
    }
    s.limb(ramp, (0.0, 8.0), (0.0, 13.0), 2.4, 1.2).grain = 0.3;
    s.ell(ramp, 0.0, 0.5, 8.0, 10.0).grain = 0.4;
    s.ell(ramp, 0.0, -10.0, 4.0, 3.6).grain = 0.3;
    s.layer().ell(BONE, 0.0, 1.5, 3.6, 6.0).light = -0.05;
    s.dab(-2.0, -10.0, INK);
    s.dab(2.0, -10.0, INK);
}
