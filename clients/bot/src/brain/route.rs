//! Paths around walls: A* over the tiles, from centre to centre, so that no body gets caught on a corner.

use pathfinding::prelude::astar;
use realmgate_protocol::movement::{CollisionGrid, Position};

/// Maximum number of tiles to visit before the search gives up. The bot then walks straight to the far goal.
const MAX_VISITED: usize = 6_000;

type Tile = (i32, i32);

/// The centres of the tiles on a shortest path, the goal itself last. `None` if there is none, or it is too far.
pub fn find(grid: &CollisionGrid, from: Position, to: Position) -> Option<Vec<Position>> {
    let (start, goal) = (from.tile(), to.tile());
    if grid.is_solid(goal.0, goal.1) {
        return None;
    }
    let mut visited = 0;
    let open_neighbours = |&(x, y): &Tile| {
        visited += 1;
        let around = if visited > MAX_VISITED { &[][..] } else { &[(1, 0), (-1, 0), (0, 1), (0, -1)] };
        let around = around.iter().map(move |(right, down)| (x + right, y + down));
        around.filter(|(x, y)| !grid.is_solid(*x, *y)).map(|tile| (tile, 1)).collect::<Vec<(Tile, i32)>>()
    };
    let (tiles, _) = astar(&start, open_neighbours, |tile| distance(*tile, goal), |tile| *tile == goal)?;
    // Neither the starting tile nor the centre of the last is a stop on the path.
    let between = tiles.get(1..tiles.len() - 1).unwrap_or_default();
    Some(between.iter().map(|(x, y)| Position::tile_centre(*x, *y)).chain([to]).collect())
}

fn distance(from: Tile, to: Tile) -> i32 {
    (from.0 - to.0).abs() + (from.1 - to.1).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_around_a_wall() {
        let grid = CollisionGrid::from_rows(&["....", "###.", "....", "...."]).unwrap();
        let to = Position::tile_centre(0, 2);
        let way = find(&grid, Position::tile_centre(0, 0), to).unwrap();
        assert_eq!(way.last(), Some(&to));
        assert_eq!(way.len(), 8, "three east, two south, three west");
        assert!(way.iter().all(|stop| !grid.is_solid(stop.tile().0, stop.tile().1)));
    }

    #[test]
    fn there_may_be_no_way() {
        let grid = CollisionGrid::from_rows(&[".#.", ".#.", ".#."]).unwrap();
        assert_eq!(find(&grid, Position::tile_centre(0, 0), Position::tile_centre(2, 0)), None);
        assert_eq!(find(&grid, Position::tile_centre(0, 0), Position::tile_centre(1, 0)), None);
    }

    #[test]
    fn where_one_stands_is_near() {
        let grid = CollisionGrid::open(4, 4).unwrap();
        let to = Position::tile_centre(1, 1).offset(100, 0);
        assert_eq!(find(&grid, Position::tile_centre(1, 1), to), Some(vec![to]));
    }
}
