//! Rectangles on a map.

use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

/// A rectangle in units of 1/1,024 tile. The eastern and southern edges are outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// The north-western corner.
    pub min: Position,
    /// The south-eastern corner, just outside.
    pub max: Position,
}

impl Rect {
    /// So many columns and rows of tiles, from the north-western one.
    pub fn of_tiles((x, y): (i32, i32), (columns, rows): (i32, i32)) -> Self {
        let corner = |x: i32, y: i32| Position { x: x * UNITS_PER_TILE, y: y * UNITS_PER_TILE };
        Self { min: corner(x, y), max: corner(x + columns, y + rows) }
    }

    /// Whether a point lies inside.
    pub fn contains(&self, at: Position) -> bool {
        (self.min.x..self.max.x).contains(&at.x) && (self.min.y..self.max.y).contains(&at.y)
    }

    /// The middle, rounded to the north-west.
    pub fn centre(&self) -> Position {
        Position { x: self.min.x + (self.max.x - self.min.x) / 2, y: self.min.y + (self.max.y - self.min.y) / 2 }
    }

    /// The tiles that lie in it with their whole area, from north-west to south-east.
    pub fn whole_tiles(&self) -> impl Iterator<Item = (i32, i32)> + use<> {
        let first = |units: i32| -(-units).div_euclid(UNITS_PER_TILE);
        let end = |units: i32| units.div_euclid(UNITS_PER_TILE);
        let columns = first(self.min.x)..end(self.max.x);
        (first(self.min.y)..end(self.max.y)).flat_map(move |y| columns.clone().map(move |x| (x, y)))
    }

    /// The square of the distance from a point to the nearest point of the rectangle: 0 inside.
    pub fn distance_squared(&self, from: Position) -> i64 {
        let nearest = Position { x: from.x.clamp(self.min.x, self.max.x), y: from.y.clamp(self.min.y, self.max.y) };
        from.distance_squared(nearest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_knows_its_whole_tiles() {
        let rect = |(x, y), (far_x, far_y)| Rect { min: Position { x, y }, max: Position { x: far_x, y: far_y } };
        let whole = |rect: Rect| rect.whole_tiles().collect::<Vec<_>>();
        assert_eq!(whole(rect((1_000, 2_049), (4_095, 5_120))), [(1, 3), (2, 3), (1, 4), (2, 4)]);
        assert_eq!(whole(rect((1_025, 2_048), (4_096, 5_119))), [(2, 2), (3, 2), (2, 3), (3, 3)]);
        assert_eq!(whole(Rect::of_tiles((5, 7), (2, 1))), [(5, 7), (6, 7)]);
        assert_eq!(whole(rect((1, 1), (2_047, 2_047))), [], "it lies in four tiles and has none");
    }

    #[test]
    fn the_far_edges_of_a_rectangle_are_outside() {
        let rect = Rect { min: Position { x: 3, y: 5 }, max: Position { x: 10, y: 20 } };
        let are_inside = |points: [(i32, i32); 4]| points.map(|(x, y)| rect.contains(Position { x, y }));
        assert_eq!(are_inside([(3, 5), (9, 5), (3, 19), (9, 19)]), [true; 4]);
        assert_eq!(are_inside([(10, 5), (10, 19), (3, 20), (9, 20)]), [false; 4]);
        assert_eq!(are_inside([(2, 5), (2, 19), (3, 4), (9, 4)]), [false; 4], "nor is what lies before the near edges");
    }
}
