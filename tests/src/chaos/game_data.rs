//! The game's data in a realm: the project's own, but for how long a body that fights stays after its player has gone.

use std::fs;
use std::path::PathBuf;

use crate::binaries::workspace;
use crate::home::{Home, read};

/// What designers wrote.
const FIGHTERS_STAY: &str = "linger_combat_ms = 30000\n";
/// A player who comes back waits for its old body, which mobs keep in combat. How soon everybody is back once a part is
/// says something about the programs only where no fight takes longer than they do.
const FIGHTERS_STAY_BRIEFLY: &str = "linger_combat_ms = 3000\n";

/// Writes it into a home.
///
/// # Panics
/// When a file cannot be copied, or the rule is not where it was.
pub fn lay(home: &Home) -> PathBuf {
    let assets = home.copy_of(&workspace().join("assets"), "assets");
    let rules = assets.join("world.toml");
    let world = read(&rules);
    assert!(world.contains(FIGHTERS_STAY), "assets/world.toml has changed: {world}");
    fs::write(&rules, world.replace(FIGHTERS_STAY, FIGHTERS_STAY_BRIEFLY)).expect("it can be written");
    assets
}
