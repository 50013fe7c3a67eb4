//! Which tiles are solid, as a bitset.

use super::{Position, UNITS_PER_TILE};
use crate::limits::MAX_MAP_TILES;

/// The solid tiles of a map. Everything outside the map is solid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollisionGrid {
    width: u32,
    height: u32,
    words_per_row: usize,
    words: Vec<u64>,
}

impl CollisionGrid {
    /// An open grid. `None` unless both sides are 1 to 4,096 tiles.
    pub fn open(width: u32, height: u32) -> Option<Self> {
        let legal = 1..=MAX_MAP_TILES;
        if !legal.contains(&width) || !legal.contains(&height) {
            return None;
        }
        let words_per_row = (width as usize).div_ceil(64);
        Some(Self { width, height, words_per_row, words: vec![0; words_per_row * height as usize] })
    }

    /// Reads a grid from rows of text, `#` for solid and anything else for open. For tests and small examples.
    pub fn from_rows(rows: &[&str]) -> Option<Self> {
        let mut grid = Self::open(rows.first()?.len() as u32, rows.len() as u32)?;
        for (y, row) in rows.iter().enumerate() {
            for (x, tile) in row.bytes().enumerate() {
                grid.set_solid(x as u32, y as u32, tile == b'#');
            }
        }
        Some(grid)
    }

    /// The grid as run lengths, row by row: open, solid, open and so on. The first may be 0.
    pub fn to_runs(&self) -> Vec<u32> {
        let mut runs = vec![0u32];
        let mut solid = false;
        for y in 0..self.height as i32 {
            for x in 0..self.width as i32 {
                if self.is_solid(x, y) != solid {
                    solid = !solid;
                    runs.push(0);
                }
                if let Some(last) = runs.last_mut() {
                    *last += 1;
                }
            }
        }
        runs
    }

    /// Rebuilds a grid from [`CollisionGrid::to_runs`]; `None` if the runs do not cover exactly this size.
    pub fn from_runs(width: u32, height: u32, runs: &[u32]) -> Option<Self> {
        let mut grid = Self::open(width, height)?;
        let mut at = 0u64;
        for (place, run) in runs.iter().enumerate() {
            let end = at.checked_add(u64::from(*run)).filter(|end| *end <= u64::from(width) * u64::from(height))?;
            if place % 2 == 1 {
                (at..end).for_each(|tile| {
                    grid.set_solid((tile % u64::from(width)) as u32, (tile / u64::from(width)) as u32, true);
                });
            }
            at = end;
        }
        (at == u64::from(width) * u64::from(height)).then_some(grid)
    }

    /// Tiles from west to east.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Tiles from north to south.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Makes a tile solid or open. Does nothing outside the map.
    pub fn set_solid(&mut self, x: u32, y: u32, solid: bool) {
        if x >= self.width || y >= self.height {
            return;
        }
        let word = &mut self.words[y as usize * self.words_per_row + x as usize / 64];
        if solid { *word |= 1 << (x % 64) } else { *word &= !(1 << (x % 64)) }
    }

    /// Whether a tile blocks movement and sight. Everything outside the map does.
    pub fn is_solid(&self, x: i32, y: i32) -> bool {
        if x < 0 || y < 0 || x >= self.width as i32 || y >= self.height as i32 {
            return true;
        }
        self.words[y as usize * self.words_per_row + x as usize / 64] >> (x % 64) & 1 == 1
    }

    /// Whether a circle touches no solid tile. Touching an edge exactly is free.
    pub fn is_free(&self, centre: Position, radius: i32) -> bool {
        let (west, north) = centre.offset(-radius, -radius).tile();
        let (east, south) = centre.offset(radius, radius).tile();
        let reach = i64::from(radius) * i64::from(radius);
        (north..=south).all(|y| {
            (west..=east)
                .all(|x| !self.is_solid(x, y) || centre.distance_squared(nearest_in_tile(centre, x, y)) >= reach)
        })
    }

