//! A uniform grid over all replicated entities.

use std::ops::Range;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

use super::slots::Slots;
use crate::channel::ChannelMap;

/// Side of a cell, in tiles.
const CELL_TILES: i32 = 8;
const CELL_UNITS: i32 = CELL_TILES * UNITS_PER_TILE;
/// Entries that a cell keeps room for when it has fewer.
const ROOM_KEPT: usize = 64;

/// Where an entity was at the end of the last tick.
#[derive(Debug, Clone, Copy)]
struct Entry {
    entity: Entity,
    at: Position,
    slot: u32,
}

/// One that may be near somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub slot: u32,
    pub at: Position,
}

/// Where the grid keeps the entry of a slot.
#[derive(Debug, Clone, Copy)]
struct Kept {
    cell: u32,
    place: u32,
}

const NOWHERE: Kept = Kept { cell: u32::MAX, place: 0 };

/// Replicated entities by cell: [`InterestGrid::near`] finds neighbours in what they cost to look at. A tick touches only those
/// that moved.
#[derive(Resource, Debug, Default)]
pub struct InterestGrid {
    columns: i32,
    rows: i32,
    cells: Vec<Vec<Entry>>,
    /// By slot.
    kept: Vec<Kept>,
    /// Of each cell, when its candidates were last listed, and where in `listed` they lie.
    lists: Vec<(Tick, Range<u32>)>,
    listed: Vec<Candidate>,
}

impl InterestGrid {
    /// Every entity within `range` units of `centre`, in the order of cells, with its place as of the end of the last tick.
    pub fn near(&self, centre: Position, range: i32) -> impl Iterator<Item = (Entity, Position)> {
        let (west, north) = self.cell(centre.offset(-range, -range));
        let (east, south) = self.cell(centre.offset(range, range));
        (north..=south)
            .flat_map(move |row| self.cells(row, west, east))
            .flatten()
            .filter(move |entry| entry.at.within(centre, range))
            .map(|entry| (entry.entity, entry.at))
    }

    /// The column and the row of a place; of one beyond the map, the nearest.
    pub(super) fn cell(&self, at: Position) -> (i32, i32) {
        let column = at.x.div_euclid(CELL_UNITS).clamp(0, (self.columns - 1).max(0));
        let row = at.y.div_euclid(CELL_UNITS).clamp(0, (self.rows - 1).max(0));
        (column, row)
    }

    /// Cells `west` to `east` of a row; none before the grid has its size.
    fn cells(&self, row: i32, west: i32, east: i32) -> &[Vec<Entry>] {
        let first = (row * self.columns + west) as usize;
        let last = (row * self.columns + east) as usize;
        self.cells.get(first..=last).unwrap_or_default()
    }

