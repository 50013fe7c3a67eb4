//! A uniform grid of everything that has a position.

use bevy_ecs::prelude::*;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

/// Side of a cell, in tiles.
const CELL_TILES: i32 = 8;
const CELL_UNITS: i32 = CELL_TILES * UNITS_PER_TILE;
/// A cell of at most this capacity is never shrunk.
const SHRINK_ABOVE: usize = 64;

/// An entity, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub entity: Entity,
    pub position: Position,
    /// Radius of its body, in units; 0 if it has none.
    pub radius: i32,
}

/// A cell of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    column: i32,
    row: i32,
}

/// Where the grid keeps the entry of an entity.
#[derive(Debug, Clone, Copy)]
struct Location {
    cell: u32,
    index: u32,
}

const ABSENT: Location = Location { cell: u32::MAX, index: 0 };

/// Every entity that has a position, by the cell it is in, so that only the cells near a point are searched.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use realmgate_engine::body::At;
/// use realmgate_engine::spatial::SpatialIndex;
/// use realmgate_protocol::movement::UNITS_PER_TILE;
///
/// #[derive(Component)]
/// struct Health(u32);
///
/// #[derive(Component)]
/// struct Bomb;
///
/// fn explode(index: Res<SpatialIndex>, bombs: Query<&At, With<Bomb>>, mut healths: Query<&mut Health>) {
///     for bomb in &bombs {
///         for entity in index.touching(bomb.0, 2 * UNITS_PER_TILE) {
///             if let Ok(mut health) = healths.get_mut(entity) {
///                 health.0 = health.0.saturating_sub(10);
///             }
///         }
///     }
/// }
/// # bevy_ecs::system::assert_is_system(explode);
/// ```
#[derive(Resource, Debug)]
pub struct SpatialIndex {
    columns: i32,
    rows: i32,
    cells: Vec<Vec<Entry>>,
    /// By the index of the entity.
    locations: Vec<Location>,
    /// The largest radius of a body that was ever in the index, in units.
    largest_radius: i32,
}

impl SpatialIndex {
    /// An empty index of a map with this many tiles. What is beyond the map counts to the nearest cell.
    pub fn new(width_tiles: u32, height_tiles: u32) -> Self {
        let columns = (width_tiles as i32).div_euclid(CELL_TILES) + 1;
        let rows = (height_tiles as i32).div_euclid(CELL_TILES) + 1;
        let cells = vec![Vec::new(); (columns * rows) as usize];
        Self { columns, rows, cells, locations: Vec::new(), largest_radius: 0 }
    }

    /// Every entity whose centre is at most `range` units from a point, in the order of cells.
    pub fn near(&self, centre: Position, range: i32) -> impl Iterator<Item = Entity> {
        let near = self.candidates(centre, range).filter(move |entry| entry.position.within(centre, range));
        near.map(|entry| entry.entity)
    }

    /// Every entity whose body is at most `range` units from a point, in the order of cells.
    pub fn touching(&self, centre: Position, range: i32) -> impl Iterator<Item = Entity> {
        let reached = self.candidates(centre, range + self.largest_radius);
        let touching = reached.filter(move |entry| entry.position.within(centre, range + entry.radius));
        touching.map(|entry| entry.entity)
    }

    /// The entries of all cells that a square of `range` units to each side of `centre` overlaps.
    fn candidates(&self, centre: Position, range: i32) -> impl Iterator<Item = &Entry> {
        let first = self.cell(centre.offset(-range, -range));
        let last = self.cell(centre.offset(range, range));
        self.block(first, last)
    }

    /// The entries that may be within `range` units of an entity in a cell; some are farther.
    pub(crate) fn near_cell(&self, cell: Cell, range: i32) -> impl Iterator<Item = &Entry> {
        let reach = range.div_euclid(CELL_UNITS) + 1;
        let first = Cell { column: (cell.column - reach).max(0), row: (cell.row - reach).max(0) };
        let last =
            Cell { column: (cell.column + reach).min(self.columns - 1), row: (cell.row + reach).min(self.rows - 1) };
        self.block(first, last)
    }

    /// The entries of all cells from `first`, in the north-west, to `last`.
    fn block(&self, first: Cell, last: Cell) -> impl Iterator<Item = &Entry> {
        let row_of_cells = move |row| {
            let (west, east) = (Cell { row, ..first }, Cell { row, ..last });
            self.cells.get(self.number(west)..=self.number(east)).unwrap_or_default()
        };
        (first.row..=last.row).flat_map(row_of_cells).flatten()
    }

    /// The cell of a position; of one beyond the map, the nearest.
    pub(crate) fn cell(&self, position: Position) -> Cell {
        Cell {
            column: position.x.div_euclid(CELL_UNITS).clamp(0, self.columns - 1),
            row: position.y.div_euclid(CELL_UNITS).clamp(0, self.rows - 1),
        }
    }

    /// The number of a cell, below [`Self::cell_count`].
    pub(crate) fn number(&self, cell: Cell) -> usize {
        (cell.row * self.columns + cell.column) as usize
    }

