//! Dead reckoning between snapshots: from a position and a step per tick, both ends compute the same position for every
//! later tick.

use serde::{Deserialize, Serialize};

use super::{Angle, Position, read_near, write_near};
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

/// `course`, in bits: how it moves 2, facing 8. Standing (0): x 16, y 16. Moving: x 12, y 12 in 1/64 tile, then its speed
/// 11 if it moves ahead (1), or dx 12 and dy 12 in two's complement if it drifts (2). x and y are low bits: they stand for
/// the value that is nearest to the position of the client's own entity in the same snapshot.
impl Course {
    /// Appends the course. It must be less than 32 tiles from the reader's own entity, on each axis.
    pub fn write(&self, out: &mut BitWriter) {
        let going = match self.going {
            Going::Stands => 0,
            Going::Ahead(_) => 1,
            Going::Drifts(..) => 2,
        };
        out.put(going | u64::from(self.facing.0) << 2, 10);
        if self.going == Going::Stands {
            write_near(out, self.position.x, 0);
            return write_near(out, self.position.y, 0);
        }
        let rounded = |units: i32| units.clamp(0, FARTHEST_UNITS - ROUNDED_UNITS) + ROUNDED_UNITS;
        write_near(out, rounded(self.position.x), ROUNDED_BITS);
        write_near(out, rounded(self.position.y), ROUNDED_BITS);
        match self.going {
            Going::Stands => {}
            Going::Ahead(units) => out.put(u64::from(units), SPEED_BITS),
            Going::Drifts(dx, dy) => {
                out.put(dx as u64, PART_BITS);
                out.put(dy as u64, PART_BITS);
            }
        }
    }

