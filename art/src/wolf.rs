//! The wolf: lean and grey, with long legs and a bushy tail.

use crate::beasts::{Build, Gait, body_side, eye, gait, leg, start};
use crate::math::V;
use crate::palette::{FUR, GOLD, INK, RED, WHITE};
use crate::picture::Picture;
use crate::pose::{DEAD, View};
use crate::sculpt::Sculpt;

/// A frame of the wolf: lean, grey, long-legged, with a bushy tail.
pub fn wolf(view: View, column: i32) -> Picture {
    let g = gait(view, column);
    let mut s = start(48, if view == View::Side { 1.04 } else { 1.12 });
    let b = Build { fur: FUR, hip: 13.0, span: 7.2, rump: 4.4, chest: 5.4, leg: 1.5, stride: 4.4 };
    match view {
        View::Side => {
            let y = if g.dead { -4.0 } else { g.body.1 - 14.0 };
            let x = if g.dead { -3.0 } else { g.body.0 - 2.0 };
            let tail = if g.dead { (x - 17.0, -1.8) } else { (x - 16.0, y + 5.5 - g.swing * 1.5) };
            s.limb(FUR, (x - 10.0, y), (x - 13.5, (y + tail.1) / 2.0), 2.0, 3.0).light = -0.05;
            s.limb(FUR, (x - 13.5, (y + tail.1) / 2.0), tail, 3.0, 0.9).light = -0.08;
            let n = body_side(&mut s, &b, &g);
            let h = if g.dead { (n.0 + 7.0, -3.2) } else { (n.0 + 5.6 + g.head.0, n.1 - 5.0 + g.head.1) };
            s.layer().limb(FUR, n, (h.0 - 0.5, h.1 + 1.0), 4.8, 3.6);
            wolf_head_side(&mut s, &g, h);
        }
        View::Front => {
            let y = g.body.1;
            s.limb(FUR, (4.0, -11.0 + y), (8.0, -7.4 + y), 1.6, 2.0).light = -0.25;
            s.limb(FUR, (8.0, -7.4 + y), (9.0 + g.swing * 0.8, -3.4 + y), 2.0, 0.7).light = -0.2;
            for at in [-4.4, 4.4] {
                leg(&mut s, &b, (at * 0.9, -8.0), (at, -2.6), -0.3);
            }
            s.layer().ell(FUR, 0.0, -12.6 + y, 6.2, 6.0).light = -0.2;
            for (at, w) in [(-3.0, g.swing), (3.0, -g.swing)] {
                leg(&mut s, &b, (at, -7.0 + y), (at, w.min(0.0) * 2.6 + 0.4), 0.0);
            }
            s.layer().ell(FUR, 0.0, -9.0 + y, 5.6, 5.0).light = 0.05;
            s.ell(FUR, 0.0, -7.0 + y, 3.0, 3.0).light = 0.25;
            wolf_head_front(&mut s, &g, (g.head.0, -15.4 + y + g.head.1));
        }
        View::Back => {
            wolf_ears(&mut s, 0.0, -21.5 + g.body.1 + g.head.1);
            s.ell(FUR, 0.0, -18.0 + g.body.1 + g.head.1, 5.0, 4.2);
            for at in [-3.4, 3.4] {
                leg(&mut s, &b, (at * 0.9, -9.0), (at, -3.4), -0.25);
            }
            s.layer().ell(FUR, 0.0, -13.5 + g.body.1, 6.2, 5.6);
            for (at, w) in [(-3.2, -g.swing), (3.2, g.swing)] {
                leg(&mut s, &b, (at, -8.5 + g.body.1), (at, w.min(0.0) * 2.6), -0.05);
            }
            s.layer().ell(FUR, 0.0, -10.6 + g.body.1, 5.4, 4.8);
            let tip = (g.swing * 2.0, -3.0);
            s.layer().limb(FUR, (0.0, -12.0 + g.body.1), (tip.0 * 0.6, -7.0), 1.8, 2.7).light = 0.08;
            s.limb(FUR, (tip.0 * 0.6, -7.0), tip, 2.7, 0.9).light = 0.08;
        }
    }
    if g.dead && view != View::Side { wolf(View::Side, DEAD) } else { s.render() }
}

fn wolf_ears(s: &mut Sculpt, x: f32, y: f32) {
    for side in [-1.0, 1.0] {
        let ear = [(x + side * 5.2, y + 3.4), (x + side * 5.4, y - 4.6), (x + side * 0.8, y + 1.4)];
        s.layer().plate(FUR, &ear, 1.2);
    }
}

fn wolf_head_side(s: &mut Sculpt, g: &Gait, (x, y): V) {
    s.layer().plate(FUR, &[(x - 2.6, y - 1.5), (x - 3.2, y - 7.4), (x + 0.8, y - 2.8)], 1.2).light = -0.15;
    s.layer().ell(FUR, x, y, 4.4, 3.9);
    let jaw = if g.blow { 2.6 } else { 0.6 };
    s.limb(FUR, (x + 2.0, y + 1.8), (x + 6.4, y + 1.6 + jaw), 1.6, 0.9).light = 0.1;
    s.limb(FUR, (x + 2.4, y + 0.2), (x + 7.6, y + 0.6), 2.5, 1.5).light = 0.06;
    s.plate(FUR, &[(x - 0.6, y - 2.2), (x - 0.4, y - 8.0), (x + 3.0, y - 2.8)], 1.2);
    if g.blow {
        s.thread((x + 3.4, y + 2.4), (x + 7.0, y + 2.8), RED[2]);
        s.dab(x + 6.6, y + 2.0, WHITE);
        s.dab(x + 5.0, y + 2.0, WHITE);
    }
    s.dab(x + 8.2, y - 0.6, INK);
    s.dab(x + 7.4, y - 0.6, INK);
    eye(s, g, x + 2.2, y - 1.4, GOLD[4]);
    s.dab(x + 1.3, y - 1.4, INK);
}

fn wolf_head_front(s: &mut Sculpt, g: &Gait, (x, y): V) {
    wolf_ears(s, x, y - 3.6);
    s.layer().ell(FUR, x, y, 5.3, 4.5).light = 0.05;
    s.plate(FUR, &[(x - 3.6, y - 1.0), (x - 6.8, y + 3.2), (x - 2.6, y + 4.2)], 1.2);
    s.plate(FUR, &[(x + 3.6, y - 1.0), (x + 6.8, y + 3.2), (x + 2.6, y + 4.2)], 1.2);
    s.ell(FUR, x, y - 2.2, 2.2, 2.6).light = -0.28;
    for side in [-1.0, 1.0] {
        s.tilted(FUR, (x + side * 3.6, y + 2.0), (2.4, 1.5), side * -30.0).light = 0.34;
    }
    s.layer().limb(FUR, (x, y + 0.8), (x, y + 4.6), 1.9, 1.5).light = 0.4;
    for side in [-1.0, 1.0] {
        s.dab(x - 0.5 + side * 2.9, y - 0.2, GOLD[4]);
        s.dab(x - 0.5 + side * 2.0, y - 0.2, INK);
    }
    s.dab(x - 0.5, y + 3.4, INK);
    s.dab(x + 0.4, y + 3.4, INK);
    if g.blow {
        for dx in [-1.4, -0.5, 0.5] {
            s.dab(x + dx, y + 5.2, RED[2]);
        }
        s.dab(x - 1.5, y + 4.6, WHITE);
        s.dab(x + 1.0, y + 4.6, WHITE);
    }
}
