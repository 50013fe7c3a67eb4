//! Search for a path from tile to tile.

use pathfinding::prelude::astar;
use realmgate_protocol::movement::{CollisionGrid, Position};

use crate::combat::SafeZones;

type Tile = (i32, i32);

/// Lengths of a straight and of a diagonal step. The ratio of 5 to 7 is close to that of 1 to the square root of 2.
const STRAIGHT: i32 = 5;
const DIAGONAL: i32 = 7;

const STEPS: [(i32, i32); 8] = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];

/// Fills `route` with the tiles to pass, the first one last. Leaves it empty if no path is found after looking at
/// `most_tiles`.
pub(super) fn find(
    grid: &CollisionGrid,
    zones: &SafeZones,
    from: Tile,
    to: Tile,
    most_tiles: u32,
    route: &mut Vec<Tile>,
) {
    route.clear();
    let is_open = |(x, y): Tile| !grid.is_solid(x, y) && !zones.contain(Position::tile_centre(x, y));
    let open = |tile: Tile| is_open(tile) || tile == to && !grid.is_solid(tile.0, tile.1);
    let mut looked_at = 0;
    let next = |tile: &Tile| {
        looked_at += 1;
        let tile = *tile;
        let going_on = looked_at <= most_tiles;
        let steps = STEPS.into_iter().filter(move |_| going_on);
        steps.filter_map(move |step| stepped(open, tile, step))
    };
    let found = astar(&from, next, |tile| remaining(*tile, to), |tile| *tile == to);
    if let Some((tiles, _)) = found {
        route.extend(tiles.into_iter().skip(1).rev());
    }
}

fn stepped(open: impl Fn(Tile) -> bool, (x, y): Tile, (dx, dy): (i32, i32)) -> Option<(Tile, i32)> {
    let to = (x + dx, y + dy);
    // A diagonal step needs both tiles beside it, since a body would brush their corners.
    let passable = open(to) && (dx == 0 || dy == 0 || open((x + dx, y)) && open((x, y + dy)));
    let length = if dx == 0 || dy == 0 { STRAIGHT } else { DIAGONAL };
    passable.then_some((to, length))
}

/// Lower bound of the remaining length. It is never more than the real length, so the path found is the shortest.
fn remaining((x, y): Tile, (to_x, to_y): Tile) -> i32 {
    let (dx, dy) = ((to_x - x).abs(), (to_y - y).abs());
    let diagonal = dx.min(dy);
    DIAGONAL * diagonal + STRAIGHT * (dx.max(dy) - diagonal)
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::MapId;

    use super::*;
    use crate::maps::sketch;

    #[test]
    fn no_step_brushes_a_corner() {
        let map = sketch(MapId(1), &["S......", "...#...", "...#...", "...####", "......."]).unwrap();
        let mut route = Vec::new();
        find(&map.grid, &SafeZones::of(&map), (5, 2), (2, 3), 512, &mut route);
        route.push((5, 2));
        route.reverse();
        assert_eq!(route.last(), Some(&(2, 3)));
        for step in route.windows(2) {
            let ((x, y), (to_x, to_y)) = (step[0], step[1]);
            assert!((to_x - x).abs() <= 1 && (to_y - y).abs() <= 1, "{route:?}");
            for (x, y) in [(to_x, to_y), (to_x, y), (x, to_y)] {
                assert!(!map.grid.is_solid(x, y), "{x}, {y} beside {route:?}");
            }
        }
    }
}
