//! The boar: a humped, bristly barrel with tusks.

use crate::beasts::{Build, Gait, body_side, eye, gait, leg, start};
use crate::math::V;
use crate::palette::{BONE, BRISTLE, HAIR, INK, RED};
use crate::picture::Picture;
use crate::pose::{DEAD, View};
use crate::sculpt::Sculpt;

/// A frame of the boar: a humped, bristly barrel with tusks.
pub fn boar(view: View, column: i32) -> Picture {
    let g = gait(view, column);
    let mut s = start(48, 1.12);
    let b = Build { fur: BRISTLE, hip: 10.0, span: 5.6, rump: 6.2, chest: 7.4, leg: 1.8, stride: 3.2 };
    match view {
        View::Side => {
            let n = body_side(&mut s, &b, &g);
            let up = n.1 - 4.8;
            for i in 0..7 {
                let x = n.0 - 1.5 - i as f32 * 2.2;
                let y = up + i as f32 * 0.5 - 0.4;
                s.layer().plate(BRISTLE, &[(x - 2.0, y + 2.2), (x - 1.6, y - 2.2), (x + 1.6, y + 1.8)], 0.0).light =
                    -0.3;
            }
            let h = if g.dead { (n.0 + 5.0, -3.6) } else { (n.0 + 4.6 + g.head.0, n.1 + 2.6 + g.head.1 * 1.4) };
            boar_head_side(&mut s, &g, h);
            let t = (n.0 - 2.0 * b.span - 6.0, n.1 + 1.0);
            s.thread(t, (t.0 - 2.5, t.1 + 2.5), BRISTLE[0]);
            s.dab(t.0 - 2.5, t.1 + 3.4, BRISTLE[1]);
        }
        View::Front => {
            for (at, w) in [(-3.8, g.swing), (3.8, -g.swing)] {
                leg(&mut s, &b, (at, -7.0), (at, w.min(0.0) * 2.2 + 0.3), -0.1);
            }
            s.layer().ell(BRISTLE, 0.0, -11.6 + g.body.1, 8.2, 8.0);
            for i in -2..=2 {
                let x = i as f32 * 1.8;
                let y = -18.8 + g.body.1 + (i * i) as f32 * 0.4;
                s.layer().plate(BRISTLE, &[(x - 1.4, y + 1.8), (x, y - 2.4), (x + 1.4, y + 1.8)], 0.0).light = -0.28;
            }
            boar_head_front(&mut s, &g, (0.0, -8.6 + g.body.1 + g.head.1));
        }
        View::Back => {
            for (at, w) in [(-3.8, -g.swing), (3.8, g.swing)] {
                leg(&mut s, &b, (at, -7.0), (at, w.min(0.0) * 2.2), -0.1);
            }
            s.layer().ell(BRISTLE, 0.0, -13.4 + g.body.1, 8.0, 7.4).light = -0.05;
            for i in 0..6 {
                let y = -20.0 + g.body.1 + i as f32 * 1.7;
                s.layer().plate(BRISTLE, &[(-1.6, y + 2.0), (0.0, y - 2.0), (1.6, y + 2.0)], 0.0).light = -0.3;
            }
            s.layer().ell(BRISTLE, 0.0, -8.6 + g.body.1, 6.8, 5.8);
            s.thread((0.0, -11.0 + g.body.1), (0.8 + g.swing, -7.4 + g.body.1), BRISTLE[0]);
            s.dab(1.6 + g.swing, -6.6 + g.body.1, BRISTLE[0]);
        }
    }
    if g.dead && view != View::Side { boar(View::Side, DEAD) } else { s.render() }
}

fn boar_head_side(s: &mut Sculpt, g: &Gait, (x, y): V) {
    s.layer().limb(BRISTLE, (x - 1.0, y - 0.6), (x + 4.4, y + 1.6), 5.0, 2.7);
    s.layer().ell(HAIR, x + 6.6, y + 2.0, 1.5, 2.3).light = 0.25;
    s.layer().plate(BRISTLE, &[(x - 2.6, y - 2.6), (x - 4.0, y - 7.2), (x + 0.8, y - 3.8)], 1.0).light = -0.1;
    s.layer().limb(BONE, (x + 3.6, y + 3.4), (x + 5.4, y + 0.0), 0.9, 0.5).light = 0.4;
    eye(s, g, x + 1.6, y - 1.2, RED[3]);
    s.dab(x + 0.7, y - 1.2, INK);
    s.dab(x + 7.0, y + 1.6, INK);
}

fn boar_head_front(s: &mut Sculpt, g: &Gait, (x, y): V) {
    for side in [-1.0, 1.0] {
        let ear = [(x + side * 2.6, y - 3.8), (x + side * 6.8, y - 6.6), (x + side * 5.2, y - 1.6)];
        s.layer().plate(BRISTLE, &ear, 1.0).light = -0.05;
    }
    s.layer().ell(BRISTLE, x, y, 5.4, 5.2).light = 0.04;
    s.layer().ell(HAIR, x, y + 2.8, 3.0, 2.3).light = 0.2;
    for side in [-1.0, 1.0] {
        s.layer().limb(BONE, (x + side * 3.0, y + 4.0), (x + side * 4.4, y + 0.8), 0.9, 0.5).light = 0.4;
        s.dab(x - 0.5 + side * 2.8, y - 1.4, if g.blow { RED[4] } else { RED[3] });
        s.dab(x - 0.5 + side * 1.9, y - 1.4, INK);
        s.dab(x - 0.5 + side * 1.1, y + 2.6, INK);
    }
}
