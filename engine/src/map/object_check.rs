//! What an object is checked against once all maps are read: room on its map, and the places that it names.

use std::collections::BTreeMap;

use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::UNITS_PER_TILE;

use super::drawn::DrawnMap;
use super::{DrawnObject, MapObject, SpawnPoint};
use crate::data::{Faults, one_of};

/// Half a tile: the room that every body that starts at a point has, whatever its size.
const ROOM: i32 = UNITS_PER_TILE / 2;

/// The maps that an object is checked against, and the faults found so far.
pub struct ObjectCheck<'a> {
    map: &'a DrawnMap,
    maps: &'a BTreeMap<MapId, DrawnMap>,
    faults: &'a mut Faults,
}

impl<'a> ObjectCheck<'a> {
    pub(super) fn new(map: &'a DrawnMap, maps: &'a BTreeMap<MapId, DrawnMap>, faults: &'a mut Faults) -> Self {
        Self { map, maps, faults }
    }

    /// The objects of a class on this map.
    pub fn all<T: MapObject>(&self) -> impl Iterator<Item = &'a DrawnObject> + use<'a, T> {
        self.map.all::<T>()
    }

    /// Reports a fault at a property of an object of this map; at the object where the property is not written, or `""`.
    pub fn fault(
        &mut self,
        object: &DrawnObject,
        property: &str,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.faults.push(self.map.fault(object, property, message.into(), expected.into()));
    }

    /// Checks that a body can stand at a point.
    pub fn has_room(&mut self, object: &DrawnObject) {
        let Some(grid) = &self.map.grid else { return };
        let at = object.position();
        let (x, y) = at.tile();
        let wrong = if grid.is_solid(x, y) {
            "is in a wall"
        } else if !grid.is_free(at, ROOM) {
            "is too close to a wall"
        } else {
            return;
        };
        let message = format!("the {} `{}` {wrong}", object.class.noun, object.name);
        self.fault(object, "", message, "a distance of at least half a tile to solid tiles");
    }

    /// Checks that a rectangle holds a tile that can be walked on.
    pub fn has_open_tile(&mut self, object: &DrawnObject) {
        let Some(grid) = &self.map.grid else { return };
        if !object.rect.whole_tiles().any(|(x, y)| !grid.is_solid(x, y)) {
            let message = format!("the {} `{}` has no room", object.class.noun, object.name);
            self.fault(object, "", message, "at least one whole tile that is not solid");
        }
    }

    /// The spawn point of this map that a property names; a fault if there is none.
    pub fn spawn_point(&mut self, object: &DrawnObject, property: &str) -> Option<&'a DrawnObject> {
        let name = object.text(property)?;
        let found = self.all::<SpawnPoint>().find(|spawn| spawn.name == name);
        if found.is_none() {
            let names: Vec<_> = self.all::<SpawnPoint>().map(DrawnObject::name).collect();
            let message = format!("there is no spawn point `{name}` on this map");
            self.fault(object, property, message, one_of(name, names));
        }
        found
    }

    /// Checks that the map which one property gives by number exists, and on it the spawn point which another names.
    pub fn leads_somewhere(&mut self, object: &DrawnObject, map_property: &str, spawn_property: &str) {
        let Some(number) = object.number(map_property) else { return };
        let Some(target) = self.maps.get(&MapId(number)) else {
            let maps: Vec<_> = self.maps.values().map(|map| format!("{} ({})", map.id, map.name)).collect();
            let expected = format!("one of {}", maps.join(", "));
            return self.fault(object, map_property, format!("there is no map {number}"), expected);
        };
        // A target that could not be read has its own fault.
        let (Some(name), Some(_)) = (object.text(spawn_property), &target.objects) else { return };
        let spawns: Vec<_> = target.all::<SpawnPoint>().map(DrawnObject::name).collect();
        if !spawns.contains(&name) {
            let message = format!("there is no spawn point `{name}` on map {number} ({})", target.name);
            self.fault(object, spawn_property, message, one_of(name, spawns));
        }
    }
}
