//! Directions as one of 256 steps of a circle.

use serde::{Deserialize, Serialize};

use super::Position;
use crate::bits::{BitField, BitReader, BitWriter};

/// Directions in a full circle.
pub const ANGLE_STEPS: usize = 256;

/// A direction in 1/256 turn: 0 is east, 64 is south (y grows to the south), 128 west, 192 north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Angle(pub u8);

/// The sine of a quarter turn in 64 steps, times 16,384 and rounded: table and not function, so that every language
/// and every machine moves the same.
#[rustfmt::skip]
const QUARTER_SINE: [i32; 65] = [
    0, 402, 804, 1_205, 1_606, 2_006, 2_404, 2_801, 3_196, 3_590, 3_981, 4_370, 4_756,
    5_139, 5_520, 5_897, 6_270, 6_639, 7_005, 7_366, 7_723, 8_076, 8_423, 8_765, 9_102, 9_434,
    9_760, 10_080, 10_394, 10_702, 11_003, 11_297, 11_585, 11_866, 12_140, 12_406, 12_665, 12_916, 13_160,
    13_395, 13_623, 13_842, 14_053, 14_256, 14_449, 14_635, 14_811, 14_978, 15_137, 15_286, 15_426, 15_557,
    15_679, 15_791, 15_893, 15_986, 16_069, 16_143, 16_207, 16_261, 16_305, 16_340, 16_364, 16_379, 16_384,
];

impl Angle {
    fn sine(step: u8) -> i32 {
        let (quadrant, at) = (step >> 6, usize::from(step & 63));
        match quadrant {
            0 => QUARTER_SINE[at],
            1 => QUARTER_SINE[64 - at],
            2 => -QUARTER_SINE[at],
            _ => -QUARTER_SINE[64 - at],
        }
    }

    /// The unit vector, times 16,384.
    pub fn vector(self) -> (i32, i32) {
        (Self::sine(self.0.wrapping_add(64)), Self::sine(self.0))
    }

    /// The vector of length `units` in this direction, rounded to the nearest unit (halves away from zero).
    pub fn scaled(self, units: i32) -> (i32, i32) {
        let (x, y) = self.vector();
        let round = |part: i32| {
            let product = i64::from(part) * i64::from(units);
            ((product + product.signum() * 8_192) / 16_384) as i32
        };
        (round(x), round(y))
    }

    /// The direction nearest to the one from `from` to `to`; east where they are equal.
    ///
    /// Integer arithmetic only: the step whose unit vector has the greatest dot product with the difference.
    pub fn between(from: Position, to: Position) -> Self {
        let (dx, dy) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
        let dot = |step: u8| {
            let (x, y) = Self(step).vector();
            dx * i64::from(x) + dy * i64::from(y)
        };
        // The dot product has one maximum around the circle: a coarse look, then its neighbours.
        let coarse = (0..16u8).map(|i| i * 16).max_by_key(|step| (dot(*step), std::cmp::Reverse(*step))).unwrap_or(0);
        let near = (0..=32u8).map(|i| coarse.wrapping_add(i).wrapping_sub(16));
        Self(near.max_by_key(|step| (dot(*step), std::cmp::Reverse(*step))).unwrap_or(0))
    }

    /// Steps between two directions, the shorter way round: 0 to 128.
    pub fn difference(self, other: Self) -> u8 {
        let apart = self.0.wrapping_sub(other.0);
        apart.min(apart.wrapping_neg())
    }

    /// The opposite direction.
    pub fn opposite(self) -> Self {
        Self(self.0.wrapping_add(128))
    }
}

/// `angle`: 8 bits.
impl BitField for Angle {
    fn kind() -> String {
        "angle".to_owned()
    }
    fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(self.0), 8);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        from.take(8).map(|step| Self(step as u8))
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the table is compared with the sine it was made from")]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_sine() {
        for step in 0..=255u8 {
            let angle = f64::from(step) / 256.0 * std::f64::consts::TAU;
            assert_eq!(Angle::sine(step), (angle.sin() * 16_384.0).round() as i32, "step {step}");
        }
    }

    #[test]
    fn between_is_the_nearest_step_in_every_direction() {
        let from = Position { x: 100_000, y: 100_000 };
        for step in 0..=255u8 {
            let (dx, dy) = Angle(step).scaled(50_000);
            assert_eq!(Angle::between(from, from.offset(dx, dy)), Angle(step));
        }
    }

    #[test]
    fn difference_goes_the_shorter_way() {
        assert_eq!(Angle(250).difference(Angle(6)), 12);
        assert_eq!(Angle(0).difference(Angle(128)), 128);
    }
}
