//! The game as it is shipped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use realmgate_engine::map::MapSet;
use realmgate_game::data::GameData;
use realmgate_game::maps::map_objects;

/// The data of `assets/`.
pub static DATA: LazyLock<Arc<GameData>> = LazyLock::new(|| {
    let data = GameData::load(&folder("assets"));
    Arc::new(data.unwrap_or_else(|faults| panic!("the shipped data is wrong:\n{faults}")))
});

/// The maps of `maps/`.
pub static MAPS: LazyLock<Arc<MapSet>> = LazyLock::new(|| {
    let maps = MapSet::load(&folder("maps"), &map_objects());
    Arc::new(maps.unwrap_or_else(|faults| panic!("the shipped maps are wrong:\n{faults}")))
});

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}