    pub(crate) fn cell_count(&self) -> usize {
        self.cells.len()
    }

    /// Takes an entity in; one that is there already is replaced.
    pub(super) fn insert(&mut self, entry: Entry) {
        let entity = entry.entity.index_u32() as usize;
        if self.locations.len() <= entity {
            self.locations.resize(entity + 1, ABSENT);
        }
        self.largest_radius = self.largest_radius.max(entry.radius);
        self.put(entry);
    }

    /// An entity has moved. One that is not there is passed over.
    pub(super) fn set_position(&mut self, entity: Entity, position: Position) {
        let Some(location) = self.locations.get(entity.index_u32() as usize) else { return };
        let Some(entries) = self.cells.get(location.cell as usize) else { return };
        self.put(Entry { position, ..entries[location.index as usize] });
    }

    /// Moves an entry into the cell of its position, from the one it was in, if any.
    fn put(&mut self, entry: Entry) {
        let cell = self.number(self.cell(entry.position)) as u32;
        let entity = entry.entity.index_u32() as usize;
        let Location { cell: before, index } = self.locations[entity];
        if before == cell {
            self.cells[cell as usize][index as usize] = entry;
            return;
        }
        self.remove(entry.entity);
        let entries = &mut self.cells[cell as usize];
        self.locations[entity] = Location { cell, index: entries.len() as u32 };
        entries.push(entry);
    }

    /// Forgets an entity.
    pub(super) fn remove(&mut self, entity: Entity) {
        let Some(location) = self.locations.get_mut(entity.index_u32() as usize) else { return };
        let Location { cell, index } = std::mem::replace(location, ABSENT);
        let Some(entries) = self.cells.get_mut(cell as usize) else { return };
        entries.swap_remove(index as usize);
        if let Some(moved) = entries.get(index as usize) {
            self.locations[moved.entity.index_u32() as usize].index = index;
        }
        // A crowd that walks over the map shall not leave room for itself in every cell.
        if entries.capacity() > SHRINK_ABOVE && entries.len() < entries.capacity() / 4 {
            entries.shrink_to(entries.capacity() / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    fn entity(number: u32) -> Entity {
        Entity::from_raw_u32(number).unwrap()
    }

    fn position((x, y): (i32, i32)) -> Position {
        Position { x, y }
    }

    fn sorted(found: impl Iterator<Item = Entity>) -> Vec<u32> {
        let mut numbers: Vec<u32> = found.map(|entity| entity.index_u32()).collect();
        numbers.sort_unstable();
        numbers
    }

    proptest! {
        #[test]
        fn exactly_who_is_within_range_is_found(
            inserted in prop::collection::vec((0u32..200, (0i32..100_000, 0i32..60_000), 0i32..3_000), 0..400),
            moved in prop::collection::vec((0u32..220, (-9_000i32..109_000, -9_000i32..69_000)), 0..200),
            removed in prop::collection::vec(0u32..220, 0..40),
            centre in (0i32..100_000, 0i32..60_000),
            range in 0i32..40_000,
        ) {
            let mut index = SpatialIndex::new(98, 60);
            let mut expected = BTreeMap::new();
            for (number, at, radius) in inserted {
                index.insert(Entry { entity: entity(number), position: position(at), radius });
                expected.insert(number, (position(at), radius));
            }
            for (number, to) in moved {
                index.set_position(entity(number), position(to));
                expected.entry(number).and_modify(|(at, _)| *at = position(to));
            }
            for number in removed {
                index.remove(entity(number));
                expected.remove(&number);
            }
            let centre = position(centre);
            let numbers = |is_wanted: &dyn Fn(Position, i32) -> bool| {
                let wanted = expected.iter().filter(|(_, (at, radius))| is_wanted(*at, *radius));
                wanted.map(|(number, _)| *number).collect::<Vec<u32>>()
            };
            prop_assert_eq!(sorted(index.near(centre, range)), numbers(&|at, _| at.within(centre, range)));
            let touched = numbers(&|at, radius| at.within(centre, range + radius));
            prop_assert_eq!(sorted(index.touching(centre, range)), touched);
            let around = sorted(index.near_cell(index.cell(centre), range).map(|entry| entry.entity));
            let is_around = |number: &u32| around.binary_search(number).is_ok();
            prop_assert!(numbers(&|at, _| at.within(centre, range)).iter().all(is_around));
        }
    }

    #[test]
    fn a_crowd_that_left_gives_its_memory_back() {
        let mut index = SpatialIndex::new(100, 100);
        let (here, there) = (Position::tile_centre(1, 1), Position::tile_centre(90, 90));
        (0..4_000).for_each(|number| index.insert(Entry { entity: entity(number), position: here, radius: 0 }));
        (0..4_000).for_each(|number| index.set_position(entity(number), there));
        let capacity: usize = index.cells.iter().map(Vec::capacity).sum();
        assert!(capacity < 4_096 + 2 * 64, "capacity of {capacity}");
        assert_eq!(index.near(there, 10).count(), 4_000);
    }
}
