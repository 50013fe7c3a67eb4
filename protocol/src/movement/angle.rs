//! Directions as one of 256 steps of a circle.

use serde::{Deserialize, Serialize};

use super::Position;
use crate::bits::{BitField, BitReader, BitWriter};

/// Directions in a full circle.
pub const ANGLE_STEPS: usize = 256;

/// A direction in 1/256 turn: 0 is east, 64 is south (y grows to the south), 128 west, 192 north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Angle(pub u8);

/// The sine of a quarter turn in 64 steps, times 16,384 and rounded. A table and not a function, so that every language
/// and every machine computes the same movement.
#[rustfmt::skip]
const QUARTER_SINE: [i32; 65] = [
    0, 402, 804, 1_205, 1_606, 2_006, 2_404, 2_801, 3_196, 3_590, 3_981, 4_370, 4_756,
    5_139, 5_520, 5_897, 6_270, 6_639, 7_005, 7_366, 7_723, 8_076, 8_423, 8_765, 9_102, 9_434,
    9_760, 10_080, 10_394, 10_702, 11_003, 11_297, 11_585, 11_866, 12_140, 12_406, 12_665, 12_916, 13_160,
    13_395, 13_623, 13_842, 14_053, 14_256, 14_449, 14_635, 14_811, 14_978, 15_137, 15_286, 15_426, 15_557,
    15_679, 15_791, 15_893, 15_986, 16_069, 16_143, 16_207, 16_261, 16_305, 16_340, 16_364, 16_379, 16_384,
];

/// Number of parts into which the slope from 0 to 1, an eighth of the circle, is divided.
const EIGHTH_PARTS: usize = 256;

/// The nearest step for each part of the slope.
const STEPS: [u8; EIGHTH_PARTS + 1] = {
    let mut steps = [0; EIGHTH_PARTS + 1];
    let (mut part, mut step) = (0, 0);
    while part <= EIGHTH_PARTS {
        // Half way to the next step, the slope is the sum of both sines over the sum of both cosines.
        while step < 32
            && (QUARTER_SINE[step] + QUARTER_SINE[step + 1]) as usize * EIGHTH_PARTS
                < part * (QUARTER_SINE[64 - step] + QUARTER_SINE[63 - step]) as usize
        {
            step += 1;
        }
        steps[part] = step as u8;
        part += 1;
    }
    steps
};

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

    /// The step nearest to the direction from `from` to `to`; east if they are equal.
    ///
    /// Integer arithmetic only: the step whose unit vector has the greatest dot product with the difference. On a tie,
    /// the smallest step.
    pub fn between(from: Position, to: Position) -> Self {
        let (dx, dy) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
        let (across, down) = (dx.unsigned_abs(), dy.unsigned_abs());
        let (longer, shorter) = (across.max(down), across.min(down));
        if longer == 0 {
            return Self(0);
        }
        let in_eighth = STEPS[(shorter * EIGHTH_PARTS as u64 / longer) as usize];
        let in_quarter = if across >= down { in_eighth } else { 64 - in_eighth };
        let guess = match (dx >= 0, dy >= 0) {
            (true, true) => in_quarter,
            (false, true) => 128 - in_quarter,
            (false, false) => 128 + in_quarter,
            (true, false) => in_quarter.wrapping_neg(),
        };
        let dot = |step: u8| {
            let (x, y) = Self(step).vector();
            dx * i64::from(x) + dy * i64::from(y)
        };
        // The guess is at most one step off.
        let near = [guess.wrapping_sub(1), guess, guess.wrapping_add(1)];
        Self(near.into_iter().max_by_key(|step| (dot(*step), std::cmp::Reverse(*step))).unwrap_or(guess))
    }

    /// Number of steps between two directions, the shorter way round: 0 to 128.
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
    use proptest::prelude::*;

    #[test]
    fn the_table_is_the_sine() {
        for step in 0..=255u8 {
            let angle = f64::from(step) / 256.0 * std::f64::consts::TAU;
            assert_eq!(Angle::sine(step), (angle.sin() * 16_384.0).round() as i32, "step {step}");
        }
    }

    #[test]
    fn each_of_the_directions_is_found_again() {
        let from = Position { x: 100_000, y: 100_000 };
        for step in 0..=255u8 {
            let (dx, dy) = Angle(step).scaled(50_000);
            assert_eq!(Angle::between(from, from.offset(dx, dy)), Angle(step));
        }
    }

    /// The definition of `between`, evaluated for every step.
    fn nearest(dx: i32, dy: i32) -> Angle {
        let dot = |step: u8| {
            let (x, y) = Angle(step).vector();
            i64::from(dx) * i64::from(x) + i64::from(dy) * i64::from(y)
        };
        Angle((0..=255).max_by_key(|step| (dot(*step), std::cmp::Reverse(*step))).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn between_finds_what_asking_for_every_step_finds(
            dx in prop_oneof![-40i32..40, -9_000i32..9_000, -4_000_000i32..4_000_000],
            dy in prop_oneof![-40i32..40, -9_000i32..9_000, -4_000_000i32..4_000_000],
        ) {
            let from = Position { x: 9_000_000, y: 9_000_000 };
            prop_assert_eq!(Angle::between(from, from.offset(dx, dy)), nearest(dx, dy));
        }
    }

    #[test]
    fn between_is_exact_near_by() {
        let from = Position { x: 100_000, y: 100_000 };
        for dx in -70..=70 {
            for dy in -70..=70 {
                assert_eq!(Angle::between(from, from.offset(dx, dy)), nearest(dx, dy), "{dx}, {dy}");
            }
        }
    }

    #[test]
    fn difference_goes_the_shorter_way() {
        assert_eq!(Angle(250).difference(Angle(6)), 12);
        assert_eq!(Angle(0).difference(Angle(128)), 128);
        for (a, b) in (0..=255u8).flat_map(|a| (0..=255u8).map(move |b| (a, b))) {
            let apart = u16::from(a.abs_diff(b));
            assert_eq!(u16::from(Angle(a).difference(Angle(b))), apart.min(256 - apart), "from {a} to {b}");
        }
    }
}
