//! Checks whether a body can walk straight.

use realmgate_engine::map::Rect;
use realmgate_protocol::movement::{Angle, CollisionGrid, Position};

use crate::combat::SafeZones;

/// Whether a circle can go from one point to another in a straight line, with nothing solid and no safe zone between.
/// A circle that starts in a safe zone ignores safe zones.
///
/// Checks the line and both sides of the body. That is enough: obstacles are at least a tile wide and no body is wider
/// than a tile, so an obstacle in the way meets one of the three.
pub fn is_clear(grid: &CollisionGrid, zones: &SafeZones, from: Position, to: Position, radius: i32) -> bool {
    if !grid.line_of_sight(from, to) || crosses_a_safe_zone(zones, from, to) {
        return false;
    }
    if from == to {
        return true;
    }
    let (dx, dy) = Angle(Angle::between(from, to).0.wrapping_add(64)).scaled(radius);
    let beside = |dx: i32, dy: i32| grid.line_of_sight(from.offset(dx, dy), to.offset(dx, dy));
    beside(dx, dy) && beside(-dx, -dy)
}

fn crosses_a_safe_zone(zones: &SafeZones, from: Position, to: Position) -> bool {
    let met = |zone: &Rect| {
        let apart = from.x.max(to.x) < zone.min.x
            || from.x.min(to.x) >= zone.max.x
            || from.y.max(to.y) < zone.min.y
            || from.y.min(to.y) >= zone.max.y;
        !apart && crosses(zone, from, to)
    };
    zones.areas().any(met) && !zones.contain(from)
}

/// Whether a line meets a zone that its bounds overlap with: unless all corners are on one side of it.
fn crosses(zone: &Rect, from: Position, to: Position) -> bool {
    let side = |x: i32, y: i32| {
        let (dx, dy) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
        (dx * i64::from(y - from.y) - dy * i64::from(x - from.x)).signum()
    };
    // Its last units; the ends of a rectangle do not belong to it.
    let (east, south) = (zone.max.x - 1, zone.max.y - 1);
    let sides = [(zone.min.x, zone.min.y), (east, zone.min.y), (zone.min.x, south), (east, south)];
    let sum: i64 = sides.into_iter().map(|(x, y)| side(x, y)).sum();
    sum.abs() < 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::sketch;
    use realmgate_protocol::ids::MapId;

    fn is_clear(from: Position, to: Position, radius: i32) -> bool {
        let map = sketch(MapId(1), &["........", "...S....", "........", ".....#..", "........"]).unwrap();
        super::is_clear(&map.grid, &SafeZones::of(&map), from, to, radius)
    }

    #[test]
    fn a_safe_zone_is_walked_around_but_left_straight() {
        let zone = Position::tile_centre(3, 1);
        let (west, east) = (Position::tile_centre(0, 1), Position::tile_centre(7, 1));
        assert!(!is_clear(west, east, 300), "it lies between");
        assert!(!is_clear(west, zone, 300), "or at the end");
        assert!(is_clear(zone, east, 300), "who is inside may go out");
        assert!(is_clear(Position::tile_centre(0, 0), Position::tile_centre(7, 0), 300));
    }

    #[test]
    fn a_line_that_meets_a_corner_of_a_safe_zone_is_not_clear() {
        // The zone is the tile from (3,072, 1,024) on.
        let at = |x, y| Position { x, y };
        assert!(!is_clear(at(2_900, 1_200), at(3_248, 900), 10), "it passes 27 units inside");
        assert!(!is_clear(at(3_248, 900), at(2_900, 1_200), 10), "either way");
        assert!(is_clear(at(2_900, 1_100), at(3_148, 900), 10), "it passes outside");
        let beyond = Position { x: 4_096, y: 900 };
        assert!(is_clear(beyond, Position { y: 2_200, ..beyond }, 10), "along its end, which is outside");
        assert!(!is_clear(Position { x: 4_095, ..beyond }, Position { x: 4_095, y: 2_200 }, 10));
    }

    #[test]
    fn a_body_needs_its_whole_width() {
        // The wall is the tile from (5,120, 3,072) on. The lines pass 122 units north, south, west and east of it.
        let at = |x, y| Position { x, y };
        let along = [2_950, 4_218].map(|y| (at(4 * 1_024, y), at(7 * 1_024, y)));
        let down = [4_998, 6_266].map(|x| (at(x, 2 * 1_024), at(x, 9 * 512)));
        for (one, other) in along.into_iter().chain(down) {
            for (from, to) in [(one, other), (other, one)] {
                assert!(is_clear(from, to, 121), "{from:?}");
                assert!(!is_clear(from, to, 123), "the wall reaches into a side: {from:?}");
            }
        }
    }
}
