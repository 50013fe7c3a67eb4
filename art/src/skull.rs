//! Skulls, with a crown for a king.

use crate::math::V;
use crate::palette::{BONE, DARK, GHOST, GOLD, INK, RED, Ramp, WHITE};
use crate::pose::{DEAD, Pose, View};
use crate::sculpt::Sculpt;
use crate::undead::Bones;

/// The skull of a figure.
pub fn skull(s: &mut Sculpt, pose: &Pose, b: &Bones) {
    let side = pose.view == View::Side;
    let (x, y) = pose.at(if side { 1.0 } else { 0.0 }, -26.6);
    s.layer();
    if pose.view != View::Back {
        let jaw = if side { 2.4 } else { 0.0 };
        s.ell(BONE, x + jaw, y + 4.4, if side { 3.2 } else { 3.9 }, 2.6).light = -0.12;
    }
    s.ell(BONE, x, y - 0.6, if b.king { 5.5 } else { 6.3 }, 5.6).light = 0.06;
    if b.king && pose.view != View::Back {
        s.limb(
            BONE,
            (x + if side { 2.4 } else { 0.0 }, y + 3.0),
            (x + if side { 2.6 } else { 0.0 }, y + 6.4),
            3.0,
            2.0,
        )
        .light = -0.1;
    }
    if pose.view != View::Back {
        sockets(s, pose, b, (x, y));
    }
    if b.king {
        crown(s, GOLD, (x, y - 3.2));
        if pose.view == View::Front {
            s.dab(x - 0.4, y - 4.4, RED[3]);
            s.dab(x - 0.4, y - 5.0, RED[4]);
            s.dab(x + 0.3, y - 4.4, RED[2]);
        }
    }
}

fn sockets(s: &mut Sculpt, pose: &Pose, b: &Bones, (x, y): V) {
    let side = pose.view == View::Side;
    let eyes: &[f32] = if side { &[3.2] } else { &[-2.6, 2.6] };
    let glow = if pose.column == DEAD { INK } else { b.eyes };
    for e in eyes {
        let (rx, ry) = if b.king { (1.75, 1.5) } else { (1.7, 1.8) };
        s.layer().ell(DARK, x + e, y + 0.2, rx, ry).bare = true;
        s.dab(x + e - 0.4, y + 0.2, glow);
        if b.king && pose.column != DEAD {
            for (dx, dy, c) in [
                (0.2, 0.2, WHITE),
                (-1.0, 0.2, GHOST[2]),
                (0.8, 0.2, GHOST[2]),
                (-0.4, -0.5, GHOST[3]),
                (0.2, 0.9, GHOST[2]),
            ] {
                s.dab(x + e + dx, y + dy, c);
            }
        }
    }
    let nose = if side { 5.2 } else { -0.4 };
    s.dab(x + nose, y + 2.6, INK);
    let teeth: &[f32] = if side { &[2.6, 4.2] } else { &[-2.4, -0.6, 1.2] };
    if b.king {
        let (from, to) = if side { (2.4, 5.0) } else { (-2.6, 2.4) };
        s.thread((x + from, y + 4.4), (x + to, y + 4.4), BONE[0]);
        s.dab(x + nose + 0.6, y + 2.6, INK);
        s.dab(x + nose, y + 2.0, INK);
    }
    for t in teeth {
        s.dab(x + t, y + 4.6, BONE[0]);
        s.dab(x + t, y + 5.4, BONE[0]);
    }
}

fn crown(s: &mut Sculpt, ramp: Ramp, (x, y): V) {
    let points: Vec<V> = [
        (-5.4, 0.8),
        (-6.6, -5.6),
        (-3.8, -2.0),
        (-2.9, -6.4),
        (-1.2, -2.4),
        (0.0, -8.0),
        (1.2, -2.4),
        (2.9, -6.4),
        (3.8, -2.0),
        (6.6, -5.6),
        (5.4, 0.8),
    ]
    .iter()
    .map(|p| (x + p.0, y + p.1))
    .collect();
    s.layer().plate(ramp, &points, 1.6);
}
