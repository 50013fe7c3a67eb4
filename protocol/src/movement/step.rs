//! One movement step of a circle over the collision grid.

use super::grid::nearest_in_tile;
use super::{CollisionGrid, Position, UNITS_PER_TILE};

/// Longest allowed step on each axis in units: one tile per tick. A longer step is clamped to it.
pub const MAX_STEP_UNITS: i32 = UNITS_PER_TILE;

/// Longest part of a step that is resolved at once. A circle of radius 256 or more cannot pass a wall of one tile, nor
/// slip through a corner, in parts of this length. So no allowed speed tunnels.
const MAX_PART_UNITS: i32 = 128;

/// Moves a circle by (`dx`, `dy`) units, sliding along solid tiles. Pure and exact: the same on every machine.
///
/// `from` must be free of walls ([`CollisionGrid::is_free`]); then the result is too. A circle that is stuck (the map
/// changed under it) moves only to where it is free, and stays otherwise.
pub fn step(grid: &CollisionGrid, from: Position, radius: i32, dx: i32, dy: i32) -> Position {
    let dx = dx.clamp(-MAX_STEP_UNITS, MAX_STEP_UNITS);
    let dy = dy.clamp(-MAX_STEP_UNITS, MAX_STEP_UNITS);
    let parts = (dx.abs().max(dy.abs()) + MAX_PART_UNITS - 1) / MAX_PART_UNITS;
    let mut at = from;
    for part in 0..parts {
        // The difference of two rounded values, so that the parts add up to the whole.
        let share = |whole: i32| whole * (part + 1) / parts - whole * part / parts;
        at = step_part(grid, at, radius, share(dx), share(dy));
    }
    at
}

fn step_part(grid: &CollisionGrid, from: Position, radius: i32, dx: i32, dy: i32) -> Position {
    let wished = from.offset(dx, dy);
    if grid.is_free(wished, radius) {
        return wished;
    }
    let pushed = push_from_corners(grid, push_from_faces(grid, wished, radius), radius);
    if grid.is_free(pushed, radius) {
        return pushed;
    }
    // Pushing did not help, as in a nook: try each axis alone, else stay.
    let along_x = from.offset(dx, 0);
    if grid.is_free(along_x, radius) {
        return along_x;
    }
    let along_y = from.offset(0, dy);
    if grid.is_free(along_y, radius) { along_y } else { from }
}

/// Pushes the circle off the flat sides of tiles. This comes first, because along a wall of several tiles the inner
/// corners would otherwise stop a circle that should slide.
fn push_from_faces(grid: &CollisionGrid, mut at: Position, radius: i32) -> Position {
    let (x, y) = at.tile();
    if grid.is_solid(x, y) {
        return at;
    }
    let (west, north) = (x * UNITS_PER_TILE, y * UNITS_PER_TILE);
    if grid.is_solid(x - 1, y) {
        at.x = at.x.max(west + radius);
    }
    if grid.is_solid(x + 1, y) {
        at.x = at.x.min(west + UNITS_PER_TILE - radius);
    }
    if grid.is_solid(x, y - 1) {
        at.y = at.y.max(north + radius);
    }
    if grid.is_solid(x, y + 1) {
        at.y = at.y.min(north + UNITS_PER_TILE - radius);
    }
    at
}

