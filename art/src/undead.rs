//! The skeleton and the king of the barrow.

use crate::arms::{Held, draw_held};
use crate::math::V;
use crate::palette::{BONE, GHOST, GOLD, INK, IRON, PURPLE, RED};
use crate::picture::Picture;
use crate::pose::{BLOW, Pose, Style, View, WINDUP};
use crate::sculpt::Sculpt;
use crate::sheet::upright;
use crate::skull::skull;

/// How a skeleton is dressed.
pub struct Bones {
    /// The colour of the light in the eyes.
    pub eyes: u32,
    /// Whether it wears a crown, mail and rags.
    pub king: bool,
    /// What it holds.
    pub held: Held,
}

/// A frame of the skeleton.
pub fn skeleton(view: View, column: i32) -> Picture {
    let mut s = upright(48, 1.0, view, column);
    bones(&mut s, &Pose::of(view, column, Style::Blade), &Bones { eyes: RED[4], king: false, held: Held::RustyBlade });
    s.render()
}

/// A frame of the barrow king: a towering, crowned skeleton in rags of purple with a great sword.
pub fn barrow_king(view: View, column: i32) -> Picture {
    let mut s = upright(80, 1.66, view, column);
    let mut pose = Pose::of(view, column, Style::Blade);
    // The great blade has to stay inside the frame.
    match (view, column) {
        (View::Side, BLOW) => {
            pose.hand.0 = 4.0;
            pose.seen = 0.93;
        }
        (View::Side, WINDUP) => pose.seen = 0.95,
        (View::Back, WINDUP) => pose.seen = 0.72,
        (View::Back, BLOW) => pose.seen = 0.58,
        (View::Front, BLOW) => pose.seen = 0.6,
        (View::Front, WINDUP) => pose.hand.1 += 2.0,
        _ => {}
    }
    bones(&mut s, &pose, &Bones { eyes: GHOST[4], king: true, held: Held::GreatSword });
    s.render()
}

fn bones(s: &mut Sculpt, pose: &Pose, b: &Bones) {
    match pose.view {
        View::Front => {
            rags(s, pose, b, -0.2);
            legs(s, pose, b);
            ribs(s, pose, b);
            bone_arm(s, pose, b, 1, 0.0);
            skull(s, pose, b);
            bone_arm(s, pose, b, 0, 0.0);
            draw_held(s, pose, b.held, 0);
        }
        View::Back => {
            draw_held(s, pose, b.held, 0);
            legs(s, pose, b);
            ribs(s, pose, b);
            bone_arm(s, pose, b, 1, 0.0);
            bone_arm(s, pose, b, 0, 0.0);
            rags(s, pose, b, 0.0);
            skull(s, pose, b);
        }
        View::Side => {
            bone_arm(s, pose, b, 1, -0.2);
            rags(s, pose, b, -0.05);
            legs(s, pose, b);
            ribs(s, pose, b);
            skull(s, pose, b);
            draw_held(s, pose, b.held, 0);
            bone_arm(s, pose, b, 0, 0.04);
        }
    }
}

fn rags(s: &mut Sculpt, pose: &Pose, b: &Bones, light: f32) {
    if !b.king {
        return;
    }
    let w = pose.sway * 1.2;
    let form: &[V] = if pose.view == View::Side {
        &[
            (2.0, -22.0),
            (-4.5, -21.0),
            (-8.5, -8.0),
            (-10.5, -1.5),
            (-7.5, -3.5),
            (-5.0, -0.8),
            (-3.0, -4.0),
            (0.0, -2.0),
            (1.0, -10.0),
        ]
    } else {
        &[
            (-7.5, -22.0),
            (7.5, -22.0),
            (10.0, -8.0),
            (11.0, -1.2),
            (7.5, -4.2),
            (4.6, -0.6),
            (2.0, -3.8),
            (-1.0, -0.8),
            (-4.0, -4.2),
            (-7.6, -0.8),
            (-10.6, -2.2),
            (-10.0, -8.0),
        ]
    };
    let points: Vec<V> = form.iter().map(|p| pose.at(p.0 + if p.1 > -6.0 { w } else { 0.0 }, p.1)).collect();
    s.layer().plate(PURPLE, &points, 2.4).light = light - 0.1;
    if pose.view == View::Back {
        for x in [-5.0, -1.0, 3.5] {
            let (a, c) = (pose.at(x * 0.7, -18.0), pose.at(x * 1.2 + w, -5.0));
            s.thread(a, c, PURPLE[1]);
        }
    }
}

