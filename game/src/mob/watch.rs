//! Tracks which parts of the map are near any player.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::Player;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

use crate::data::Data;

/// Cells watched on each side of a player's own cell. A cell is half the waking range wide, so two of them reach at
/// least as far as the range.
const REACH: i32 = 2;

/// The parts of the map near players in this tick: everything within the waking range of a player, and up to half of
/// the range more, since it is kept in square cells.
#[derive(Resource, Debug, Default)]
pub(super) struct Watched {
    /// Side of a cell: half the waking range.
    cell_units: i32,
    columns: i32,
    /// Tick at which each cell was last watched.
    watched_at: Vec<Tick>,
    /// Tick at which a player was last found in each cell. Players in the same cell watch the same cells.
    player_at: Vec<Tick>,
}

impl Watched {
    /// Whether a position is watched in this tick.
    pub(super) fn sees(&self, position: Position, now: Tick) -> bool {
        let (column, row) = self.cell(position);
        self.watched_at.get((row * self.columns + column) as usize) == Some(&now)
    }

    /// Fits the cells to the map and the waking range. If their size or number changes, everything is unwatched.
    fn fit(&mut self, width_tiles: u32, height_tiles: u32, wake_units: i32) {
        let cell_units = ((wake_units + 1) / REACH).max(UNITS_PER_TILE);
        let cells = |tiles: u32| (tiles as i32 * UNITS_PER_TILE).div_euclid(cell_units) + 1;
        let (columns, rows) = (cells(width_tiles), cells(height_tiles));
        let count = (columns * rows) as usize;
        if (self.cell_units, self.columns, self.watched_at.len()) != (cell_units, columns, count) {
            let never = vec![Tick(0); count];
            *self = Self { cell_units, columns, watched_at: never.clone(), player_at: never };
        }
    }

    fn note_player(&mut self, position: Position, now: Tick) {
        let (column, row) = self.cell(position);
        let own = (row * self.columns + column) as usize;
        if self.player_at.get(own).is_none_or(|seen| *seen == now) {
            return;
        }
        self.player_at[own] = now;
        let rows = self.watched_at.len() as i32 / self.columns;
        let (west, east) = ((column - REACH).max(0), (column + REACH).min(self.columns - 1));
        for row in (row - REACH).max(0)..=(row + REACH).min(rows - 1) {
            let start = row * self.columns;
            self.watched_at[(start + west) as usize..=(start + east) as usize].fill(now);
        }
    }

    /// The column and row of a position, or the nearest ones for a position beyond the map.
    fn cell(&self, position: Position) -> (i32, i32) {
        let rows = self.watched_at.len() as i32 / self.columns.max(1);
        let index = |units: i32, cells: i32| units.div_euclid(self.cell_units.max(1)).clamp(0, (cells - 1).max(0));
        (index(position.x, self.columns), index(position.y, rows))
    }
}

/// Marks the cells near all players as watched.
pub(super) fn watch(
    clock: Res<TickClock>,
    data: Res<Data>,
    map: Res<ChannelMap>,
    mut watched: ResMut<Watched>,
    players: Query<&At, With<Player>>,
) {
    watched.fit(map.grid.width(), map.grid.height(), data.world.minds.wake_tiles.units());
    players.iter().for_each(|at| watched.note_player(at.0, clock.now()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WAKE: i32 = 24 * UNITS_PER_TILE;

    proptest! {
        /// Everything within the range is watched; everything farther than 1.5 times the range along an axis is not.
        #[test]
        fn what_is_near_a_player_is_watched(
            players in prop::collection::vec((0i32..200, 0i32..130), 1..5),
            at in (0i32..200, 0i32..130),
        ) {
            let mut watched = Watched::default();
            watched.fit(200, 130, WAKE);
            let now = Tick(5);
            let position = |(x, y): (i32, i32)| Position::tile_centre(x, y);
            players.iter().for_each(|player| watched.note_player(position(*player), now));
            let at = position(at);
            let near = players.iter().any(|player| position(*player).within(at, WAKE));
            let far = players.iter().map(|player| position(*player)).all(|player| {
                (player.x - at.x).abs().max((player.y - at.y).abs()) > WAKE * 3 / 2
            });
            prop_assert!(!near || watched.sees(at, now));
            prop_assert!(!far || !watched.sees(at, now));
            prop_assert!(!watched.sees(at, now.after(1)), "in another tick it is watched anew");
        }
    }

    #[test]
    fn an_odd_range_is_watched_to_its_end() {
        let (mut watched, range, now) = (Watched::default(), WAKE + 1, Tick(5));
        watched.fit(200, 130, range);
        // It would stand at the end of a cell, if cells were half a unit too small.
        let player = Position { x: 3 * (range / 2) - 1, y: 60_000 };
        watched.note_player(player, now);
        assert!(watched.sees(Position { x: player.x + range, ..player }, now));
    }

    #[test]
    fn whoever_is_beyond_the_map_watches_its_edge() {
        let mut watched = Watched::default();
        assert!(!watched.sees(Position::default(), Tick(1)), "without a map nothing is watched");
        watched.fit(10, 10, 0);
        let corners = [(0, 0), (9, 0), (0, 9), (9, 9)];
        for (now, (x, y)) in (1..).map(Tick).zip(corners) {
            let beyond = |tile: i32| if tile == 0 { -5_000 } else { 90_000 };
            watched.note_player(Position { x: beyond(x), y: beyond(y) }, now);
            let seen = corners.map(|(x, y)| watched.sees(Position::tile_centre(x, y), now));
            assert_eq!(seen, corners.map(|corner| corner == (x, y)), "from beyond {x}, {y}");
        }
    }
}
