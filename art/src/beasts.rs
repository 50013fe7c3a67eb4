//! What four-legged animals have in common, and a shapeless creature for whatever has no picture yet.

use crate::math::V;
use crate::palette::{GHOST, INK, PURPLE, Ramp, WHITE};
use crate::picture::Picture;
use crate::pose::{BLOW, DEAD, View, WINDUP};
use crate::sculpt::Sculpt;

/// What an animal's body does in a frame.
pub struct Gait {
    /// How far the body is moved.
    pub body: V,
    /// -1..1: how far the legs of one diagonal are ahead.
    pub swing: f32,
    /// How far the head is moved.
    pub head: V,
    /// Whether the animal lies dead.
    pub dead: bool,
    /// Whether it strikes.
    pub blow: bool,
}

/// The gait of a frame.
pub fn gait(view: View, column: i32) -> Gait {
    let mut g = Gait { body: (0.0, 0.0), swing: 0.0, head: (0.0, 0.0), dead: column == DEAD, blow: column == BLOW };
    let ahead = |d: f32| match view {
        View::Side => (d, 0.0),
        View::Front => (0.0, d * 0.6),
        View::Back => (0.0, -d * 0.6),
    };
    match column {
        1..=4 => {
            g.swing = [1.0, 0.35, -1.0, -0.35][(column - 1) as usize];
            g.body.1 = [0.0, -1.0, 0.0, -1.0][(column - 1) as usize];
            g.head.1 = [0.6, 0.0, -0.6, 0.0][(column - 1) as usize];
        }
        WINDUP => {
            g.body = ahead(-2.4);
            g.head = (ahead(-1.5).0, if view == View::Side { 1.8 } else { -0.5 });
            g.swing = 0.3;
        }
        BLOW => {
            g.body = ahead(2.0);
            g.head = (ahead(-1.4).0, ahead(3.0).1 - 1.0);
            g.swing = 1.2;
        }
        _ => {}
    }
    g
}

/// Sizes of a four-legged animal seen from the side.
pub struct Build {
    /// Its fur.
    pub fur: Ramp,
    /// Height of hips and shoulders.
    pub hip: f32,
    /// Half the distance between them.
    pub span: f32,
    /// Radius of the rump.
    pub rump: f32,
    /// Radius of the chest.
    pub chest: f32,
    /// Thickness of a leg.
    pub leg: f32,
    /// Length of a step.
    pub stride: f32,
}

/// An empty sculpture that stands on the ground of its frame.
pub fn start(size: i32, scale: f32) -> Sculpt {
    let size = size as f32;
    Sculpt::new(size as i32, size as i32, (size / 2.0, size - size / 8.0)).scaled(scale)
}

/// A leg from the body to the ground.
pub fn leg(s: &mut Sculpt, b: &Build, top: V, foot: V, light: f32) {
    let knee = (top.0 * 0.5 + foot.0 * 0.5 - 0.9, top.1 * 0.45 + foot.1 * 0.55);
    s.layer().limb(b.fur, top, knee, b.leg * 1.45, b.leg).light = light;
    s.limb(b.fur, knee, (foot.0, foot.1 - 1.2), b.leg, b.leg * 0.85).light = light - 0.1;
    s.limb(b.fur, (foot.0, foot.1 - 1.0), (foot.0 + 1.2, foot.1 - 0.9), b.leg * 0.9, b.leg * 0.7).light = light - 0.25;
}

/// The four legs and the body; gives where the neck starts.
pub fn body_side(s: &mut Sculpt, b: &Build, g: &Gait) -> V {
    let (x, y) = if g.dead { (-3.0, b.rump * 0.55 - 0.5 - b.chest) } else { (g.body.0 - 2.0, g.body.1 - b.hip) };
    let legs = |near: bool| {
        let w = if near { g.swing } else { -g.swing };
        [(-b.span, -w), (b.span, w)]
    };
    for (near, light) in [(false, -0.22), (true, 0.0)] {
        if near {
            s.layer().limb(b.fur, (x - b.span, y), (x + b.span, y - b.chest * 0.08), b.rump, b.chest);
        }
        for (at, w) in legs(near) {
            let shift = if near { 0.0 } else { 1.6 };
            if g.dead {
                let fall = if near { 0.0 } else { -2.2 };
                leg(s, b, (x + at + shift, y + 1.5), (x + at * 1.25 + 5.0 + shift, -0.2 + fall), light);
            } else {
                let lift = if w > 0.2 && w < 0.9 { -1.6 } else { 0.0 };
                let foot = (at - 2.0 + g.body.0 * 0.4 + w * b.stride + shift, lift - if near { 0.0 } else { 0.8 });
                leg(s, b, (x + at + shift * 0.6, y + 1.5), foot, light);
            }
        }
    }
    (x + b.span, y - b.chest * 0.3)
}

/// An eye, closed where the animal is dead.
pub fn eye(s: &mut Sculpt, g: &Gait, x: f32, y: f32, colour: u32) {
    s.dab(x, y, if g.dead { INK } else { colour });
    if g.dead {
        s.dab(x + 1.0, y, INK);
    }
}

/// A frame of a creature nobody has drawn: a dark blob with glowing eyes.
pub fn creature(view: View, column: i32) -> Picture {
    let g = gait(view, column);
    let mut s = start(48, 1.2);
    let squash = [0.0, 0.6, -0.6, 0.6, -0.6, -1.4, 1.6, 4.5][column as usize];
    let x = g.body.0;
    s.ell(PURPLE, x, -7.0 + squash, 9.0 + squash * 0.6, 7.6 - squash);
    s.ell(PURPLE, x - 6.0, -2.4, 4.0, 2.4);
    s.ell(PURPLE, x + 6.0, -2.4, 4.0, 2.4);
    if view != View::Back {
        let look = if view == View::Side { 3.0 } else { 0.0 };
        for e in [-3.0, 2.4] {
            for dy in 0..if g.dead { 1 } else { 3 } {
                s.dab(x + look + e, -9.5 + squash + dy as f32, GHOST[4]);
                s.dab(x + look + e + 0.9, -9.5 + squash + dy as f32, GHOST[3]);
            }
        }
        if g.blow {
            s.thread((x + look - 2.5, -4.5), (x + look + 2.5, -4.5), WHITE);
        }
    }
    s.render()
}
