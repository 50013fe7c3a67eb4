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
        assert_eq!(grid.to_runs(), [7, 2, 4, 2, 9], "row by row, the open tiles first");
        assert_eq!(CollisionGrid::from_runs(6, 4, &grid.to_runs()), Some(grid));
        let corner = CollisionGrid::from_rows(&["#.", ".#"]).unwrap();
        assert_eq!(corner.to_runs(), [0, 1, 2, 1]);
        assert_eq!(CollisionGrid::from_runs(2, 2, &corner.to_runs()), Some(corner));
        let wide = CollisionGrid::from_runs(70, 2, &[66, 1, 73]).unwrap();
        assert_eq!(wide.to_runs(), [66, 1, 73], "a row is wider than a word of the bitset");
        for bad in [&[23][..], &[25], &[20, 3], &[20, 5], &[u32::MAX, u32::MAX], &[]] {
            assert_eq!(CollisionGrid::from_runs(6, 4, bad), None, "{bad:?} are not 24 tiles");
        }
    }

    #[test]
    fn outside_is_solid() {
        let open = CollisionGrid::open(70, 3).unwrap();
        for (x, y) in (-2..=4).flat_map(|y| (-2..=71).map(move |x| (x, y))) {
            let is_inside = (0..70).contains(&x) && (0..3).contains(&y);
            assert_eq!(open.is_solid(x, y), !is_inside, "({x}, {y})");
        }
        assert!(open.is_solid(i32::MIN, 0) && open.is_solid(i32::MAX, i32::MAX));
    }

    /// Whether the centres of two tiles see each other, the same from both.
    #[track_caller]
    fn sees(grid: &CollisionGrid, a: (i32, i32), b: (i32, i32)) -> bool {
        let (here, there) = (Position::tile_centre(a.0, a.1), Position::tile_centre(b.0, b.1));
        let sees = grid.line_of_sight(here, there);
        assert_eq!(grid.line_of_sight(there, here), sees, "from {b:?} to {a:?} it is the same");
        sees
    }

    #[test]
    fn sight_is_blocked_by_a_wall_and_open_beside_it() {
        let grid = room();
        for row in 0..4 {
            assert_eq!(sees(&grid, (0, row), (5, row)), row == 0 || row == 3, "along row {row}");
        }
        for column in 0..6 {
            assert_eq!(sees(&grid, (column, 0), (column, 3)), column == 0 || column > 2, "along column {column}");
        }
        assert!(!sees(&grid, (0, 0), (1, 1)), "the wall itself");
        assert!(!sees(&grid, (0, 2), (3, 0)) && sees(&grid, (3, 0), (5, 3)), "aslant");
    }

    #[test]
    fn sight_does_not_slip_between_two_tiles_that_touch_at_a_corner() {
        let touching = |rows: [&str; 2]| CollisionGrid::from_rows(&rows).unwrap();
        assert!(!sees(&touching([".#", "#."]), (0, 0), (1, 1)));
        assert!(!sees(&touching(["#.", ".#"]), (1, 0), (0, 1)));
        for past_one in [[".#", ".."], ["..", "#."]] {
            assert!(sees(&touching(past_one), (0, 0), (1, 1)), "past the corner of one tile: {past_one:?}");
        }
    }

    /// Whether a line meets a tile: goes through its inside, or (`edge_counts`) touches it at all. It does not if both
    /// are apart along an axis, or all corners of the tile are on one side of the line.
    fn meets(a: Position, b: Position, (x, y): (i32, i32), edge_counts: bool) -> bool {
        let margin = i64::from(edge_counts);
        let (west, north) = (i64::from(x * UNITS_PER_TILE), i64::from(y * UNITS_PER_TILE));
        let (east, south) = (west + i64::from(UNITS_PER_TILE), north + i64::from(UNITS_PER_TILE));
        let (ax, ay, bx, by) = (i64::from(a.x), i64::from(a.y), i64::from(b.x), i64::from(b.y));
        let corners = [(west, north), (east, north), (west, south), (east, south)];
        let sides = corners.map(|(x, y)| (bx - ax) * (y - ay) - (by - ay) * (x - ax));
        let (lowest, highest) = (sides.into_iter().min().unwrap(), sides.into_iter().max().unwrap());
        ax.max(bx) > west - margin
            && ax.min(bx) < east + margin
            && ay.max(by) > north - margin
            && ay.min(by) < south + margin
            && lowest < margin
            && highest > -margin
    }

    /// A coordinate, often at the edge or the centre of a tile.
    fn coordinate(tiles: i32) -> impl Strategy<Value = i32> {
        prop_oneof![(0..tiles * 2).prop_map(|half| half * UNITS_PER_TILE / 2), 0..tiles * UNITS_PER_TILE]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn sight_ends_where_the_line_meets_a_solid_tile_and_nowhere_else(
            ax in coordinate(6), ay in coordinate(4), bx in coordinate(6), by in coordinate(4),
        ) {
            let grid = CollisionGrid::from_rows(&["......", ".##.#.", ".##..#", "#....."]).unwrap();
            let (a, b) = (Position { x: ax, y: ay }, Position { x: bx, y: by });
            let solid = || (-1..=4).flat_map(|y| (-1..=6).map(move |x| (x, y))).filter(|(x, y)| grid.is_solid(*x, *y));
            if grid.line_of_sight(a, b) {
                prop_assert_eq!(solid().find(|tile| meets(a, b, *tile, false) || a.tile() == *tile), None);
            } else {
                let is_touched = solid().any(|tile| meets(a, b, tile, true));
                prop_assert!(is_touched, "nothing solid is between {a:?} and {b:?}");
            }
        }
    }
}
