//! What figures hold in their hands: weapons, staffs and shields.

use crate::math::{V, along, between};
use crate::palette::{BONE, GHOST, GOLD, IRON, RED, Ramp, STEEL, WATER, WHITE, WOOD};
use crate::pose::{BLOW, Pose, View, WINDUP};
use crate::sculpt::Sculpt;

/// Things in a figure's hands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Empty hands.
    Nothing,
    /// A sword.
    Sword,
    /// A sword and a round shield.
    SwordAndShield,
    /// A jagged, rusty blade.
    RustyBlade,
    /// The great blade of the barrow king.
    GreatSword,
    /// A bow.
    Bow,
    /// A staff with a golden head.
    Staff,
    /// A smith's hammer.
    Hammer,
    /// A flask.
    Flask,
    /// A trader's pack.
    Pack,
}

/// Draws what is in the weapon hand (`0`) or in the other hand.
pub fn draw_held(s: &mut Sculpt, pose: &Pose, held: Held, side: usize) {
    let hand = pose.held_at(side);
    match (held, side) {
        (Held::Sword | Held::SwordAndShield, 0) => blade(s, pose, hand, STEEL, GOLD, (15.0, 1.5)),
        (Held::RustyBlade, 0) => blade(s, pose, hand, IRON, WOOD, (13.0, 1.4)),
        (Held::GreatSword, 0) => blade(s, pose, hand, GHOST, GOLD, (19.5, 1.9)),
        (Held::SwordAndShield, 1) => shield(s, pose, hand),
        (Held::Bow, 1) => bow(s, pose, hand),
        (Held::Staff, 0) => staff(s, pose, hand),
        (Held::Hammer, 0) => hammer(s, pose, hand),
        (Held::Flask, 1) => flask(s, hand),
        (Held::Pack, 0) => pack(s, pose),
        _ => {}
    }
}

fn blade(s: &mut Sculpt, pose: &Pose, hand: V, ramp: Ramp, guard: Ramp, (length, r): (f32, f32)) {
    let length = length * pose.seen;
    let (start, tip) = (along(hand, pose.deg, 2.4), along(hand, pose.deg, length));
    s.layer().limb(ramp, start, between(start, tip, 0.85), r, r * 0.85).light = 0.08;
    s.limb(ramp, between(start, tip, 0.85), tip, r * 0.85, 0.4).light = 0.1;
    let (a, b) = (along(start, pose.deg - 90.0, r + 1.3), along(start, pose.deg + 90.0, r + 1.3));
    s.layer().limb(guard, a, b, 0.9, 0.9);
    s.limb(WOOD, along(hand, pose.deg, 1.4), along(hand, pose.deg, -1.8), 0.9, 0.9);
    let knob = along(hand, pose.deg, -2.6);
    s.ell(guard, knob.0, knob.1, 1.0, 1.0);
}

fn shield(s: &mut Sculpt, pose: &Pose, hand: V) {
    s.layer();
    let (x, y) = (hand.0, hand.1 - 1.0);
    if pose.view == View::Side {
        s.ell(STEEL, x + 2.0, y, 3.4, 6.2);
        s.ell(RED, x + 2.0, y, 2.2, 5.0);
        return;
    }
    s.ell(STEEL, x, y, 5.4, 6.2);
    if pose.view == View::Front {
        s.ell(RED, x, y, 4.2, 5.0);
        s.layer().ell(GOLD, x, y, 1.5, 1.6);
    } else {
        s.ell(WOOD, x, y, 4.2, 5.0).light = -0.2;
    }
}

/// The two ends of a bow held at `hand` that shoots toward `deg`, and the middle of its string.
fn bow(s: &mut Sculpt, pose: &Pose, hand: V) {
    let drawn = pose.column == WINDUP;
    let (half, depth) = (9.5, 3.6);
    let ends = [-90.0, 90.0].map(|side| along(along(hand, pose.deg, -depth), pose.deg + side, half));
    s.layer();
    for end in ends {
        let knee = along(between(hand, end, 0.55), pose.deg, 1.6);
        s.limb(WOOD, hand, knee, 1.1, 1.0).light = 0.12;
        s.limb(WOOD, knee, end, 1.0, 0.6).light = 0.12;
    }
    let middle = if drawn { pose.held_at(0) } else { between(ends[0], ends[1], 0.5) };
    for end in ends {
        s.thread(end, middle, if drawn { BONE[4] } else { BONE[2] });
    }
    if drawn {
        let tip = along(hand, pose.deg, 5.0);
        s.thread(middle, tip, WOOD[4]);
        s.dab(tip.0, tip.1, WHITE);
    }
}

fn staff(s: &mut Sculpt, pose: &Pose, hand: V) {
    let (top, low) = (along(hand, pose.deg, 14.0), along(hand, pose.deg, -13.0));
    s.layer().limb(WOOD, low, top, 1.1, 1.2).light = 0.08;
    let head = along(hand, pose.deg, 16.5);
    s.layer().ell(GOLD, head.0, head.1, 3.0, 3.0);
    s.layer().ell(WATER, head.0, head.1, 1.6, 1.6).light = 0.35;
    if matches!(pose.column, BLOW | WINDUP) {
        let reach = if pose.column == BLOW { 5.2 } else { 3.8 };
        for i in 0..8 {
            let p = along(head, i as f32 * 45.0, if i % 2 == 0 { reach } else { reach * 0.75 });
            s.dab(p.0, p.1, if i % 2 == 0 { GOLD[4] } else { WHITE });
            if pose.column == BLOW && i % 2 == 0 {
                let p = along(head, i as f32 * 45.0, reach + 1.2);
                s.dab(p.0, p.1, GOLD[3]);
            }
        }
    }
}

fn hammer(s: &mut Sculpt, pose: &Pose, hand: V) {
    let top = along(hand, pose.deg, 8.5);
    s.layer().limb(WOOD, along(hand, pose.deg, -3.0), top, 1.0, 1.0);
    let (a, b) = (along(top, pose.deg - 90.0, 3.0), along(top, pose.deg + 90.0, 3.0));
    s.layer().limb(IRON, a, b, 2.3, 2.3).light = 0.1;
}

fn flask(s: &mut Sculpt, hand: V) {
    s.layer().ell(GHOST, hand.0, hand.1 - 3.2, 2.6, 2.6);
    s.limb(GHOST, (hand.0, hand.1 - 5.0), (hand.0, hand.1 - 7.0), 1.0, 1.0).light = 0.2;
    s.dab(hand.0 - 0.5, hand.1 - 8.0, WOOD[3]);
    s.dab(hand.0 - 1.5, hand.1 - 4.0, WHITE);
}

fn pack(s: &mut Sculpt, pose: &Pose) {
    match pose.view {
        View::Back => {
            let (x, y) = pose.at(0.0, -15.5);
            s.layer().ell(WOOD, x, y, 6.4, 6.6);
        }
        View::Side => {
            let (x, y) = pose.at(-5.8, -16.0);
            s.layer().ell(WOOD, x, y, 3.6, 5.6);
            s.limb(RED, (x - 2.2, y - 6.0), (x + 2.2, y - 6.4), 1.9, 1.9);
        }
        View::Front => {
            let (a, b) = (pose.at(-4.0, -20.0), pose.at(-3.2, -13.0));
            s.thread(a, b, WOOD[1]);
            s.thread((-a.0, a.1), (-b.0, b.1), WOOD[1]);
        }
    }
}
