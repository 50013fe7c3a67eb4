//! Pathfinding: straight if nothing is in the way, otherwise by a search that is limited by a budget per tick.

mod search;
mod sight;

pub use sight::is_clear;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Position};

use crate::combat::SafeZones;
use crate::data::Data;

/// The path around obstacles that an entity follows.
#[derive(Component, Debug, Clone, Default)]
pub struct Route {
    /// Tiles left to pass, the next one last.
    tiles: Vec<(i32, i32)>,
    search_again_at: Tick,
}

impl Route {
    /// Forgets the path.
    pub fn clear(&mut self) {
        self.tiles.clear();
    }

    /// The number of tiles left to pass.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// Whether no tiles are left to pass.
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }
}

/// Searches that are left for this tick.
#[derive(Resource, Debug, Default)]
pub(crate) struct PathBudget {
    left: u32,
}

/// Refills the budget of searches, early in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PathSystems;

/// Adds the budget of searches.
pub struct PathPlugin;

impl Plugin for PathPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<PathBudget>().add_systems(TickSchedule, refill.in_set(TickSet::Intent).in_set(PathSystems));
    }
}

fn refill(data: Res<Data>, mut budget: ResMut<PathBudget>) {
    budget.left = data.world.minds.searches_per_tick;
}

/// Finds paths for mobs. They walk around safe zones as around walls.
#[derive(SystemParam)]
pub struct Wayfinder<'w> {
    map: Res<'w, ChannelMap>,
    zones: Res<'w, SafeZones>,
    data: Res<'w, Data>,
    clock: Res<'w, TickClock>,
    budget: ResMut<'w, PathBudget>,
}

impl Wayfinder<'_> {
    /// The direction to walk in now. `None` if it has arrived, no path exists or none was searched yet.
    pub fn towards(&mut self, route: &mut Route, from: Position, to: Position, radius: i32) -> Option<Angle> {
        if from == to {
            return None;
        }
        if self.is_straight(from, to, radius) {
            route.clear();
            return Some(Angle::between(from, to));
        }
        if self.clock.now() >= route.search_again_at && self.budget.left > 0 {
            self.budget.left -= 1;
            let rules = &self.data.world.minds;
            route.search_again_at = self.clock.now().after(self.clock.ticks(rules.search_again_ms));
            search::find(&self.map.grid, &self.zones, from.tile(), to.tile(), rules.search_tiles, &mut route.tiles);
        }
        self.along(route, from, radius)
    }

    /// Whether the straight line between two points is free.
    pub fn is_straight(&self, from: Position, to: Position, radius: i32) -> bool {
        is_clear(&self.map.grid, &self.zones, from, to, radius)
    }

    /// Whether a point lies in a safe zone.
    pub fn is_safe(&self, at: Position) -> bool {
        self.zones.contain(at)
    }

    /// The direction away from `danger`, as straight as walls and safe zones allow. `None` if all directions tried are
    /// blocked.
    pub fn away(&self, from: Position, danger: Position, radius: i32, units: i32) -> Option<Angle> {
        let straight = Angle::between(danger, from);
        let turns = [0u8, 24, 232, 48, 208, 80, 176];
        turns.into_iter().map(|turn| Angle(straight.0.wrapping_add(turn))).find(|angle| {
            let (dx, dy) = angle.scaled(units);
            self.is_straight(from, from.offset(dx, dy), radius)
        })
    }

    fn along(&self, route: &mut Route, from: Position, radius: i32) -> Option<Angle> {
        // Corners are cut if the tile after the next can be reached directly.
        while let [.., after, _] = route.tiles[..] {
            if !self.is_straight(from, Position::tile_centre(after.0, after.1), radius) {
                break;
            }
            route.tiles.pop();
        }
        let (x, y) = *route.tiles.last()?;
        let next = Position::tile_centre(x, y);
        if next == from {
            route.tiles.pop();
            return None;
        }
        Some(Angle::between(from, next))
    }
}
