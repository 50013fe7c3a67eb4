//! The training dummy: a sack of straw on a post.

use crate::beasts::{gait, start};
use crate::palette::{RED, STRAW, WOOD};
use crate::picture::Picture;
use crate::pose::View;

/// A frame of the training dummy, which looks the same from all sides but the back, and sways when it is struck.
pub fn training_dummy(view: View, column: i32) -> Picture {
    let g = gait(view, column);
    let mut s = start(48, 1.1);
    if g.dead {
        s.limb(WOOD, (0.0, 0.0), (0.0, -4.0), 1.4, 1.3);
        s.layer().tilted(STRAW, (3.0, -2.6), (7.0, 3.4), -6.0);
        s.layer().limb(WOOD, (-6.0, -1.2), (-1.0, -2.2), 1.0, 0.9);
        return s.render();
    }
    let sway = g.body.0 * 0.6;
    s.limb(WOOD, (0.0, 0.0), (sway, -12.0), 1.5, 1.3);
    s.layer().limb(WOOD, (sway - 8.0, -16.5), (sway + 8.0, -16.5), 1.2, 1.2);
    for side in [-1.0, 1.0] {
        s.layer().ell(STRAW, sway + side * 8.4, -16.5, 2.0, 2.0).light = 0.1;
    }
    s.layer().ell(STRAW, sway, -13.0, 5.0, 6.4);
    s.layer().ell(STRAW, sway * 1.4, -22.4, 3.6, 3.8).light = 0.1;
    s.thread((sway - 4.6, -10.0), (sway + 4.6, -10.0), WOOD[1]);
    s.thread((sway * 1.2 - 3.0, -19.2), (sway * 1.2 + 3.0, -19.2), WOOD[1]);
    if view != View::Back {
        // A target.
        s.layer().ell(RED, sway, -13.6, 2.6, 2.8).light = 0.2;
        s.layer().ell(STRAW, sway, -13.6, 1.3, 1.4).light = 0.4;
    }
    s.render()
}
