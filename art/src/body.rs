//! How a person is put together: views, limbs, clothes.

use crate::arms::{Held, draw_held};
use crate::head::head;
use crate::math::V;
use crate::palette::{BONE, GOLD, Ramp, SKIN, WOOD};
use crate::people::Look;
use crate::pose::{Pose, View};
use crate::sculpt::Sculpt;

/// Draws a person.
pub fn draw(s: &mut Sculpt, pose: &Pose, look: &Look) {
    match pose.view {
        View::Front => front(s, pose, look),
        View::Back => back(s, pose, look),
        View::Side => side(s, pose, look),
    }
}

fn front(s: &mut Sculpt, pose: &Pose, look: &Look) {
    if let Some(cloak) = look.cloak {
        cape(s, pose, cloak, -0.25);
    }
    for leg in [1, 0] {
        draw_leg(s, pose, look, leg, 0.0);
    }
    torso(s, pose, look);
    arm(s, pose, look, 1, 0.0);
    draw_held(s, pose, look.held, 1);
    head(s, pose, look);
    arm(s, pose, look, 0, 0.0);
    draw_held(s, pose, look.held, 0);
}

fn back(s: &mut Sculpt, pose: &Pose, look: &Look) {
    draw_held(s, pose, look.held, 0);
    draw_held(s, pose, look.held, 1);
    for leg in [1, 0] {
        draw_leg(s, pose, look, leg, -0.06);
    }
    torso(s, pose, look);
    arm(s, pose, look, 1, -0.06);
    arm(s, pose, look, 0, -0.06);
    if let Some(cloak) = look.cloak {
        cape(s, pose, cloak, 0.0);
    }
    if look.held == Held::Bow {
        let (a, b) = (pose.at(-4.0, -12.0), pose.at(4.0, -22.0));
        s.layer().limb(WOOD, a, b, 2.0, 2.4);
        for (x, y) in [(3.2, -24.0), (5.2, -23.5), (4.6, -25.2)] {
            let p = pose.at(x, y);
            s.layer().ell(BONE, p.0, p.1, 0.9, 1.2);
        }
    }
    head(s, pose, look);
}

fn side(s: &mut Sculpt, pose: &Pose, look: &Look) {
    arm(s, pose, look, 1, -0.2);
    if matches!(look.held, Held::SwordAndShield | Held::Bow | Held::Flask) {
        draw_held(s, pose, look.held, 1);
    }
    draw_leg(s, pose, look, 1, -0.18);
    if let Some(cloak) = look.cloak {
        cape(s, pose, cloak, -0.05);
    }
    draw_leg(s, pose, look, 0, 0.0);
    torso(s, pose, look);
    head(s, pose, look);
    draw_held(s, pose, look.held, 0);
    arm(s, pose, look, 0, 0.04);
}

fn cape(s: &mut Sculpt, pose: &Pose, ramp: Ramp, light: f32) {
    let w = pose.sway * 1.4;
    let points: Vec<V> = if pose.view == View::Side {
        let back = if pose.column == 0 { 0.0 } else { 2.0 };
        vec![(1.0, -21.0), (-3.5, -20.5), (-6.0 - back, -5.0), (-7.5 - back + w, -2.5), (-2.0 + w, -2.0), (1.0, -9.0)]
    } else {
        vec![
            (-5.5, -21.0),
            (5.5, -21.0),
            (8.0, -10.0),
            (8.6 + w, -2.5),
            (2.5 + w, -1.6),
            (-3.0 + w, -2.4),
            (-8.6 + w, -1.8),
            (-8.0, -10.0),
        ]
    };
    let points: Vec<V> = points.iter().map(|p| pose.at(p.0, p.1)).collect();
    s.layer().plate(ramp, &points, 3.5).light = light;
    if pose.view == View::Back {
        for x in [-3.0, 2.0] {
            let (a, b) = (pose.at(x * 0.7, -15.0), pose.at(x * 1.3 + w, -4.0));
            s.thread(a, b, ramp[1]);
        }
    }
}

