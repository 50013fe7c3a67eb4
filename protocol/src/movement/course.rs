//! Dead reckoning between snapshots: from a position and a step per tick, both ends compute the same position for every
//! later tick.

use serde::{Deserialize, Serialize};

use super::{Angle, COORDINATE_BITS, Position};
use crate::bits::{BitField, BitReader, BitWriter};
use crate::limits::MAX_MAP_TILES;
use crate::movement::UNITS_PER_TILE;

/// Fastest movement of a course in units per tick. Anything faster is a jump, shown as standing where it arrived.
pub const MAX_COURSE_UNITS: i32 = (1 << SPEED_BITS) - 1;
/// How far, on each axis, the wire moves the position of a moving entity, which is rounded to 1/64 tile. At the far
/// edge of the largest map it is up to 7 more. The position of a standing entity is exact.
pub const ROUNDED_UNITS: i32 = 1 << (ROUNDED_BITS - 1);

const ROUNDED_BITS: u32 = 4;
const SPEED_BITS: u32 = 11;
/// Bits of one component of a drift, in two's complement.
const PART_BITS: u32 = 12;
const FARTHEST_UNITS: i32 = MAX_MAP_TILES as i32 * UNITS_PER_TILE - 1;

/// Where an entity is, where it looks, and how it moves from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Course {
    /// The centre of its body at the tick of the course.
    pub position: Position,
    /// The direction it looks in.
    pub facing: Angle,
    /// How it moves each tick.
    pub going: Going,
}

/// How an entity moves, the same every tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Going {
    /// It does not move.
    #[default]
    Stands,
    /// In the direction it looks, by [`Angle::scaled`] of this many units per tick.
    Ahead(u16),
    /// By (dx, dy) units per tick, wherever it looks.
    Drifts(i16, i16),
}

impl Course {
    /// The course of a standing entity.
    pub fn standing(position: Position, facing: Angle) -> Self {
        Self { position, facing, going: Going::Stands }
    }

    /// The course of an entity that moved by (`dx`, `dy`) in the last tick. One that moved too far stands.
    pub fn going(position: Position, facing: Angle, dx: i32, dy: i32) -> Self {
        let has_jumped = dx.unsigned_abs().max(dy.unsigned_abs()) > MAX_COURSE_UNITS as u32;
        if (dx, dy) == (0, 0) || has_jumped {
            return Self::standing(position, facing);
        }
        let units = (dx * dx + dy * dy).isqrt();
        // Each component of a step is rounded, so the speed is one of three.
        let mut speeds = units - 1..=(units + 1).min(MAX_COURSE_UNITS);
        let going = match speeds.find(|units| *units > 0 && facing.scaled(*units) == (dx, dy)) {
            Some(units) => Going::Ahead(units as u16),
            None => Going::Drifts(dx as i16, dy as i16),
        };
        Self { position, facing, going }
    }

    /// The (dx, dy) that it moves each tick, in units.
    pub fn step(&self) -> (i32, i32) {
        match self.going {
            Going::Stands => (0, 0),
            Going::Ahead(units) => self.facing.scaled(i32::from(units)),
            Going::Drifts(dx, dy) => (i32::from(dx), i32::from(dy)),
        }
    }

    /// Dead reckoning: where it is shown `ticks` later, clamped to the largest map.
    pub fn after(&self, ticks: u32) -> Position {
        let (dx, dy) = self.step();
        let axis = |from: i32, step: i32| {
            let to = i64::from(from) + i64::from(step) * i64::from(ticks);
            to.clamp(0, i64::from(FARTHEST_UNITS)) as i32
        };
        Position { x: axis(self.position.x, dx), y: axis(self.position.y, dy) }
    }

    /// The same course, as of `ticks` later.
    pub fn later(&self, ticks: u32) -> Self {
        Self { position: self.after(ticks), ..*self }
    }
}

/// `course`, in bits: how it moves 2, facing 8. Standing (0): x 22, y 22. Moving: x 18, y 18 in 1/64 tile, then its
/// speed 11 if it moves ahead (1), or dx 12 and dy 12 in two's complement if it drifts (2).
impl BitField for Course {
    fn kind() -> String {
        "course".to_owned()
    }

