//! What maps say of the data: what their objects name must exist.

use realmgate_engine::data::{Faults, one_of};
use realmgate_engine::map::MapSet;
use realmgate_protocol::ids::MapId;

use super::GameData;
use crate::maps;

impl GameData {
    /// Checks that every mob and vendor on the maps exists in the data, and that the map where all begins is there.
    ///
    /// # Errors
    ///
    /// Returns one fault for each unknown mob or vendor, and one if the start map is missing.
    pub fn check_maps(&self, maps: &MapSet) -> Result<(), Faults> {
        let mut faults = Faults::new();
        maps.iter().for_each(|map| maps::check_data(map, self, &mut faults));
        let start = self.world.start_map;
        if maps.get(MapId(start)).is_none() {
            let numbers: Vec<String> = maps.iter().map(|map| map.id.to_string()).collect();
            let expected = one_of(&start.to_string(), numbers.iter().map(String::as_str));
            faults.push(self.world_document.fault("/start_map", format!("there is no map {start}"), expected));
        }
        faults.into_result(())
    }
}
