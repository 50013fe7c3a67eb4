//! The sheep: a ball of wool on short legs.

use crate::beasts::{Build, Gait, body_side, eye, gait, leg, start};
use crate::math::V;
use crate::palette::{CLOTH, FUR, INK};
use crate::picture::Picture;
use crate::pose::{DEAD, View};
use crate::sculpt::Sculpt;

/// A frame of the sheep: a ball of wool on short legs.
pub fn sheep(view: View, column: i32) -> Picture {
    let g = gait(view, column);
    let mut s = start(48, 1.05);
    let b = Build { fur: FUR, hip: 9.0, span: 4.6, rump: 5.0, chest: 5.0, leg: 1.5, stride: 2.6 };
    match view {
        View::Side => {
            let n = body_side(&mut s, &b, &g);
            let middle = (n.0 - b.span, n.1 - 0.6);
            for (x, y, r) in [(-5.6, 1.0, 4.4), (5.2, 0.6, 4.4), (-2.4, -2.6, 5.2), (2.8, -2.4, 5.0), (0.0, 1.4, 5.8)] {
                wool(&mut s, (middle.0 + x, middle.1 + y), r);
            }
            let h = if g.dead { (n.0 + 5.0, -3.4) } else { (n.0 + 5.2 + g.head.0, n.1 - 1.6 + g.head.1 * 1.4) };
            head_side(&mut s, &g, h);
        }
        View::Front => {
            for (at, swing) in [(-3.0, g.swing), (3.0, -g.swing)] {
                leg(&mut s, &b, (at, -6.0), (at, swing.min(0.0) * 2.0 + 0.3), -0.1);
            }
            fleece(&mut s, (0.0, -11.4 + g.body.1));
            head_front(&mut s, (0.0, -9.4 + g.body.1 + g.head.1));
        }
        View::Back => {
            for (at, swing) in [(-3.0, -g.swing), (3.0, g.swing)] {
                leg(&mut s, &b, (at, -6.0), (at, swing.min(0.0) * 2.0), -0.1);
            }
            fleece(&mut s, (0.0, -11.6 + g.body.1));
            wool(&mut s, (0.0, -9.0 + g.body.1), 2.2);
        }
    }
    if g.dead && view != View::Side { sheep(View::Side, DEAD) } else { s.render() }
}

fn wool(s: &mut Sculpt, (x, y): V, radius: f32) {
    s.layer().ell(CLOTH, x, y, radius, radius * 0.92).light = 0.05;
}

/// The wool from before or behind.
fn fleece(s: &mut Sculpt, (x, y): V) {
    for (dx, dy, r) in [(-4.4, 1.4, 4.4), (4.4, 1.4, 4.4), (0.0, 2.4, 5.6), (-2.6, -2.8, 4.8), (2.6, -2.8, 4.8)] {
        wool(s, (x + dx, y + dy), r);
    }
}

fn head_side(s: &mut Sculpt, g: &Gait, (x, y): V) {
    s.layer().limb(FUR, (x - 1.0, y - 1.0), (x + 3.6, y + 2.2), 3.0, 2.0);
    s.layer().limb(FUR, (x - 1.6, y - 1.0), (x - 4.0, y + 0.6), 1.2, 0.8).light = 0.15;
    wool(s, (x - 1.6, y - 3.4), 2.4);
    eye(s, g, x + 1.4, y - 0.6, INK);
    s.dab(x + 4.6, y + 2.2, INK);
}

fn head_front(s: &mut Sculpt, (x, y): V) {
    for side in [-1.0, 1.0] {
        s.layer().limb(FUR, (x + side * 2.4, y - 1.4), (x + side * 5.6, y - 0.2), 1.3, 0.9).light = 0.15;
    }
    s.layer().ell(FUR, x, y, 3.3, 4.2).light = 0.05;
    wool(s, (x, y - 3.8), 2.6);
    for side in [-1.0, 1.0] {
        s.dab(x - 0.5 + side * 1.8, y - 0.8, INK);
        s.dab(x - 0.5 + side * 0.9, y + 2.6, INK);
    }
}