    fn write(&self, out: &mut BitWriter) {
        let going = match self.going {
            Going::Stands => 0,
            Going::Ahead(_) => 1,
            Going::Drifts(..) => 2,
        };
        out.put(going | u64::from(self.facing.0) << 2, 10);
        if self.going == Going::Stands {
            return self.position.write(out);
        }
        let rounded =
            |units: i32| (units.clamp(0, FARTHEST_UNITS - ROUNDED_UNITS) + ROUNDED_UNITS) as u64 >> ROUNDED_BITS;
        out.put(rounded(self.position.x), COORDINATE_BITS - ROUNDED_BITS);
        out.put(rounded(self.position.y), COORDINATE_BITS - ROUNDED_BITS);
        match self.going {
            Going::Stands => {}
            Going::Ahead(units) => out.put(u64::from(units), SPEED_BITS),
            Going::Drifts(dx, dy) => {
                out.put(dx as u64, PART_BITS);
                out.put(dy as u64, PART_BITS);
            }
        }
    }

    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        let going = from.take(2)?;
        let facing = Angle::read(from)?;
        if going == 0 {
            return Some(Self::standing(Position::read(from)?, facing));
        }
        let mut axis = || Some((from.take(COORDINATE_BITS - ROUNDED_BITS)? << ROUNDED_BITS) as i32);
        let position = Position { x: axis()?, y: axis()? };
        let mut part = || Some(((from.take(PART_BITS)? << (16 - PART_BITS)) as i16) >> (16 - PART_BITS));
        let going = match going {
            1 => Going::Ahead(from.take(SPEED_BITS)? as u16),
            2 => Going::Drifts(part()?, part()?),
            _ => return None,
        };
        Some(Self { position, facing, going })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_back(course: &Course) -> Course {
        let mut out = BitWriter::default();
        course.write(&mut out);
        Course::read(&mut BitReader::new(out.bytes())).unwrap()
    }

    #[test]
    fn what_walks_ahead_is_told_by_its_speed() {
        for (angle, units) in [(0, 1), (37, 137), (200, 512), (255, 1_024)] {
            let (dx, dy) = Angle(angle).scaled(units);
            let course = Course::going(Position::default(), Angle(angle), dx, dy);
            assert_eq!(course.step(), (dx, dy));
            assert!(matches!(course.going, Going::Ahead(_)), "{course:?}");
        }
        let slides = Course::going(Position::default(), Angle(32), 90, 0);
        assert_eq!(slides.going, Going::Drifts(90, 0), "along a wall it looks elsewhere");
        assert_eq!(Course::going(Position::default(), Angle(0), 2_048, 0).going, Going::Stands, "a jump");
        assert_eq!(Course::going(Position::default(), Angle(0), i32::MIN, 4_000_000).going, Going::Stands);
    }

    proptest! {
        #[test]
        fn both_ends_reckon_alike_but_for_the_rounding(
            x in 0..=FARTHEST_UNITS, y in 0..=FARTHEST_UNITS, facing in any::<u8>(),
            dx in -2_047i32..=2_047, dy in -2_047i32..=2_047, ticks in 0u32..2_000,
        ) {
            let course = Course::going(Position { x, y }, Angle(facing), dx, dy);
            let told = read_back(&course);
            prop_assert_eq!((told.facing, told.going, told.step()), (course.facing, course.going, (dx, dy)));
            let (here, there) = (course.after(ticks), told.after(ticks));
            prop_assert!((here.x - there.x).abs() <= ROUNDED_UNITS + 7, "{here:?} {there:?}");
            prop_assert!((here.y - there.y).abs() <= ROUNDED_UNITS + 7);
            prop_assert_eq!(read_back(&told), told, "what was rounded once stays");
        }

        #[test]
        fn what_stands_is_exact(x in 0..=FARTHEST_UNITS, y in 0..=FARTHEST_UNITS, facing in any::<u8>()) {
            let course = Course::standing(Position { x, y }, Angle(facing));
            prop_assert_eq!(read_back(&course), course);
            prop_assert_eq!(course.after(u32::MAX), course.position);
        }

        #[test]
        fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..12), ticks in any::<u32>()) {
            if let Some(course) = Course::read(&mut BitReader::new(&bytes)) {
                course.after(ticks);
            }
        }
    }
}
