//! Heads: faces, hair and what is worn on them.

use crate::math::V;
use crate::palette::{BLUE, Colour, GOLD, INK, RED, Ramp, SKIN};
use crate::people::{Hat, Look};
use crate::pose::{DEAD, Pose, View};
use crate::sculpt::Sculpt;

/// The head of a person with all that is on it.
pub fn head(s: &mut Sculpt, pose: &Pose, look: &Look) {
    let (x, y) = pose.at(if pose.view == View::Side { 0.8 } else { 0.0 }, -26.4);
    let (hat, ramp) = look.hat;
    s.layer();
    if matches!(hat, Hat::Circlet | Hat::Scarf) {
        let back = if pose.view == View::Side { -2.4 } else { 0.0 };
        s.ell(look.hair, x + back, y + 3.0, if back < 0.0 { 4.5 } else { 7.0 }, 7.2).light = -0.12;
        s.layer();
    }
    if pose.view == View::Back {
        s.ell(look.hair, x, y, 6.7, 6.6);
    } else {
        s.ell(SKIN, x, y + 0.4, 6.3, 6.2).light = 0.16;
        if pose.view == View::Side {
            s.ell(SKIN, x + 6.0, y + 1.8, 1.1, 1.0).light = 0.3;
        }
        if hat != Hat::Bald {
            hairline(s, pose, look.hair, (x, y));
        }
        face(s, pose, (x, y), look);
    }
    match hat {
        Hat::Helmet => helmet(s, pose.view, ramp, (x, y)),
        Hat::Hood => hood(s, pose.view, ramp, (x, y)),
        Hat::Circlet => band(s, pose.view, GOLD, (x, y - 2.6), 0.9),
        Hat::Scarf => {
            s.layer().tilted(ramp, (x - 0.3, y - 4.0), (6.9, 3.4), 0.0);
            s.ell(ramp, x - 6.0, y - 1.4, 1.6, 1.6);
        }
        Hat::Bald => {
            let wide = if pose.view == View::Back { 6.9 } else { 2.0 };
            if pose.view == View::Back {
                s.ell(SKIN, x, y - 2.6, 6.2, 4.4);
                s.ell(ramp, x, y + 2.4, wide, 3.6);
            } else {
                s.layer().ell(ramp, x - 5.6, y + 1.0, wide, 3.2);
                if pose.view == View::Front {
                    s.ell(ramp, x + 5.6, y + 1.0, wide, 3.2);
                }
            }
        }
        Hat::None => {}
    }
}

fn hairline(s: &mut Sculpt, pose: &Pose, hair: Ramp, (x, y): V) {
    if pose.view == View::Side {
        s.tilted(hair, (x - 1.8, y - 3.2), (5.6, 3.9), -12.0);
        s.ell(hair, x - 4.4, y + 0.6, 2.6, 4.2);
    } else {
        s.ell(hair, x, y - 3.8, 6.6, 3.4);
        s.ell(hair, x - 5.7, y - 0.6, 1.5, 3.2);
        s.ell(hair, x + 5.7, y - 0.6, 1.5, 3.2);
    }
}

fn face(s: &mut Sculpt, pose: &Pose, (x, y): V, look: &Look) {
    let eyes: &[f32] = if pose.view == View::Side { &[3.0] } else { &[-2.5, 2.5] };
    for eye in eyes {
        let (ex, ey) = (x + eye, y + 0.6);
        if pose.column == DEAD {
            s.dab(ex, ey + 1.0, SKIN[1]);
            s.dab(ex + 1.0, ey + 1.0, SKIN[1]);
        } else {
            s.dab(ex, ey, INK);
            s.dab(ex, ey + 1.0, INK);
        }
    }
    if let Some(beard) = look.beard {
        let bx = if pose.view == View::Side { 2.6 } else { 0.0 };
        s.layer().ell(beard, x + bx, y + 5.2, if bx > 0.0 { 3.6 } else { 5.0 }, 4.0);
        s.limb(beard, (x + bx, y + 7.0), (x + bx * 0.8, y + 11.0), 3.2, 0.9);
    } else {
        let mouth = if pose.view == View::Side { 3.6 } else { -0.5 };
        s.dab(x + mouth, y + 4.0, SKIN[1]);
        s.dab(x + mouth + 1.0, y + 4.0, SKIN[1]);
    }
}

fn band(s: &mut Sculpt, view: View, ramp: Ramp, (x, y): V, r: f32) {
    s.layer().limb(ramp, (x - 5.8, y), (x + 5.8, y), r, r);
    let gem: Colour = BLUE[3];
    match view {
        View::Front => {
            s.dab(x - 0.5, y - 1.0, gem);
            s.dab(x - 0.5, y, gem);
        }
        View::Side => s.dab(x + 5.0, y, gem),
        View::Back => {}
    }
}

fn helmet(s: &mut Sculpt, view: View, ramp: Ramp, (x, y): V) {
    s.layer();
    match view {
        View::Back => {
            s.ell(ramp, x, y - 0.4, 7.1, 6.9);
        }
        View::Front => {
            s.ell(ramp, x, y - 3.3, 7.1, 4.6);
            s.limb(ramp, (x - 6.0, y - 1.0), (x - 5.4, y + 3.4), 1.6, 1.4);
            s.limb(ramp, (x + 6.0, y - 1.0), (x + 5.4, y + 3.4), 1.6, 1.4);
            s.limb(ramp, (x, y - 3.0), (x, y + 1.8), 1.0, 0.8).light = 0.2;
        }
        View::Side => {
            s.ell(ramp, x - 0.4, y - 3.3, 7.1, 4.6);
            s.ell(ramp, x - 3.4, y + 0.8, 3.6, 4.4);
            s.limb(ramp, (x + 5.2, y - 2.0), (x + 5.6, y + 1.4), 1.0, 0.8);
        }
    }
    let (back, top) = match view {
        View::Front => (0.0, -8.6),
        View::Back => (0.0, -7.4),
        View::Side => (-5.5, -6.4),
    };
    s.layer().limb(RED, (x, y - 7.6), (x + back, y + top), 1.6, 2.0);
    if view != View::Front {
        s.limb(RED, (x + back, y + top), (x + back * 1.3, y - 1.0), 2.0, 1.2);
    }
}

fn hood(s: &mut Sculpt, view: View, ramp: Ramp, (x, y): V) {
    s.layer();
    match view {
        View::Back => {
            s.ell(ramp, x, y + 0.2, 7.3, 7.2);
            s.limb(ramp, (x, y - 5.5), (x, y - 8.0), 2.6, 0.8);
        }
        View::Front => {
            s.ell(ramp, x, y - 4.4, 7.0, 3.8);
            s.limb(ramp, (x - 6.3, y - 3.0), (x - 5.9, y + 4.6), 1.7, 2.0);
            s.limb(ramp, (x + 6.3, y - 3.0), (x + 5.9, y + 4.6), 1.7, 2.0);
            s.limb(ramp, (x - 5.0, y + 6.8), (x + 5.0, y + 6.8), 1.7, 1.7);
            s.limb(ramp, (x, y - 6.0), (x, y - 8.4), 2.6, 0.7);
        }
        View::Side => {
            s.tilted(ramp, (x - 1.6, y - 2.6), (6.6, 5.4), -10.0);
            s.limb(ramp, (x - 3.8, y - 2.0), (x - 3.0, y + 5.4), 3.8, 3.0);
            s.limb(ramp, (x - 4.5, y - 5.0), (x - 8.0, y - 4.6), 2.4, 0.7);
        }
    }
}
