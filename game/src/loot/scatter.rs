//! Places for loot around a point.

use realmgate_protocol::movement::{Angle, CollisionGrid, Position};

/// Radius that a thing on the ground needs, in units.
const RADIUS: i32 = 256;

/// Returns `count` places around `centre`, none in a wall or behind one, at most `reach` units away. Uses the centre
/// itself if there is no room. Turns by the golden angle, so that a few things spread as well as many.
pub(super) fn places(grid: &CollisionGrid, centre: Position, reach: i32, count: usize) -> Vec<Position> {
    let turn = |step: usize| Angle((step * 98 % 256) as u8);
    let around = (1..=count * 4).map(|step| {
        let distance = (step as i64 * i64::from(reach) / (count as i64 * 4)) as i32;
        let (dx, dy) = turn(step).scaled(distance);
        centre.offset(dx, dy)
    });
    let mut free: Vec<Position> =
        around.filter(|place| grid.is_free(*place, RADIUS) && grid.line_of_sight(centre, *place)).collect();
    if free.len() > count && count > 0 {
        // Evenly from near to far, instead of only the nearest.
        let all = free.len();
        free = (0..count).map(|index| free[index * all / count]).collect();
    }
    free.resize(count, centre);
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_lie_where_one_can_get_them() {
        let rows = ["#####", "#...#", "###.#", "#...#", "#####"];
        let grid = CollisionGrid::from_rows(&rows).expect("a small grid");
        let centre = Position::tile_centre(1, 1);
        for count in [0, 1, 5, 40] {
            let places = places(&grid, centre, 3 * 1_024, count);
            assert_eq!(places.len(), count);
            assert!(count < 5 || places.iter().any(|place| *place != centre), "they are scattered");
            for place in places {
                assert!(grid.is_free(place, RADIUS), "{place:?} lies in a wall, or partly");
                assert!(grid.line_of_sight(centre, place), "{place:?} is behind a wall");
                assert!(place.within(centre, 3 * 1_024), "{place:?} is too far away");
            }
        }
    }
}
