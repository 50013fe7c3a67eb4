//! Rule: the engine names no type of our game: what any game could not use is not its business.

use super::Finding;
use super::tree::{File, is_in_comment, line_of, words};

/// The engine may depend on protocol, but not on this module of it.
const MODULE: &str = "realm";
const MEND: &str = "register the type from game, or move it to another module of protocol";

/// Checks one Rust file.
pub fn check(file: &File) -> Vec<Finding> {
    if !file.path.starts_with("engine/") || !file.has_ending(&["rs"]) {
        return Vec::new();
    }
    let found = words(&file.text, MODULE).filter(|offset| !is_in_comment(&file.text, *offset));
    let finding = |offset| Finding::new(&file.path, line_of(&file.text, offset), "engine names protocol::realm", MEND);
    found.map(finding).collect()
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::{assert_clean, assert_finds};

    #[test]
    fn the_game_is_found_however_it_is_named() {
        assert_finds("engine/src/a.rs", "use realmgate_protocol::{link, realm::Class};", 1, "protocol::realm");
        assert_finds("engine/tests/a.rs", "\nfn a(b: realmgate_protocol::realm::Class) {}", 2, "protocol::realm");
        assert_finds("engine/src/a.rs", "use realmgate_protocol::realm as game;", 1, "protocol::realm");
        assert_finds("engine/src/a.rs", "use realmgate_protocol::{link, realm};", 1, "protocol::realm");
    }

    #[test]
    fn the_rest_of_protocol_and_prose_are_clean() {
        assert_clean("engine/src/a.rs", "//! Never a realm.\nuse realmgate_protocol::link;\n");
        assert_clean("game/src/a.rs", "use realmgate_protocol::realm::Class;\n");
    }
}
