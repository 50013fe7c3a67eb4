//! Finds the way on a map, for clients that have to get somewhere.

use std::collections::VecDeque;

use realmgate_engine::map::Rect;
use realmgate_protocol::movement::{Angle, CollisionGrid, Position};

/// The way from every tile to a goal, by the number of steps that are left.
#[derive(Debug)]
pub struct WayTo {
    goal: Rect,
    width: i32,
    height: i32,
    steps: Vec<u32>,
}

/// No way leads there.
const FAR: u32 = u32::MAX;

impl WayTo {
    /// Measures a map. The walk goes through the middle of tiles, so that no body gets stuck at a corner.
    pub fn new(grid: &CollisionGrid, goal: Rect) -> Self {
        let (width, height) = (grid.width() as i32, grid.height() as i32);
        let mut way = Self { goal, width, height, steps: vec![FAR; (width * height) as usize] };
        let mut next: VecDeque<(i32, i32)> = goal.whole_tiles().filter(|(x, y)| !grid.is_solid(*x, *y)).collect();
        next.extend(Some(goal.centre().tile()).filter(|_| next.is_empty()));
        for tile in &next {
            way.set(*tile, 0);
        }
        while let Some(tile) = next.pop_front() {
            let steps = way.steps_from(tile) + 1;
            for beside in neighbours(tile) {
                if !grid.is_solid(beside.0, beside.1) && way.index(beside).is_some() && way.steps_from(beside) == FAR {
                    way.set(beside, steps);
                    next.push_back(beside);
                }
            }
        }
        way
    }

    /// Where to head from here; `None` where no way leads to the goal.
    pub fn heading(&self, from: Position) -> Option<Angle> {
        let here = from.tile();
        if self.steps_from(here) == 0 {
            return Some(Angle::between(from, self.goal.centre()));
        }
        let next = neighbours(here).into_iter().min_by_key(|tile| self.steps_from(*tile))?;
        if self.steps_from(next) == FAR {
            return None;
        }
        Some(Angle::between(from, Position::tile_centre(next.0, next.1)))
    }

    fn index(&self, (x, y): (i32, i32)) -> Option<usize> {
        let inside = (0..self.width).contains(&x) && (0..self.height).contains(&y);
        inside.then_some((y * self.width + x) as usize)
    }

    fn steps_from(&self, tile: (i32, i32)) -> u32 {
        self.index(tile).map_or(FAR, |at| self.steps[at])
    }

    fn set(&mut self, tile: (i32, i32), steps: u32) {
        if let Some(at) = self.index(tile) {
            self.steps[at] = steps;
        }
    }
}

fn neighbours((x, y): (i32, i32)) -> [(i32, i32); 4] {
    [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_around_a_wall() {
        let grid = CollisionGrid::from_rows(&["....", ".##.", "...."]).unwrap();
        let goal = Rect { min: Position { x: 3 * 1_024, y: 1_024 }, max: Position { x: 4 * 1_024, y: 2_048 } };
        let way = WayTo::new(&grid, goal);
        assert_eq!(way.steps_from((0, 1)), 5, "down, along the edge, and up");
        // From the middle of each tile to the middle of the next, and at the end to the middle of the goal.
        let tiles = [(0, 1), (0, 2), (1, 2), (2, 2), (3, 2), (3, 1)];
        let centre = |(x, y): (i32, i32)| Position::tile_centre(x, y);
        for pair in tiles.windows(2) {
            let (from, to) = (centre(pair[0]), centre(pair[1]));
            assert_eq!(way.heading(from), Some(Angle::between(from, to)), "{pair:?}");
        }
        let beside = centre((3, 1)).offset(-200, 100);
        assert_eq!(way.heading(beside), Some(Angle::between(beside, goal.centre())));
        let walled = CollisionGrid::from_rows(&[".#."]).unwrap();
        let beyond = Rect { min: Position { x: 2 * 1_024, y: 0 }, max: Position { x: 3 * 1_024, y: 1_024 } };
        assert_eq!(WayTo::new(&walled, beyond).heading(Position::tile_centre(0, 0)), None);
    }
}
