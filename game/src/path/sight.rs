//! Checks whether a body can walk straight.

use realmgate_engine::map::{Map, Rect};
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};

/// Whether a circle can go from one point to another in a straight line, with nothing solid and no safe zone between.
/// A circle that starts in a safe zone ignores safe zones.
///
/// Checks the line and both sides of the body. That is enough: obstacles are at least a tile wide and no body is wider
/// than a tile, so an obstacle in the way meets one of the three.
pub fn is_clear(map: &Map, from: Position, to: Position, radius: i32) -> bool {
    if !map.grid.line_of_sight(from, to) || crosses_a_safe_zone(map, from, to) {
        return false;
    }
    if from == to {
        return true;
    }
    let (dx, dy) = Angle(Angle::between(from, to).0.wrapping_add(64)).scaled(radius);
    let beside = |dx: i32, dy: i32| map.grid.line_of_sight(from.offset(dx, dy), to.offset(dx, dy));
    beside(dx, dy) && beside(-dx, -dy)
}

fn crosses_a_safe_zone(map: &Map, from: Position, to: Position) -> bool {
    let met = |zone: &Rect| {
        let apart = from.x.max(to.x) < zone.min.x
            || from.x.min(to.x) >= zone.max.x
            || from.y.max(to.y) < zone.min.y
            || from.y.min(to.y) >= zone.max.y;
        !apart && crosses(zone, from, to)
    };
    map.safe_zones.iter().any(|zone| met(&zone.rect)) && !map.is_safe(from)
}

/// Samples the line every half tile. Cutting a corner by less than that does no harm.
fn crosses(zone: &Rect, from: Position, to: Position) -> bool {
    let parts = from.distance(to) / (UNITS_PER_TILE / 2) + 1;
    let along =
        |part: i32, from: i32, to: i32| from + (i64::from(to - from) * i64::from(part) / i64::from(parts)) as i32;
    (0..=parts).any(|part| zone.contains(Position { x: along(part, from.x, to.x), y: along(part, from.y, to.y) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use realmgate_protocol::ids::MapId;

    fn map() -> Map {
        Map::sketch(MapId(1), &["........", "...S....", "........", ".....#..", "........"]).unwrap()
    }

    #[test]
    fn a_safe_zone_is_walked_around_but_left_straight() {
        let (map, zone) = (map(), Position::tile_centre(3, 1));
        let (west, east) = (Position::tile_centre(0, 1), Position::tile_centre(7, 1));
        assert!(!is_clear(&map, west, east, 300), "it lies between");
        assert!(!is_clear(&map, west, zone, 300), "or at the end");
        assert!(is_clear(&map, zone, east, 300), "who is inside may go out");
        assert!(is_clear(&map, Position::tile_centre(0, 0), Position::tile_centre(7, 0), 300));
    }

    #[test]
    fn a_body_needs_its_whole_width() {
        let (from, to) = (Position { x: 4 * 1_024, y: 2_950 }, Position { x: 7 * 1_024, y: 2_950 });
        assert!(is_clear(&map(), from, to, 100));
        assert!(!is_clear(&map(), from, to, 300), "the wall reaches into its southern side");
    }
}