    /// Whether nothing solid lies on the straight line between two points. For range and sight checks.
    ///
    /// Walks every tile the line passes through (Amanatides and Woo, in integers). A line through the corner where
    /// two solid tiles meet is blocked.
    pub fn line_of_sight(&self, from: Position, to: Position) -> bool {
        let ((mut x, mut y), (end_x, end_y)) = (from.tile(), to.tile());
        let (dx, dy) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
        let (step_x, step_y) = (dx.signum() as i32, dy.signum() as i32);
        let unit = i64::from(UNITS_PER_TILE);
        // Distance to the next tile edge along each axis, scaled by the other axis' length so that both compare.
        let border = |tile: i32, step: i32, at: i32| {
            let edge = i64::from(tile + i32::from(step > 0)) * unit;
            (edge - i64::from(at)).abs()
        };
        let (mut next_x, mut next_y) = (border(x, step_x, from.x) * dy.abs(), border(y, step_y, from.y) * dx.abs());
        let (stride_x, stride_y) = (unit * dy.abs(), unit * dx.abs());
        let mut left = (end_x - x).abs() + (end_y - y).abs();
        if self.is_solid(x, y) {
            return false;
        }
        while left > 0 {
            let go_x = step_y == 0 || (step_x != 0 && next_x < next_y);
            let corner = step_x != 0 && step_y != 0 && next_x == next_y;
            if corner {
                if self.is_solid(x + step_x, y) && self.is_solid(x, y + step_y) {
                    return false;
                }
                (x, y) = (x + step_x, y + step_y);
                (next_x, next_y) = (next_x + stride_x, next_y + stride_y);
                left -= 2;
            } else if go_x {
                x += step_x;
                next_x += stride_x;
                left -= 1;
            } else {
                y += step_y;
                next_y += stride_y;
                left -= 1;
            }
            if self.is_solid(x, y) {
                return false;
            }
        }
        true
    }
}

/// The point of tile (x, y) that is nearest to `point`.
pub(super) fn nearest_in_tile(point: Position, x: i32, y: i32) -> Position {
    let (west, north) = (x * UNITS_PER_TILE, y * UNITS_PER_TILE);
    Position { x: point.x.clamp(west, west + UNITS_PER_TILE), y: point.y.clamp(north, north + UNITS_PER_TILE) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn room() -> CollisionGrid {
        CollisionGrid::from_rows(&["......", ".##...", ".##...", "......"]).unwrap()
    }

    #[test]
    fn runs_describe_the_grid() {
        let grid = room();
        assert_eq!(CollisionGrid::from_runs(6, 4, &grid.to_runs()), Some(grid.clone()));
        assert_eq!(CollisionGrid::from_runs(6, 5, &grid.to_runs()), None);
        assert_eq!(CollisionGrid::from_runs(6, 4, &[u32::MAX, u32::MAX]), None);
    }

    #[test]
    fn outside_is_solid() {
        assert!(room().is_solid(-1, 0) && room().is_solid(6, 0) && room().is_solid(0, 4));
    }

    #[test]
    fn sight_is_blocked_by_a_wall_and_open_beside_it() {
        let grid = room();
        assert!(!grid.line_of_sight(Position::tile_centre(0, 1), Position::tile_centre(4, 1)));
        assert!(grid.line_of_sight(Position::tile_centre(0, 0), Position::tile_centre(5, 0)));
        assert!(grid.line_of_sight(Position::tile_centre(0, 3), Position::tile_centre(5, 3)));
    }

    #[test]
    fn sight_does_not_slip_between_two_tiles_that_touch_at_a_corner() {
        let grid = CollisionGrid::from_rows(&[".#", "#."]).unwrap();
        assert!(!grid.line_of_sight(Position::tile_centre(0, 0), Position::tile_centre(1, 1)));
    }

    proptest! {
        #[test]
        fn sight_always_ends(ax in 0i32..6144, ay in 0i32..4096, bx in 0i32..6144, by in 0i32..4096) {
            let grid = room();
            let (a, b) = (Position { x: ax, y: ay }, Position { x: bx, y: by });
            prop_assert!(!grid.line_of_sight(a, b) || (!grid.is_solid(a.tile().0, a.tile().1) && !grid.is_solid(b.tile().0, b.tile().1)));
        }
    }
}
