//! A map as the game sees it: pure data, shared by all channels of the map.

use std::collections::BTreeMap;

use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{CollisionGrid, Position, UNITS_PER_TILE};

use super::ObjectKind;
use crate::data::{Fault, SourceText};

/// A map: where one can walk, and the places designers marked on it.
#[derive(Debug, Clone)]
pub struct Map {
    /// The number in front of the file's name.
    pub id: MapId,
    /// The rest of the file's name: `greenvale` of `1_greenvale.tmx`.
    pub name: String,
    /// Which tiles are solid.
    pub grid: CollisionGrid,
    /// Where characters appear, by name; at least one.
    pub spawn_points: Vec<SpawnPoint>,
    /// Where mobs live.
    pub mob_areas: Vec<MobArea>,
    /// Ways to other maps, or to another place of this one.
    pub portals: Vec<Portal>,
    /// Where nobody is attacked; at least one.
    pub safe_zones: Vec<SafeZone>,
    /// Where vendors stand.
    pub vendors: Vec<VendorSpot>,
    pub(super) origin: Origin,
}

/// A rectangle in units of 1/1,024 tile. The eastern and southern edges are outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// The north-western corner.
    pub min: Position,
    /// The south-eastern corner, just outside.
    pub max: Position,
}

impl Rect {
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

/// A named place where characters appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnPoint {
    /// Unique among the map's spawn points.
    pub name: String,
    /// Its position; never in a wall.
    pub position: Position,
}

/// An area in which mobs of one kind live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MobArea {
    /// Unique among the map's mob areas.
    pub name: String,
    /// Holds at least one whole tile that is not solid.
    pub rect: Rect,
    /// The mob's content id. The engine does not know which ids exist.
    pub mob: String,
    /// Number of mobs that live here at once.
    pub count: u32,
    /// Milliseconds from a death to the next spawn.
    pub respawn_ms: u32,
    /// Overrides the level that the mob's own data gives; `None` keeps that level.
    pub level: Option<u8>,
}

/// A way to another place: a player that steps into it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// Unique among the map's portals.
    pub name: String,
    /// The area that one has to step into.
    pub rect: Rect,
    /// The map it leads to.
    pub to_map: MapId,
    /// The name of the spawn point there.
    pub to_spawn: String,
}

/// An area in which nobody is attacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeZone {
    /// Unique among the map's safe zones.
    pub name: String,
    /// The area.
    pub rect: Rect,
    /// The name of the spawn point at which characters that died nearby return.
    pub respawn: String,
}

/// Where a vendor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorSpot {
    /// Unique among the map's vendors.
    pub name: String,
    /// The vendor's content id. The engine does not know which ids exist.
    pub vendor: String,
    /// Its position; never in a wall.
    pub position: Position,
}

/// Where the map's objects and their properties are written, so that checks that the engine cannot make (does this mob
/// exist?) can point into the file too.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) source: SourceText,
    pub(super) spans: BTreeMap<(ObjectKind, String, String), std::ops::Range<usize>>,
}

impl Map {
    /// A spawn point by name; `None` if there is none.
    pub fn spawn_point(&self, name: &str) -> Option<&SpawnPoint> {
        self.spawn_points.iter().find(|spawn| spawn.name == name)
    }

    /// Whether a point lies in a safe zone.
    pub fn is_safe(&self, at: Position) -> bool {
        self.safe_zones.iter().any(|zone| zone.rect.contains(at))
    }

    /// The portal that a point lies in, if any.
    pub fn portal_at(&self, at: Position) -> Option<&Portal> {
        self.portals.iter().find(|portal| portal.rect.contains(at))
    }

    /// Where somebody who died at `at` returns: the spawn point that the nearest safe zone names.
    pub fn respawn_for(&self, at: Position) -> Position {
        let nearest = self.safe_zones.iter().min_by_key(|zone| zone.rect.distance_squared(at));
        let named = nearest.and_then(|zone| self.spawn_point(&zone.respawn)).or(self.spawn_points.first());
        named.map_or(at, |spawn| spawn.position)
    }

    /// A fault at one property of a named object, for checks against other data: `map.fault(ObjectKind::Mobs,
    /// &area.name, "mob", …)`. At the object where the property is left to its default.
    pub fn fault(
        &self,
        kind: ObjectKind,
        object: &str,
        property: &str,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) -> Fault {
        let find = |property: &str| self.origin.spans.get(&(kind, object.to_owned(), property.to_owned()));
        let span = find(property).or_else(|| find("")).cloned().unwrap_or(0..0);
        self.origin.source.fault(span, message, expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_knows_its_whole_tiles() {
        let rect = Rect { min: Position { x: 1_000, y: 1_024 }, max: Position { x: 3_072, y: 3_071 } };
        assert_eq!(rect.whole_tiles().collect::<Vec<_>>(), [(1, 1), (2, 1)]);
    }

    #[test]
    fn the_far_edges_of_a_rectangle_are_outside() {
        let rect = Rect { min: Position { x: 0, y: 0 }, max: Position { x: 10, y: 10 } };
        assert!(rect.contains(Position { x: 0, y: 9 }) && !rect.contains(Position { x: 10, y: 0 }));
    }
}
