//! A uniform grid over all replicated entities, made anew each tick.

use bevy_ecs::prelude::*;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

use super::NetEntity;
use crate::body::At;
use crate::channel::ChannelMap;

/// Side of a cell, in tiles.
const CELL_TILES: i32 = 8;
const CELL_UNITS: i32 = CELL_TILES * UNITS_PER_TILE;

/// Replicated entities by cell, as a counting sort: [`InterestGrid::near`] finds neighbours in what they cost to look at.
#[derive(Resource, Debug, Default)]
pub struct InterestGrid {
    columns: i32,
    rows: i32,
    /// Where each cell's entries start; one more than there are cells.
    starts: Vec<u32>,
    entries: Vec<(Entity, Position)>,
    unsorted: Vec<(u32, Entity, Position)>,
}

impl InterestGrid {
    /// Every entity within `range` units of `centre`, in the order of cells, with its place as of this tick's rebuild.
    pub fn near(&self, centre: Position, range: i32) -> impl Iterator<Item = (Entity, Position)> {
        let column = |x: i32| (x.div_euclid(CELL_UNITS)).clamp(0, (self.columns - 1).max(0));
        let row = |y: i32| (y.div_euclid(CELL_UNITS)).clamp(0, (self.rows - 1).max(0));
        let (west, east) = (column(centre.x - range), column(centre.x + range));
        let (north, south) = (row(centre.y - range), row(centre.y + range));
        (north..=south)
            .flat_map(move |row| self.cells(row, west, east))
            .filter(move |(_, at)| at.within(centre, range))
            .copied()
    }

    /// The entries of cells `west` to `east` of a row, which lie together.
    fn cells(&self, row: i32, west: i32, east: i32) -> &[(Entity, Position)] {
        let first = (row * self.columns + west) as usize;
        let last = (row * self.columns + east) as usize;
        match (self.starts.get(first), self.starts.get(last + 1)) {
            (Some(from), Some(to)) => &self.entries[*from as usize..*to as usize],
            _ => &[],
        }
    }

    fn rebuild(&mut self, width_tiles: u32, height_tiles: u32, entities: impl Iterator<Item = (Entity, Position)>) {
        self.columns = (width_tiles as i32).div_euclid(CELL_TILES) + 1;
        self.rows = (height_tiles as i32).div_euclid(CELL_TILES) + 1;
        self.unsorted.clear();
        self.starts.clear();
        self.starts.resize((self.columns * self.rows) as usize + 1, 0);
        for (entity, at) in entities {
            let column = at.x.div_euclid(CELL_UNITS).clamp(0, self.columns - 1);
            let row = at.y.div_euclid(CELL_UNITS).clamp(0, self.rows - 1);
            let cell = (row * self.columns + column) as u32;
            self.starts[cell as usize + 1] += 1;
            self.unsorted.push((cell, entity, at));
        }
        for cell in 1..self.starts.len() {
            self.starts[cell] += self.starts[cell - 1];
        }
        self.entries.clear();
        self.entries.resize(self.unsorted.len(), (Entity::PLACEHOLDER, Position::default()));
        // Filled from the back, so that `starts` ends as the start of each cell and the order within a cell is kept.
        for (cell, entity, at) in self.unsorted.drain(..).rev() {
            let place = &mut self.starts[cell as usize + 1];
            *place -= 1;
            self.entries[*place as usize] = (entity, at);
        }
        self.starts.rotate_left(1);
        if let Some(end) = self.starts.last_mut() {
            *end = self.entries.len() as u32;
        }
    }
}

pub(super) fn rebuild(
    map: Res<ChannelMap>,
    mut grid: ResMut<InterestGrid>,
    entities: Query<(Entity, &At), With<NetEntity>>,
) {
    grid.rebuild(map.grid.width(), map.grid.height(), entities.iter().map(|(entity, at)| (entity, at.0)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn near_finds_exactly_who_is_within_range(
            places in prop::collection::vec((0i32..100_000, 0i32..60_000), 0..200),
            centre in (0i32..100_000, 0i32..60_000),
            range in 0i32..40_000,
        ) {
            let entity = |i: usize| Entity::from_raw_u32(i as u32).unwrap();
            let places: Vec<Position> = places.into_iter().map(|(x, y)| Position { x, y }).collect();
            let mut grid = InterestGrid::default();
            grid.rebuild(98, 60, places.iter().enumerate().map(|(i, at)| (entity(i), *at)));
            let centre = Position { x: centre.0, y: centre.1 };
            let mut found: Vec<Entity> = grid.near(centre, range).map(|(entity, _)| entity).collect();
            found.sort();
            let mut wanted: Vec<Entity> =
                (0..places.len()).filter(|i| places[*i].within(centre, range)).map(entity).collect();
            wanted.sort();
            prop_assert_eq!(found, wanted);
        }
    }
}
