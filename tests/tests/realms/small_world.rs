//! Two small maps with a boar, for players who do things together.

use std::fs;
use std::path::Path;

use realmgate_tests::Settings;
use realmgate_tests::binaries::workspace;

/// The shipped boar: newcomers who fight it are killed, or it is dead before the slowest of them has struck.
const BOAR: &str = "\
[boar.stats]
health = 55
power = 4
armour = 6
speed_tiles_per_s = 3.4

[boar.per_level]
health = 14
power = 2
armour = 2
";

/// Settings of a server on the maps of a folder in this test. A boar there has this much health, hurts little, and grows no
/// stronger.
pub fn settings(maps: &str, boar_health: u32) -> Settings {
    let settings = Settings::new();
    let maps = settings.home.copy_of(&workspace().join("tests/tests/realms").join(maps), "maps");
    for file in ["tileset.tsx", "tileset.png"] {
        fs::copy(workspace().join("maps").join(file), maps.join(file)).expect("it can be copied");
    }
    let ours = format!("[boar.stats]\nhealth = {boar_health}\nspeed_tiles_per_s = 3.4\n");
    let assets = settings.home.assets_with("mobs.toml", BOAR, &ours);
    settings.set("MAPS_DIR", path(&maps)).set("ASSETS_DIR", path(&assets))
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a folder's name is text")
}
