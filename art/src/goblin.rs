//! The goblin archer: small and big-eared, with a crooked bow.

use crate::arms::{Held, draw_held};
use crate::palette::{GOLD, GREEN, INK, IRON, RED, WHITE, WOOD};
use crate::picture::Picture;
use crate::pose::{DEAD, Pose, Style, View};
use crate::sculpt::Sculpt;
use crate::sheet::upright;

/// A frame of the goblin archer: small, big-eared, with a crooked bow.
pub fn goblin(view: View, column: i32) -> Picture {
    let pose = Pose::of(view, column, Style::Bow);
    let mut s = upright(48, 0.84, view, column);
    let side = view == View::Side;
    if view == View::Back {
        draw_held(&mut s, &pose, Held::Bow, 1);
    }
    if side {
        goblin_arm(&mut s, &pose, 1, -0.15);
        draw_held(&mut s, &pose, Held::Bow, 1);
    }
    for leg in [1, 0] {
        let (hip, foot) = (pose.hip(leg), pose.feet[leg]);
        let knee = Pose::bend(hip, foot, if side { -2.2 } else { 0.0 });
        s.layer().limb(WOOD, hip, knee, 2.6, 2.0).light = -0.12;
        s.limb(GREEN, knee, (foot.0, foot.1 - 1.5), 1.8, 1.7);
        let toe = if side { (foot.0 + 3.6, foot.1 - 1.0) } else { (foot.0, foot.1 - 0.6) };
        s.limb(GREEN, (foot.0, foot.1 - 1.2), toe, 1.9, 1.3);
    }
    let (x, y) = pose.at(0.0, -14.5);
    s.layer().ell(GREEN, x, y, if side { 4.4 } else { 5.8 }, 5.8);
    s.layer().ell(WOOD, x, y + 1.6, if side { 4.6 } else { 6.0 }, 4.8).light = -0.05;
    s.limb(RED, (x - 4.2, y + 3.6), (x + 4.2, y + 3.6), 1.1, 1.1).light = -0.1;
    if !side {
        goblin_arm(&mut s, &pose, 1, 0.0);
        if view == View::Front {
            draw_held(&mut s, &pose, Held::Bow, 1);
        }
    }
    if view == View::Back {
        goblin_arm(&mut s, &pose, 0, 0.0);
        let (a, b) = (pose.at(-3.0, -11.0), pose.at(3.6, -20.0));
        s.layer().limb(IRON, a, b, 2.0, 2.4);
    }
    goblin_head(&mut s, &pose);
    if view != View::Back {
        goblin_arm(&mut s, &pose, 0, 0.0);
    }
    s.render()
}

fn goblin_arm(s: &mut Sculpt, pose: &Pose, arm: usize, light: f32) {
    let (shoulder, hand) = (pose.shoulder(arm), pose.held_at(arm));
    let shoulder = (shoulder.0 * 0.9, shoulder.1 + 1.5);
    let elbow = Pose::bend(shoulder, hand, if shoulder.0 < 0.0 { 1.6 } else { -1.6 });
    s.layer().limb(GREEN, shoulder, elbow, 1.9, 1.6).light = light;
    s.limb(GREEN, elbow, hand, 1.6, 1.6).light = light;
    s.ell(GREEN, hand.0, hand.1, 2.0, 2.0).light = light + 0.05;
}

fn goblin_head(s: &mut Sculpt, pose: &Pose) {
    let side = pose.view == View::Side;
    let (x, y) = pose.at(if side { 1.5 } else { 0.0 }, -24.0);
    let ears: &[f32] = if side { &[-1.0] } else { &[-1.0, 1.0] };
    if !side {
        for m in ears {
            let ear =
                [(x + m * 4.5, y - 1.4), (x + m * 14.0, y - 2.6), (x + m * 10.0, y + 1.6), (x + m * 4.5, y + 4.2)];
            s.layer().plate(GREEN, &ear, 1.4).light = 0.04;
            s.thread((x + m * 7.0 - 0.5, y + 0.8), (x + m * 10.5 - 0.5, y - 0.6), GREEN[1]);
        }
    }
    s.layer().ell(GREEN, x, y, 7.0, 6.0);
    s.ell(GREEN, x, y + 2.8, 5.0, 3.6);
    if side {
        s.limb(GREEN, (x + 5.0, y + 0.6), (x + 9.2, y + 2.4), 1.9, 0.9).light = 0.1;
        let ear = [(x - 0.5, y - 1.6), (x - 12.5, y - 2.6), (x - 8.0, y + 1.8), (x - 1.0, y + 3.2)];
        s.layer().plate(GREEN, &ear, 1.4).light = 0.08;
        s.thread((x - 3.0, y + 0.6), (x - 8.5, y - 0.8), GREEN[1]);
    }
    s.layer().limb(RED, (x - 5.0, y - 4.0), (x + 5.0, y - 4.0), 0.8, 0.8);
    let lean = if side { -3.0 } else { 0.0 };
    s.layer();
    for (from, to, high) in [(-1.6, -3.6, 8.6), (1.6, 3.4, 8.8), (0.0, 0.0, 10.4)] {
        s.limb(RED, (x + from, y - 5.2), (x + to + lean, y - high), 1.5, 0.5).light = 0.05;
    }
    if pose.view == View::Back {
        return;
    }
    let eyes: &[f32] = if side { &[2.5] } else { &[-3.6, 2.4] };
    for e in eyes {
        for (dx, dy) in [(0.0, 0.0), (1.2, 0.0), (0.0, 1.2), (1.2, 1.2)] {
            s.dab(x + e + dx, y - 0.6 + dy, if pose.column == DEAD { GREEN[0] } else { GOLD[4] });
        }
        s.dab(x + e + if *e < 0.0 || side { 1.2 } else { 0.0 }, y + 0.6, INK);
        s.dab(x + e - 0.6 + if *e > 0.0 && !side { 2.4 } else { 0.0 }, y - 1.8, GREEN[0]);
    }
    if !side {
        s.layer().ell(GREEN, x, y + 2.0, 1.5, 1.9).light = 0.12;
        s.thread((x - 3.0, y + 5.0), (x + 2.4, y + 5.0), INK);
        s.dab(x - 2.2, y + 6.0, WHITE);
        s.dab(x + 1.6, y + 6.0, WHITE);
    } else {
        s.thread((x + 2.0, y + 5.0), (x + 5.0, y + 4.6), INK);
        s.dab(x + 4.0, y + 5.6, WHITE);
    }
}