fn legs(s: &mut Sculpt, pose: &Pose, b: &Bones) {
    for leg in [1, 0] {
        let (hip, foot) = (pose.hip(leg), pose.feet[leg]);
        let side = pose.view == View::Side;
        let knee = Pose::bend(hip, foot, if side { -1.6 } else { 0.0 });
        let light = if side && leg == 1 { -0.2 } else { 0.0 };
        let r = if b.king { 1.25 } else { 1.35 };
        s.layer().limb(BONE, hip, knee, r, r).light = light;
        s.limb(BONE, knee, (foot.0, foot.1 - 1.4), r, r).light = light;
        s.ell(BONE, knee.0, knee.1, 1.8, 1.6).light = light + 0.1;
        let toe = if side { (foot.0 + 3.2, foot.1 - 0.9) } else { (foot.0, foot.1 - 0.5) };
        s.limb(BONE, (foot.0, foot.1 - 1.0), toe, 1.5, 1.0).light = light;
        if b.king {
            s.layer().limb(IRON, (foot.0, foot.1 - 5.0), (foot.0, foot.1 - 1.6), 2.2, 2.0).light = light;
        }
    }
}

fn ribs(s: &mut Sculpt, pose: &Pose, b: &Bones) {
    let side = pose.view == View::Side;
    let spine = if side { -1.0 } else { 0.0 };
    let hip = pose.at(spine * 0.5, -10.0);
    s.layer().limb(BONE, pose.at(spine, -20.0), hip, 1.1, 1.2).light = -0.2;
    let wide = if side { 2.4 } else { 3.8 };
    s.limb(BONE, (hip.0 - wide, hip.1 - 0.4), (hip.0 + wide, hip.1 - 0.4), 1.6, 1.6);
    let chest = pose.at(0.0, -16.8);
    let (rx, ry) = if side { (3.9, 4.4) } else { (5.4, 4.6) };
    if b.king {
        s.layer().ell(IRON, chest.0, chest.1 + 0.4, rx + 0.8, ry + 0.6);
        s.ell(GOLD, chest.0, chest.1 + 0.6, 1.7, 1.9).light = 0.1;
        let (l, r) = (pose.at(-wide - 1.4, -9.8), pose.at(wide + 1.4, -9.8));
        s.limb(GOLD, l, r, 1.2, 1.2);
        let cloth =
            [pose.at(-2.6, -9.0), pose.at(2.6, -9.0), pose.at(2.2, -2.6), pose.at(0.4, -4.4), pose.at(-1.8, -2.0)];
        s.layer().plate(PURPLE, &cloth, 1.4);
        return;
    }
    s.layer().ell(BONE, chest.0, chest.1, rx, ry);
    for (row, dy) in [-2.6, -0.6, 1.4, 3.2].into_iter().enumerate() {
        let half = rx - 1.4 - if row == 3 { 1.2 } else { 0.0 };
        s.thread((chest.0 - half, chest.1 + dy), (chest.0 - 1.4, chest.1 + dy + 0.6), INK);
        s.thread((chest.0 + half - 0.6, chest.1 + dy), (chest.0 + 0.9, chest.1 + dy + 0.6), BONE[0]);
    }
}

fn bone_arm(s: &mut Sculpt, pose: &Pose, b: &Bones, arm: usize, light: f32) {
    let (shoulder, hand) = (pose.shoulder(arm), pose.held_at(arm));
    let out = match pose.view {
        View::Side => 1.8,
        _ if shoulder.0 < pose.body.0 => 1.4,
        _ => -1.4,
    };
    let elbow = Pose::bend(shoulder, hand, out);
    let r = 1.2;
    s.layer().limb(BONE, shoulder, elbow, r, r).light = light;
    s.limb(BONE, elbow, hand, r, r).light = light;
    s.ell(BONE, elbow.0, elbow.1, 1.4, 1.4).light = light;
    s.ell(BONE, hand.0, hand.1, 1.7, 1.7).light = light + 0.1;
    if b.king {
        s.layer().ell(IRON, shoulder.0, shoulder.1 - 0.6, 3.5, 2.8).light = light;
        let tip = (shoulder.0 + if shoulder.0 < pose.body.0 { -1.5 } else { 1.5 }, shoulder.1 - 5.2);
        s.limb(IRON, (shoulder.0, shoulder.1 - 2.0), tip, 1.4, 0.4).light = light + 0.1;
    } else {
        s.ell(BONE, shoulder.0, shoulder.1, 1.9, 1.8).light = light;
    }
}