    /// All that may be within `range` units of somebody in a cell, in any order; some are farther. Listed once a tick for all
    /// who are in the cell.
    pub(super) fn candidates(&mut self, (column, row): (i32, i32), range: i32, now: Tick) -> &[Candidate] {
        let cell = (row * self.columns + column) as usize;
        if self.lists.get(cell).is_none_or(|(listed_at, _)| *listed_at != now) {
            let reach = range.div_euclid(CELL_UNITS) + 1;
            let (west, east) = ((column - reach).max(0), (column + reach).min(self.columns - 1));
            let start = self.listed.len();
            let mut listed = std::mem::take(&mut self.listed);
            for row in (row - reach).max(0)..=(row + reach).min(self.rows - 1) {
                let entries = self.cells(row, west, east).iter().flatten();
                listed.extend(entries.map(|entry| Candidate { slot: entry.slot, at: entry.at }));
            }
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

    /// Forgets the lists of the last tick. A grid of another size loses all that is in it.
    fn begin(&mut self, width_tiles: u32, height_tiles: u32) {
        self.listed.clear();
        let columns = (width_tiles as i32).div_euclid(CELL_TILES) + 1;
        let rows = (height_tiles as i32).div_euclid(CELL_TILES) + 1;
        if (columns, rows) != (self.columns, self.rows) {
            (self.columns, self.rows) = (columns, rows);
            let cells = (columns * rows) as usize;
            self.cells = vec![Vec::new(); cells];
            self.lists = vec![(Tick(0), 0..0); cells];
            self.kept.clear();
        }
    }

    /// Takes in where an entity is.
    fn put(&mut self, slot: u32, entity: Entity, at: Position) {
        if self.kept.len() <= slot as usize {
            self.kept.resize(slot as usize + 1, NOWHERE);
        }
        let (column, row) = self.cell(at);
        let cell = (row * self.columns + column) as u32;
        let entry = Entry { entity, at, slot };
        let kept = self.kept[slot as usize];
        if kept.cell == cell {
            self.cells[cell as usize][kept.place as usize] = entry;
            return;
        }
        self.remove(slot);
        let entries = &mut self.cells[cell as usize];
        self.kept[slot as usize] = Kept { cell, place: entries.len() as u32 };
        entries.push(entry);
    }

    /// Forgets an entity.
    fn remove(&mut self, slot: u32) {
        let Some(kept) = self.kept.get_mut(slot as usize) else { return };
        let Kept { cell, place } = std::mem::replace(kept, NOWHERE);
        let Some(entries) = self.cells.get_mut(cell as usize) else { return };
        entries.swap_remove(place as usize);
        if let Some(moved) = entries.get(place as usize) {
            self.kept[moved.slot as usize].place = place;
        }
        // A crowd that walks over the map shall not leave room for itself in every cell.
        if entries.capacity() > ROOM_KEPT && entries.len() < entries.capacity() / 4 {
            entries.shrink_to(entries.capacity() / 2);
        }
    }
}

/// Takes in who moved in the tick and who is no more.
pub(super) fn update(map: Res<ChannelMap>, slots: Res<Slots>, mut grid: ResMut<InterestGrid>) {
    grid.begin(map.grid.width(), map.grid.height());
    slots.freed.iter().for_each(|slot| grid.remove(*slot));
    for slot in slots.moved.iter().copied() {
        grid.put(slot, slots.entity[slot as usize], slots.position[slot as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entity(slot: u32) -> Entity {
        Entity::from_raw_u32(slot).unwrap()
    }

    proptest! {
        #[test]
        fn near_finds_exactly_who_is_within_range(
            places in prop::collection::vec((0u32..200, (0i32..100_000, 0i32..60_000)), 0..400),
            gone in prop::collection::vec(0u32..220, 0..40),
            centre in (0i32..100_000, 0i32..60_000),
            range in 0i32..40_000,
        ) {
            let mut grid = InterestGrid::default();
            prop_assert_eq!(grid.near(Position::default(), range).count(), 0, "a grid without a size is empty");
            grid.begin(98, 60);
            let mut are = std::collections::BTreeMap::new();
            for (slot, (x, y)) in places {
                let at = Position { x, y };
                grid.put(slot, entity(slot), at);
                are.insert(slot, at);
            }
            for slot in gone {
                grid.remove(slot);
                are.remove(&slot);
            }
            let centre = Position { x: centre.0, y: centre.1 };
            let mut found: Vec<_> = grid.near(centre, range).collect();
            found.sort_by_key(|(entity, _)| entity.index_u32());
            let within = are.iter().filter(|(_, at)| at.within(centre, range));
            let wanted: Vec<_> = within.map(|(slot, at)| (entity(*slot), *at)).collect();
            prop_assert_eq!(&found, &wanted);
            let cell = grid.cell(centre);
            let candidates = grid.candidates(cell, range, Tick(1)).to_vec();
            let is_listed = |slot: u32, at: Position| candidates.contains(&Candidate { slot, at });
            prop_assert!(wanted.iter().all(|(entity, at)| is_listed(entity.index_u32(), *at)));
            prop_assert_eq!(grid.candidates(cell, range, Tick(1)), candidates.as_slice(), "as listed before");
        }
    }

    #[test]
    fn a_crowd_that_left_gives_its_room_back() {
        let mut grid = InterestGrid::default();
        grid.begin(100, 100);
        let (here, there) = (Position::tile_centre(1, 1), Position::tile_centre(90, 90));
        (0..4_000).for_each(|slot| grid.put(slot, entity(slot), here));
        (0..4_000).for_each(|slot| grid.put(slot, entity(slot), there));
        let room: usize = grid.cells.iter().map(Vec::capacity).sum();
        assert!(room < 4_096 + 2 * ROOM_KEPT, "room for {room}");
        assert_eq!(grid.near(there, 10).count(), 4_000);
    }
}
