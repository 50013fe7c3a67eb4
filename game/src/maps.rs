//! What can be drawn on the maps of this game. Each class of objects is declared in the folder of its feature.

use realmgate_engine::data::Faults;
use realmgate_engine::map::{Map, MapObjects, Rect};
use realmgate_protocol::ids::MapId;

use crate::combat::SafeZone;
use crate::data::GameData;
use crate::spawn::MobArea;
use crate::travel::Portal;
use crate::vendor::VendorSpot;

/// All classes of objects, for [`MapSet::load`](realmgate_engine::map::MapSet::load).
pub fn map_objects() -> MapObjects {
    MapObjects::new().register::<MobArea>().register::<Portal>().register::<SafeZone>().register::<VendorSpot>()
}

/// Checks the objects of a map that name something in the data files.
pub(crate) fn check_data(map: &Map, data: &GameData, faults: &mut Faults) {
    MobArea::check_data(map, data, faults);
    VendorSpot::check_data(map, data, faults);
}

/// A map drawn as text, for tests and benchmarks: [`Map::sketch`] with a safe zone on the one tile of its spawn point.
pub fn sketch(id: MapId, rows: &[&str]) -> Option<Map> {
    let mut map = Map::sketch(id, rows)?;
    let start = map.spawn_points().first()?;
    let rect = Rect::of_tiles(start.position.tile(), (1, 1));
    map.add(SafeZone { name: start.name.clone(), rect, respawn: start.name.clone() });
    Some(map)
}