    /// Reads a course near a position; `None` if it is cut short or illegal.
    pub fn read(from: &mut BitReader<'_>, near: Position) -> Option<Self> {
        let going = from.take(2)?;
        let facing = Angle::read(from)?;
        let rounded = if going == 0 { 0 } else { ROUNDED_BITS };
        let position = Position { x: read_near(from, near.x, rounded)?, y: read_near(from, near.y, rounded)? };
        let mut part = || Some(((from.take(PART_BITS)? << (16 - PART_BITS)) as i16) >> (16 - PART_BITS));
        let going = match going {
            0 => Going::Stands,
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
    use crate::movement::NEAR_BITS;
    use proptest::prelude::*;

    fn read_back(course: &Course) -> Course {
        let mut out = BitWriter::default();
        course.write(&mut out);
        Course::read(&mut BitReader::new(out.bytes()), course.position).unwrap()
    }

    #[test]
    fn what_walks_ahead_is_told_by_its_speed() {
        let going = |angle, dx, dy| Course::going(Position::default(), Angle(angle), dx, dy);
        for (angle, units) in (0..=255).flat_map(|angle| (1..=MAX_COURSE_UNITS).step_by(31).map(move |u| (angle, u))) {
            let (dx, dy) = Angle(angle).scaled(units);
            let course = going(angle, dx, dy);
            assert_eq!(course.step(), (dx, dy));
            assert!(matches!(course.going, Going::Ahead(_)), "{course:?}");
        }
        assert_eq!(going(0, 1, 0).going, Going::Ahead(1));
        assert_eq!(going(0, 2_047, 0).going, Going::Ahead(2_047), "the fastest");
        assert_eq!(going(32, 90, 0).going, Going::Drifts(90, 0), "along a wall it looks elsewhere");
        assert_eq!(going(32, -2_047, 2_047).going, Going::Drifts(-2_047, 2_047));
    }

    #[test]
    fn what_jumps_and_what_does_not_move_stands() {
        for (dx, dy) in [(0, 0), (2_048, 0), (0, 2_048), (-2_048, 0), (0, -2_048), (i32::MIN, 4_000_000)] {
            let position = Position { x: 70_000, y: 80_000 };
            let course = Course::going(position, Angle(3), dx, dy);
            assert_eq!(course, Course::standing(position, Angle(3)), "({dx}, {dy})");
        }
    }

    /// Where it is on the wire: a multiple of 1/64 tile if it moves.
    #[test]
    fn a_course_is_read_by_whoever_is_less_than_32_tiles_away_on_each_axis() {
        let position = Position { x: 200_000, y: 300_000 };
        for course in [Course::standing(position, Angle(3)), Course::going(position, Angle(3), 90, 0)] {
            let mut out = BitWriter::default();
            course.write(&mut out);
            let read = |dx, dy| Course::read(&mut BitReader::new(out.bytes()), position.offset(dx, dy)).unwrap();
            for (dx, dy) in [(0, 0), (32_767, -32_767), (-32_767, 32_767), (32_767, 32_767), (-32_767, -32_767)] {
                assert_eq!(read(dx, dy), course, "read from ({dx}, {dy})");
            }
            // Farther away, the low bits stand for another place.
            for (dx, dy) in [(32_769, 0), (-32_768, 0), (0, 32_769), (0, -32_768)] {
                let (x, y) = (65_536 * (dx / 32_768), 65_536 * (dy / 32_768));
                assert_eq!(read(dx, dy).position, position.offset(x, y), "read from ({dx}, {dy})");
            }
        }
    }

    #[test]
    fn a_place_beyond_every_map_is_refused() {
        let read = |low_x: u64, low_y: u64, near: i32| {
            let mut out = BitWriter::default();
            out.put(0, 10);
            out.put(low_x, NEAR_BITS);
            out.put(low_y, NEAR_BITS);
            let course = Course::read(&mut BitReader::new(out.bytes()), Position { x: near, y: near });
            course.map(|course| (course.position.x, course.position.y))
        };
        assert_eq!(read(0, 100, 0), Some((0, 100)));
        assert_eq!((read(65_535, 100, 0), read(100, 65_535, 0)), (None, None), "-1");
        let farthest = FARTHEST_UNITS;
        assert_eq!(read(65_535, 65_000, farthest), Some((farthest, farthest - 535)));
        assert_eq!((read(0, 65_535, farthest), read(65_535, 0, farthest)), (None, None), "one too far");
    }

    proptest! {
        #[test]
        fn both_ends_reckon_alike_but_for_the_rounding(
            x in 0..=FARTHEST_UNITS, y in 0..=FARTHEST_UNITS, facing in any::<u8>(),
            dx in -2_047i32..=2_047, dy in -2_047i32..=2_047, ticks in 0u32..2_000,
            speed in 0..=2_047i32, goes_ahead in any::<bool>(),
        ) {
            let (dx, dy) = if goes_ahead { Angle(facing).scaled(speed) } else { (dx, dy) };
            let course = Course::going(Position { x, y }, Angle(facing), dx, dy);
            let told = read_back(&course);
            prop_assert_eq!((told.facing, told.going, told.step()), (course.facing, course.going, (dx, dy)));
            let (here, there) = (course.after(ticks), told.after(ticks));
            for (from, here, there) in [(x, here.x, there.x), (y, here.y, there.y)] {
                let most = if from > FARTHEST_UNITS - ROUNDED_UNITS { ROUNDED_UNITS + 7 } else { ROUNDED_UNITS };
                let apart = here.abs_diff(there);
                prop_assert!(apart <= most as u32, "{apart} units apart, from {from}");
            }
            prop_assert_eq!(read_back(&told), told, "what was rounded once stays");
        }

        #[test]
        fn what_stands_is_exact(x in 0..=FARTHEST_UNITS, y in 0..=FARTHEST_UNITS, facing in any::<u8>()) {
            let course = Course::standing(Position { x, y }, Angle(facing));
            prop_assert_eq!(read_back(&course), course);
            prop_assert_eq!(course.after(u32::MAX), course.position);
        }

        #[test]
        fn garbage_is_never_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..12), ticks in any::<u32>(), near in 0..=FARTHEST_UNITS,
        ) {
            for near in [Position { x: 0, y: FARTHEST_UNITS }, Position { x: near, y: near }] {
                if let Some(course) = Course::read(&mut BitReader::new(&bytes), near) {
                    course.later(ticks).step();
                }
            }
        }
    }
}
