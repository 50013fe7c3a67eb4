//! Fixed-point movement that is bit-identical on the server, in predicting clients and in replays.
//!
//! Units are 1/1,024 tile. A map has at most 4,096 tiles a side, so a coordinate fits 22 bits and no intermediate of
//! [`step`](step::step) reaches 2^53: the same arithmetic is exact in JavaScript numbers.

mod angle;
mod course;
mod grid;
mod step;

pub use angle::{ANGLE_STEPS, Angle};
pub use course::{Course, Going, MAX_COURSE_UNITS, ROUNDED_UNITS};
pub use grid::CollisionGrid;
pub use step::{MAX_STEP_UNITS, step};

use serde::{Deserialize, Serialize};

use crate::bits::{BitField, BitReader, BitWriter};
use crate::limits::MAX_MAP_TILES;

/// Incremented when the results of [`step`] or the angle table change. It is part of the protocol hash, so a client
/// that would predict differently finds out.
pub const REVISION: u32 = 1;
/// Units in a tile.
pub const UNITS_PER_TILE: i32 = 1_024;
/// A coordinate or length in tiles, as people and JSON have it.
pub fn tiles(units: i32) -> f64 {
    f64::from(units) / f64::from(UNITS_PER_TILE)
}

/// Bits of one coordinate on the wire.
pub const COORDINATE_BITS: u32 = 22;

/// A point on the map in units of 1/1,024 tile, x to the east and y to the south, as Tiled draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Position {
    /// Units from the western edge.
    pub x: i32,
    /// Units from the northern edge.
    pub y: i32,
}

impl Position {
    /// The centre of a tile.
    pub const fn tile_centre(x: i32, y: i32) -> Self {
        Self { x: x * UNITS_PER_TILE + UNITS_PER_TILE / 2, y: y * UNITS_PER_TILE + UNITS_PER_TILE / 2 }
    }

    /// The tile this point lies in.
    pub const fn tile(self) -> (i32, i32) {
        (self.x.div_euclid(UNITS_PER_TILE), self.y.div_euclid(UNITS_PER_TILE))
    }

    /// This point moved by (`dx`, `dy`) units.
    pub const fn offset(self, dx: i32, dy: i32) -> Self {
        Self { x: self.x + dx, y: self.y + dy }
    }

    /// The square of the distance to `other`, in square units.
    pub fn distance_squared(self, other: Self) -> i64 {
        let (dx, dy) = (i64::from(self.x - other.x), i64::from(self.y - other.y));
        dx * dx + dy * dy
    }

    /// The distance to `other` in units, rounded down.
    pub fn distance(self, other: Self) -> i32 {
        self.distance_squared(other).isqrt() as i32
    }

    /// Whether `other` is at most `units` away.
    pub fn within(self, other: Self, units: i32) -> bool {
        self.distance_squared(other) <= i64::from(units) * i64::from(units)
    }
}

/// `position`: x, then y, 22 bits each.
impl BitField for Position {
    fn write(&self, out: &mut BitWriter) {
        let limit = MAX_MAP_TILES as i32 * UNITS_PER_TILE - 1;
        out.put(self.x.clamp(0, limit) as u64, COORDINATE_BITS);
        out.put(self.y.clamp(0, limit) as u64, COORDINATE_BITS);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        Some(Self { x: from.take(COORDINATE_BITS)? as i32, y: from.take(COORDINATE_BITS)? as i32 })
    }
}

/// Bits of one coordinate that is written near another: 64 tiles, so it may be up to 32 away.
const NEAR_BITS: u32 = 16;

/// Writes a coordinate in steps of `1 << rounded` units, by its low bits: a reader takes the value that is nearest to a
/// coordinate that both ends know.
fn write_near(out: &mut BitWriter, units: i32, rounded: u32) {
    out.put((units >> rounded) as u64, NEAR_BITS - rounded);
}

/// Reads what [`write_near`] wrote. `None` if it is cut short, or no coordinate of the largest map.
fn read_near(from: &mut BitReader<'_>, near: i32, rounded: u32) -> Option<i32> {
    let low = (from.take(NEAR_BITS - rounded)? << rounded) as i32;
    let apart = (low - near) << (32 - NEAR_BITS) >> (32 - NEAR_BITS);
    near.checked_add(apart).filter(|units| (0..MAX_MAP_TILES as i32 * UNITS_PER_TILE).contains(units))
}

/// Converts a speed in units per second to units per tick: rounded down, from 0 to [`MAX_STEP_UNITS`].
pub fn units_per_tick(units_per_s: i32, tick_hz: u32) -> i32 {
    (units_per_s / tick_hz.max(1) as i32).clamp(0, MAX_STEP_UNITS)
}
