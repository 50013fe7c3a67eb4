//! The rabbit: small and round.

use crate::beasts::{Gait, eye, gait, start};
use crate::math::V;
use crate::palette::{BONE, HAIR, INK, RED};
use crate::picture::Picture;
use crate::pose::{DEAD, View};
use crate::sculpt::Sculpt;

/// A frame of the rabbit: small and round, hopping.
pub fn rabbit(view: View, column: i32) -> Picture {
    let g = gait(view, column);
    let mut s = start(48, 1.15);
    let hop = [0.0, 1.5, 4.5, 2.5, 0.0, 0.5, 4.0, 0.0][column as usize];
    let stretch = if matches!(column, 2 | 6) { 1.0 } else { 0.0 };
    let fur = HAIR;
    match view {
        View::Side if g.dead => {
            s.ell(fur, -1.0, -3.6, 6.0, 3.6);
            s.limb(fur, (2.0, -2.0), (6.0, -0.8), 1.2, 0.9);
            s.limb(fur, (-4.0, -1.6), (0.0, -0.6), 1.4, 1.0);
            s.ell(BONE, -7.0, -3.4, 1.8, 1.8).light = 0.3;
            s.layer().ell(fur, 6.0, -3.4, 3.2, 2.8).light = 0.1;
            s.limb(fur, (4.4, -4.6), (0.6, -7.0), 1.3, 1.0).light = 0.05;
            eye(&mut s, &g, 6.6, -3.8, INK);
        }
        View::Side => {
            let y = -hop;
            s.limb(fur, (3.0, y - 3.0), (4.6 + stretch * 2.5, y - 0.9), 1.3, 1.1).light = -0.2;
            s.layer().ell(BONE, -6.8 - stretch, y - 5.0, 2.1, 2.1).light = 0.35;
            s.layer().tilted(fur, (-1.4, y - 5.2), (6.4 + stretch, 4.5 - stretch * 0.6), -8.0);
            s.ell(fur, -3.2, y - 4.4, 3.8, 3.9);
            s.limb(fur, (-3.0, y - 1.6), (-0.2 - stretch * 5.0, y - 0.9), 1.4, 1.1);
            s.limb(fur, (2.4, y - 3.2), (3.6 + stretch * 2.5, y - 0.9), 1.3, 1.0);
            rabbit_head_side(&mut s, &g, (5.0 + stretch, y - 8.6), stretch);
        }
        View::Front => {
            let y = -hop;
            s.ell(fur, 0.0, y - 4.6, 5.0, 4.7);
            s.ell(BONE, 0.0, y - 3.6, 2.8, 3.2).light = 0.25;
            for x in [-2.4, 2.4] {
                s.layer().ell(fur, x, y - 0.9, 1.6, 1.1);
            }
            for x in [-1.0, 1.0] {
                let tip = (x * 2.6, y - 17.5 + stretch * 2.0);
                s.layer().limb(fur, (x * 1.8, y - 11.0), tip, 1.5, 1.1);
                s.limb(RED, (x * 1.9, y - 11.5), (x * 2.5, tip.1 + 0.8), 0.6, 0.5).light = 0.3;
            }
            s.layer().ell(fur, 0.0, y - 8.8, 4.1, 3.8).light = 0.08;
            s.ell(BONE, 0.0, y - 7.2, 2.2, 1.7).light = 0.3;
            for x in [-2.6, 1.6] {
                s.dab(x, y - 9.2, INK);
                s.dab(x, y - 8.4, INK);
            }
            s.dab(-0.5, y - 7.6, RED[3]);
        }
        View::Back => {
            let y = -hop;
            for x in [-1.0, 1.0] {
                s.layer().limb(fur, (x * 1.8, y - 11.0), (x * 2.6, y - 17.5), 1.5, 1.1).light = -0.05;
            }
            s.layer().ell(fur, 0.0, y - 9.0, 4.0, 3.6);
            s.layer().ell(fur, 0.0, y - 4.8, 5.2, 4.8);
            s.layer().ell(BONE, 0.0, y - 3.0, 2.3, 2.1).light = 0.3;
        }
    }
    if g.dead && view != View::Side { rabbit(View::Side, DEAD) } else { s.render() }
}

fn rabbit_head_side(s: &mut Sculpt, g: &Gait, (x, y): V, stretch: f32) {
    let back = 2.0 + stretch * 3.5;
    s.layer().limb(HAIR, (x - 1.6, y - 2.0), (x - 1.0 - back, y - 9.0 + stretch * 3.0), 1.4, 1.1).light = -0.15;
    s.layer().ell(HAIR, x, y, 3.9, 3.4).light = 0.06;
    s.ell(HAIR, x + 2.4, y + 0.8, 2.0, 1.8).light = 0.12;
    s.layer().limb(HAIR, (x - 0.4, y - 2.2), (x + 0.6 - back, y - 9.4 + stretch * 3.0), 1.5, 1.1).light = 0.04;
    eye(s, g, x + 1.4, y - 0.8, INK);
    s.dab(x + 1.4, y, INK);
    s.dab(x + 4.2, y + 0.6, RED[3]);
}