fn draw_leg(s: &mut Sculpt, pose: &Pose, look: &Look, leg: usize, light: f32) {
    let (hip, foot) = (pose.hip(leg), pose.feet[leg]);
    let knee = Pose::bend(hip, foot, if pose.view == View::Side { -1.3 } else { 0.0 });
    let ankle = (foot.0, foot.1 - 2.4);
    s.layer().limb(look.legs, hip, knee, 2.7, 2.4).light = light;
    s.limb(look.legs, knee, ankle, 2.4, 2.0).light = light;
    s.limb(look.boots, (foot.0 + (knee.0 - foot.0) * 0.3, foot.1 - 4.2), ankle, 2.5, 2.4).light = light;
    let toe = if pose.view == View::Side { (foot.0 + 2.4, foot.1 - 1.3) } else { (foot.0, foot.1 - 1.2) };
    s.limb(look.boots, (foot.0, foot.1 - 1.5), toe, 2.3, 1.7).light = light;
}

fn torso(s: &mut Sculpt, pose: &Pose, look: &Look) {
    let side = pose.view == View::Side;
    let (wide, hips) = if side { (4.6, 4.2) } else { (6.4, 5.4) };
    let c = pose.at(0.0, -16.5);
    s.layer();
    if let Some(trim) = look.robe {
        let w = pose.sway * 0.8;
        let hem = if side { 5.6 } else { 7.4 };
        let (f0, f1) = (pose.feet[0].0 * 0.5, pose.feet[1].0 * 0.5);
        let (l, r) = (f0.min(f1).min(-1.0) - hem + 1.0, f0.max(f1).max(1.0) + hem - 1.0);
        let skirt = [pose.at(-hips, -12.0), pose.at(hips, -12.0), (r + w, -2.0), (l + w, -2.0)];
        s.plate(look.torso, &skirt, 4.0);
        s.plate(trim, &[(l + w - 0.1, -3.6), (r + w + 0.1, -3.6), (r + w + 0.4, -1.2), (l + w - 0.4, -1.2)], 1.5);
        s.thread((w + 0.5, -5.0), pose.at(0.5, -9.0), look.torso[1]);
    }
    s.ell(look.torso, c.0, c.1, wide, 5.4);
    let low = pose.at(0.0, -11.5);
    s.ell(look.torso, low.0, low.1, hips, 3.6);
    if look.robe.is_none() {
        let skirt =
            [pose.at(-hips, -11.5), pose.at(hips, -11.5), pose.at(hips + 0.8, -7.4), pose.at(-hips - 0.8, -7.4)];
        s.plate(look.torso, &skirt, 2.0).light = -0.1;
    }
    let (a, b) = (pose.at(-hips + 0.6, -11.6), pose.at(hips - 0.6, -11.6));
    s.limb(if look.robe.is_some() { GOLD } else { WOOD }, a, b, 1.1, 1.1);
    if let Some(apron) = look.apron.filter(|_| pose.view != View::Back) {
        let x = if side { 1.0 } else { -4.0 };
        let points = [pose.at(x, -18.5), pose.at(4.0, -18.5), pose.at(4.8, -5.0), pose.at(x - 0.8, -5.0)];
        s.layer().plate(apron, &points, 1.6);
    }
    if pose.view == View::Front {
        let buckle = pose.at(-0.5, -12.0);
        s.dab(buckle.0, buckle.1, GOLD[3]);
        s.dab(buckle.0 + 1.0, buckle.1, GOLD[2]);
        if look.robe.is_some() {
            let (a, b) = (pose.at(-0.5, -20.0), pose.at(-0.5, -13.5));
            s.thread(a, b, GOLD[2]);
            s.thread((a.0 + 1.0, a.1), (b.0 + 1.0, b.1), GOLD[3]);
        }
    }
}

fn arm(s: &mut Sculpt, pose: &Pose, look: &Look, arm: usize, light: f32) {
    let (shoulder, hand) = (pose.shoulder(arm), pose.held_at(arm));
    let out = match pose.view {
        View::Side => 1.6,
        _ if shoulder.0 < pose.body.0 => 1.2,
        _ => -1.2,
    };
    let elbow = Pose::bend(shoulder, hand, out);
    s.layer().limb(look.sleeves, shoulder, elbow, 2.4, 2.1).light = light;
    s.limb(look.sleeves, elbow, hand, 2.1, if look.robe.is_some() { 2.7 } else { 1.9 }).light = light;
    s.ell(if look.plates.is_some() { look.boots } else { SKIN }, hand.0, hand.1, 1.9, 1.9).light = light;
    if let Some(plates) = look.plates {
        s.layer().ell(plates, shoulder.0, shoulder.1 - 0.6, 3.2, 2.8).light = light;
    }
}
