//! Paths around walls: A* over the tiles, from centre to centre, so that no body gets caught on a corner.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use realmgate_protocol::movement::{CollisionGrid, Position};

/// Maximum number of tiles to visit before the search gives up. The bot then walks straight to the far goal.
const MAX_LOOKED_AT: usize = 6_000;

type Tile = (i32, i32);

/// The centres of the tiles on a shortest path, the goal itself last. `None` if there is none, or it is too far.
pub fn find(grid: &CollisionGrid, from: Position, to: Position) -> Option<Vec<Position>> {
    let (start, goal) = (from.tile(), to.tile());
    if grid.is_solid(goal.0, goal.1) {
        return None;
    }
    let mut came_from: HashMap<Tile, Tile> = HashMap::new();
    let mut cost: HashMap<Tile, i32> = HashMap::from([(start, 0)]);
    let mut open = BinaryHeap::from([(Reverse(guess(start, goal)), start)]);
    while let Some((_, tile)) = open.pop() {
        if tile == goal {
            return Some(walked_back(&came_from, goal, to));
        }
        if cost.len() > MAX_LOOKED_AT {
            return None;
        }
        let so_far = cost[&tile];
        for next in [(tile.0 + 1, tile.1), (tile.0 - 1, tile.1), (tile.0, tile.1 + 1), (tile.0, tile.1 - 1)] {
            let is_better = cost.get(&next).is_none_or(|known| so_far + 1 < *known);
            if is_better && !grid.is_solid(next.0, next.1) {
                cost.insert(next, so_far + 1);
                came_from.insert(next, tile);
                open.push((Reverse(so_far + 1 + guess(next, goal)), next));
            }
        }
    }
    None
}

fn guess(from: Tile, to: Tile) -> i32 {
    (from.0 - to.0).abs() + (from.1 - to.1).abs()
}

fn walked_back(came_from: &HashMap<Tile, Tile>, goal: Tile, to: Position) -> Vec<Position> {
    let mut way = vec![to];
    let mut tile = goal;
    while let Some(before) = came_from.get(&tile) {
        // The starting tile is not a stop on the path.
        if came_from.contains_key(before) {
            way.push(Position::tile_centre(before.0, before.1));
        }
        tile = *before;
    }
    way.reverse();
    way
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
