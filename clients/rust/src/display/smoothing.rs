//! Corrections that are spread over some frames: what is shown begins where it was, and moves to where it should be.

use super::Point;
use super::track::JUMP_UNITS;

/// Milliseconds in which a correction of the own character shrinks to half.
pub(super) const OWN_HALF_LIFE_MS: f64 = 60.0;
/// The same for others: who has turned was shown too far ahead, and the sooner that is made good, the less it is wrong.
pub(super) const OTHERS_HALF_LIFE_MS: f64 = 40.0;

/// How far from where it should be something is shown, in units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smoothing {
    half_life_ms: f64,
    offset: Point,
}

impl Smoothing {
    /// A smoothing in which a correction shrinks to half within so many milliseconds.
    pub fn new(half_life_ms: f64) -> Self {
        Self { half_life_ms, offset: Point::default() }
    }

    /// What was shown here is to be there. From beyond three tiles it is shown there at once: it has jumped.
    pub fn correct(&mut self, here: Point, there: Point) {
        let offset = Point { x: self.offset.x + here.x - there.x, y: self.offset.y + here.y - there.y };
        let is_jump = offset.x.abs().max(offset.y.abs()) > JUMP_UNITS;
        self.offset = if is_jump { Point::default() } else { offset };
    }

    /// Lets some time pass. Returns by how far what is shown has moved for it, in units.
    ///
    /// A quotient, so that every language computes the same to the last bit.
    pub fn pass(&mut self, ms: f64) -> f64 {
        let left = self.half_life_ms / (self.half_life_ms + ms.max(0.0));
        let was = self.offset;
        self.offset = Point { x: was.x * left, y: was.y * left };
        (was.x - self.offset.x).abs().max((was.y - self.offset.y).abs())
    }

    /// What is shown for something that should be there.
    pub fn shown(&self, there: Point) -> Point {
        Point { x: there.x + self.offset.x, y: there.y + self.offset.y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_LIFE_MS: f64 = 60.0;

    /// A point of a line that leads along both axes.
    fn point(x: f64) -> Point {
        Point { x, y: 100.0 - x / 2.0 }
    }

    #[test]
    fn a_correction_begins_where_it_was_and_ends_where_it_should_be() {
        let mut smoothing = Smoothing::new(HALF_LIFE_MS);
        smoothing.correct(point(500.0), point(0.0));
        assert_eq!(smoothing.shown(point(0.0)), point(500.0), "nothing has moved yet");
        assert!((smoothing.pass(HALF_LIFE_MS) - 250.0).abs() < 1e-9);
        assert_eq!(smoothing.shown(point(0.0)), point(250.0));
        let moved: Vec<f64> = (0..60).map(|_| smoothing.pass(16.0)).collect();
        assert!(moved.windows(2).all(|pair| pair[1] < pair[0]), "less with every frame");
        let Point { x, y } = smoothing.shown(point(0.0));
        assert!(x.abs() < 1.0 && (y - 100.0).abs() < 1.0, "{smoothing:?} after a second");
    }

    #[test]
    fn another_correction_begins_at_what_is_shown() {
        let mut smoothing = Smoothing::new(HALF_LIFE_MS);
        smoothing.correct(point(500.0), point(0.0));
        smoothing.pass(HALF_LIFE_MS);
        // It should be at 0, is shown at 250, and now should be at 100.
        smoothing.correct(point(0.0), point(100.0));
        assert_eq!(smoothing.shown(point(100.0)), point(250.0));
    }

    #[test]
    fn a_jump_is_shown_as_one() {
        let mut smoothing = Smoothing::new(HALF_LIFE_MS);
        smoothing.correct(point(3_072.0), point(0.0));
        assert_eq!(smoothing.shown(point(0.0)), point(3_072.0));
        smoothing.correct(point(0.0), point(-1.0));
        assert_eq!(smoothing.shown(point(-1.0)), point(-1.0));
        let origin = Point { x: 0.0, y: 0.0 };
        for (x, y) in [(3_073.0, 0.0), (-3_073.0, 0.0), (0.0, 3_073.0), (0.0, -3_073.0)] {
            let mut other = Smoothing::new(HALF_LIFE_MS);
            other.correct(Point { x, y }, origin);
            assert_eq!(other.shown(origin), origin, "from {x}, {y}");
        }
    }
}