/// Pushes the circle off corners, along the line from the corner to its centre.
fn push_from_corners(grid: &CollisionGrid, mut at: Position, radius: i32) -> Position {
    let (x, y) = at.tile();
    for (side_x, side_y) in [(-1, -1), (1, -1), (-1, 1), (1, 1)] {
        if !grid.is_solid(x + side_x, y + side_y) {
            continue;
        }
        let corner = nearest_in_tile(at, x + side_x, y + side_y);
        let (away_x, away_y) = (at.x - corner.x, at.y - corner.y);
        let distance = at.distance(corner);
        if distance == 0 || distance >= radius {
            continue;
        }
        // Rounded away from the corner, so that the result at most touches it.
        let out = |part: i32| {
            let product = part.abs() * radius;
            part.signum() * ((product + distance - 1) / distance)
        };
        at = Position { x: corner.x + out(away_x), y: corner.y + out(away_y) };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movement::Angle;
    use proptest::prelude::*;

    const RADIUS: i32 = 320;

    fn maze() -> CollisionGrid {
        CollisionGrid::from_rows(&[
            "..........",
            ".##..#....",
            ".##..#.##.",
            "......#...",
            ".#.#......",
            ".###..##..",
            "......##..",
            "..........",
        ])
        .unwrap()
    }

    #[test]
    fn open_ground_is_walked_exactly() {
        let from = Position::tile_centre(4, 3);
        assert_eq!(step(&maze(), from, RADIUS, 100, -37), from.offset(100, -37));
        // More than one part of a step, and no whole number of parts.
        assert_eq!(step(&maze(), from, RADIUS, -1_001, 100), from.offset(-1_001, 100));
    }

    /// A vector, turned by quarters of a circle.
    fn turned((x, y): (i32, i32), quarters: u32) -> (i32, i32) {
        (0..quarters).fold((x, y), |(x, y), _| (-y, x))
    }

    /// The square of the distance to the nearest solid tile of the nine around a point.
    fn room_around(grid: &CollisionGrid, at: Position) -> i64 {
        let (x, y) = at.tile();
        let tiles = (y - 1..=y + 1).flat_map(|y| (x - 1..=x + 1).map(move |x| (x, y)));
        let solid = tiles.filter(|(x, y)| grid.is_solid(*x, *y));
        solid.map(|(x, y)| at.distance_squared(nearest_in_tile(at, x, y))).min().unwrap_or(i64::MAX)
    }

    /// Walks around a centre, and the same turned by quarters: where each walk ends, seen from the centre and turned
    /// back.
    fn walked(rows: &[&str], centre: Position, start: (i32, i32), by: (i32, i32), steps: u32) -> [(i32, i32); 4] {
        let grid = CollisionGrid::from_rows(rows).unwrap();
        [0, 1, 2, 3].map(|quarters| {
            let (start, by) = (turned(start, quarters), turned(by, quarters));
            let mut at = centre.offset(start.0, start.1);
            for _ in 0..steps {
                at = step(&grid, at, RADIUS, by.0, by.1);
                assert!(room_around(&grid, at) >= i64::from(RADIUS * RADIUS), "into the wall at {at:?}");
            }
            turned((at.x - centre.x, at.y - centre.y), 4 - quarters)
        })
    }

    #[test]
    fn a_wall_is_slid_along_at_full_speed() {
        // North of the block, pushing south-east: y stops at the wall, x continues over the seam.
        let block = ["......", "......", "..##..", "..##..", "......", "......"];
        let centre = Position { x: 3 * UNITS_PER_TILE, y: 3 * UNITS_PER_TILE };
        let start = (-600, -UNITS_PER_TILE - RADIUS - 50);
        let end = (-600 + 1_000, -UNITS_PER_TILE - RADIUS);
        assert_eq!(walked(&block, centre, start, (100, 100), 10), [end; 4], "on each of its four sides");
    }

    #[test]
    fn a_corner_is_slid_around() {
        // Heading east, a little below the block's lower edge: the corner deflects the circle and does not stop it.
        let block = [".....", ".....", "..#..", ".....", "....."];
        let centre = Position::tile_centre(2, 2);
        let below = walked(&block, centre, (-1_024, 712), (80, 0), 30);
        assert_eq!(below, [(1_308, 512 + RADIUS); 4], "each of its four corners, from the one side");
        let above = walked(&block, centre, (-1_024, -712), (80, 0), 30);
        assert_eq!(above, [(1_308, -512 - RADIUS); 4], "and from the other");
    }

    proptest! {
        #[test]
        fn no_step_ends_in_a_wall_or_beyond_one(
            start in (0i32..10, 0i32..8),
            moves in prop::collection::vec((any::<u8>(), 0i32..=MAX_STEP_UNITS), 1..60),
            radius in 256i32..480,
        ) {
            let grid = maze();
            prop_assume!(!grid.is_solid(start.0, start.1));
            let mut at = Position::tile_centre(start.0, start.1);
            for (angle, units) in moves {
                let (dx, dy) = Angle(angle).scaled(units);
                let to = step(&grid, at, radius, dx, dy);
                let has_room = room_around(&grid, to) >= i64::from(radius * radius);
                prop_assert!(has_room, "{at:?} by ({dx}, {dy}) ends at {to:?}");
                // Sliding never moves further than requested, nor through anything.
                prop_assert!(at.distance(to) <= units + 64, "{at:?} by {units} went {}", at.distance(to));
                prop_assert!(reachable(&grid, at, to), "{at:?} tunnelled to {to:?}");
                at = to;
            }
        }
    }

    /// Whether the tiles of two nearby points are connected by open tiles within one tile around them.
    fn reachable(grid: &CollisionGrid, from: Position, to: Position) -> bool {
        let (a, b) = (from.tile(), to.tile());
        let (west, east) = (a.0.min(b.0) - 1, a.0.max(b.0) + 1);
        let (north, south) = (a.1.min(b.1) - 1, a.1.max(b.1) + 1);
        let mut seen = vec![a];
        let mut next = vec![a];
        while let Some((x, y)) = next.pop() {
            if (x, y) == b {
                return true;
            }
            for (nx, ny) in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] {
                let inside = (west..=east).contains(&nx) && (north..=south).contains(&ny);
                if inside && !grid.is_solid(nx, ny) && !seen.contains(&(nx, ny)) {
                    seen.push((nx, ny));
                    next.push((nx, ny));
                }
            }
        }
        false
    }
}
