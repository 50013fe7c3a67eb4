//! A uniform grid over all replicated entities, made anew each tick.

use std::ops::Range;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

use super::slots::Slots;
use crate::channel::ChannelMap;

/// Side of a cell, in tiles.
const CELL_TILES: i32 = 8;
const CELL_UNITS: i32 = CELL_TILES * UNITS_PER_TILE;

/// Where an entity was at the last rebuild.
#[derive(Debug, Clone, Copy)]
struct Entry {
    entity: Entity,
    at: Position,
    slot: u32,
}

const NOBODY: Entry = Entry { entity: Entity::PLACEHOLDER, at: Position { x: 0, y: 0 }, slot: 0 };

/// Replicated entities by cell, as a counting sort: [`InterestGrid::near`] finds neighbours in what they cost to look at.
#[derive(Resource, Debug, Default)]
pub struct InterestGrid {
    columns: i32,
    rows: i32,
    /// Where each cell's entries start; one more than there are cells.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    unsorted: Vec<(u32, Entry)>,
    /// Of each cell, when its candidates were last listed, and where in `listed` they lie.
    lists: Vec<(Tick, Range<u32>)>,
    listed: Vec<u32>,
}

impl InterestGrid {
    /// Every entity within `range` units of `centre`, in the order of cells, with its place as of this tick's rebuild.
    pub fn near(&self, centre: Position, range: i32) -> impl Iterator<Item = (Entity, Position)> {
        let (west, north) = self.cell(centre.offset(-range, -range));
        let (east, south) = self.cell(centre.offset(range, range));
        (north..=south)
            .flat_map(move |row| self.cells(row, west, east))
            .filter(move |entry| entry.at.within(centre, range))
            .map(|entry| (entry.entity, entry.at))
    }

    /// The column and the row of a place; of one beyond the map, the nearest.
    pub(super) fn cell(&self, at: Position) -> (i32, i32) {
        let column = at.x.div_euclid(CELL_UNITS).clamp(0, (self.columns - 1).max(0));
        let row = at.y.div_euclid(CELL_UNITS).clamp(0, (self.rows - 1).max(0));
        (column, row)
    }

    /// The entries of cells `west` to `east` of a row, which lie together.
    fn cells(&self, row: i32, west: i32, east: i32) -> &[Entry] {
        let first = (row * self.columns + west) as usize;
        let last = (row * self.columns + east) as usize;
        match (self.starts.get(first), self.starts.get(last + 1)) {
            (Some(from), Some(to)) => &self.entries[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// The slots, ascending, of all that may be within `range` units of somebody in a cell; some are farther. Listed once
    /// a tick for all who are in the cell.
    pub(super) fn candidates(&mut self, (column, row): (i32, i32), range: i32, now: Tick) -> &[u32] {
        let cell = (row * self.columns + column) as usize;
        if self.lists.get(cell).is_none_or(|(listed_at, _)| *listed_at != now) {
            let reach = range.div_euclid(CELL_UNITS) + 1;
            let (west, east) = ((column - reach).max(0), (column + reach).min(self.columns - 1));
            let start = self.listed.len();
            let mut listed = std::mem::take(&mut self.listed);
            for row in (row - reach).max(0)..=(row + reach).min(self.rows - 1) {
                listed.extend(self.cells(row, west, east).iter().map(|entry| entry.slot));
            }
            listed[start..].sort_unstable();
            let list = (now, start as u32..listed.len() as u32);
            self.listed = listed;
            match self.lists.get_mut(cell) {
                Some(place) => *place = list,
                None => return &[],
            }
        }
        let (_, Range { start, end }) = self.lists[cell].clone();
        &self.listed[start as usize..end as usize]
    }

    fn rebuild(&mut self, width_tiles: u32, height_tiles: u32, entities: impl Iterator<Item = Entry>) {
        self.columns = (width_tiles as i32).div_euclid(CELL_TILES) + 1;
        self.rows = (height_tiles as i32).div_euclid(CELL_TILES) + 1;
        self.unsorted.clear();
        self.listed.clear();
        self.starts.clear();
        let cells = (self.columns * self.rows) as usize;
        self.starts.resize(cells + 1, 0);
        self.lists.resize(cells, (Tick(0), 0..0));
        for entry in entities {
            let (column, row) = self.cell(entry.at);
            let cell = (row * self.columns + column) as u32;
            self.starts[cell as usize + 1] += 1;
            self.unsorted.push((cell, entry));
        }
        for cell in 1..self.starts.len() {
            self.starts[cell] += self.starts[cell - 1];
        }
        self.entries.clear();
        self.entries.resize(self.unsorted.len(), NOBODY);
        // Filled from the back, so that `starts` ends as the start of each cell and the order within a cell is kept.
        for (cell, entry) in self.unsorted.drain(..).rev() {
            let place = &mut self.starts[cell as usize + 1];
            *place -= 1;
            self.entries[*place as usize] = entry;
        }
        self.starts.rotate_left(1);
        if let Some(end) = self.starts.last_mut() {
            *end = self.entries.len() as u32;
        }
    }
}

pub(super) fn rebuild(map: Res<ChannelMap>, slots: Res<Slots>, mut grid: ResMut<InterestGrid>) {
    let entry = |slot: u32| Entry { entity: slots.entity[slot as usize], at: slots.at[slot as usize], slot };
    grid.rebuild(map.grid.width(), map.grid.height(), slots.placed().map(entry));
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
            let entry = |(i, at): (usize, &Position)| Entry { entity: entity(i), at: *at, slot: i as u32 };
            grid.rebuild(98, 60, places.iter().enumerate().map(entry));
            let centre = Position { x: centre.0, y: centre.1 };
            let mut found: Vec<Entity> = grid.near(centre, range).map(|(entity, _)| entity).collect();
            found.sort();
            let mut wanted: Vec<Entity> =
                (0..places.len()).filter(|i| places[*i].within(centre, range)).map(entity).collect();
            wanted.sort();
            prop_assert_eq!(&found, &wanted);
            let cell = grid.cell(centre);
            let candidates = grid.candidates(cell, range, Tick(1)).to_vec();
            prop_assert!(candidates.is_sorted());
            prop_assert!(wanted.iter().all(|entity| candidates.contains(&entity.index_u32())));
            prop_assert_eq!(grid.candidates(cell, range, Tick(1)), candidates.as_slice(), "as listed before");
        }
    }
}
