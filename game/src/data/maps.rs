//! What maps say of the data: mobs and vendors that must exist.

use realmgate_engine::data::{Fault, Faults, one_of};
use realmgate_engine::map::{Map, MapSet, ObjectKind};
use realmgate_protocol::ids::MapId;

use super::GameData;

impl GameData {
    /// Checks that every mob and vendor on the maps exists in the data, and that the map where all begins is there.
    ///
    /// # Errors
    ///
    /// Returns one fault for each unknown mob or vendor, and one if the start map is missing.
    pub fn check_maps(&self, maps: &MapSet) -> Result<(), Faults> {
        let mut faults = Faults::new();
        for map in maps.iter() {
            faults.extend(self.unknown_mobs(map));
            faults.extend(self.unknown_vendors(map));
        }
        let start = self.world.start_map;
        if maps.get(MapId(start)).is_none() {
            let numbers: Vec<String> = maps.iter().map(|map| map.id.to_string()).collect();
            let expected = one_of(&start.to_string(), numbers.iter().map(String::as_str));
            faults.push(self.world_document.fault("/start_map", format!("there is no map {start}"), expected));
        }
        faults.into_result(())
    }

    fn unknown_mobs(&self, map: &Map) -> Vec<Fault> {
        let unknown = map.mob_areas.iter().filter(|area| self.mobs.find(&area.mob).is_none());
        let fault = |mob: &str, area: &str| {
            let expected = one_of(mob, self.mobs.ids());
            map.fault(ObjectKind::Mobs, area, "mob", format!("there is no mob `{mob}`"), expected)
        };
        unknown.map(|area| fault(&area.mob, &area.name)).collect()
    }

    fn unknown_vendors(&self, map: &Map) -> Vec<Fault> {
        let unknown = map.vendors.iter().filter(|spot| self.vendors.find(&spot.vendor).is_none());
        let fault = |vendor: &str, spot: &str| {
            let expected = one_of(vendor, self.vendors.ids());
            map.fault(ObjectKind::Vendor, spot, "vendor", format!("there is no vendor `{vendor}`"), expected)
        };
        unknown.map(|spot| fault(&spot.vendor, &spot.name)).collect()
    }
}
