//! The shapes on the ground that abilities reach.

use realmgate_protocol::movement::{Angle, Position};

/// A circle, or a cone of it. It reaches whoever's body it touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The middle of the circle.
    pub centre: Position,
    /// Its radius.
    pub units: i32,
    /// The cone: where it points, and how wide it is to each side in 1/256 turn.
    cone: Option<(Angle, u8)>,
}

impl Reach {
    /// A circle.
    pub fn circle(centre: Position, units: i32) -> Self {
        Self { centre, units, cone: None }
    }

    /// A cone; `half_width` is in 1/256 turn to each side.
    pub fn cone(centre: Position, units: i32, looks: Angle, half_width: u8) -> Self {
        Self { centre, units, cone: Some((looks, half_width)) }
    }

    /// Whether it touches a body of this radius. Walls are not looked at.
    pub fn touches(&self, at: Position, radius: i32) -> bool {
        self.centre.within(at, self.units + radius)
            && self.cone.is_none_or(|(looks, half_width)| {
                // Bodies that overlap the centre have no meaningful direction.
                let is_at_the_tip = self.centre.within(at, radius);
                is_at_the_tip || Angle::between(self.centre, at).difference(looks) <= half_width
            })
    }
}
