//! What Project Settings say, with the defaults of the add-on.

use godot::classes::ProjectSettings;
use godot::prelude::*;

/// Where the server is, if the node does not say.
pub const SERVER: (&str, &str) = ("realmgate/server/address", "http://127.0.0.1:3000");
/// How many pixels of the scene a tile has, if the node does not say.
pub const PIXELS_PER_TILE: (&str, f64) = ("realmgate/world/pixels_per_tile", 32.0);

/// The address of the server.
pub fn server() -> GString {
    read(SERVER.0, &SERVER.1.to_variant()).to()
}

/// Pixels of a tile.
pub fn pixels_per_tile() -> f64 {
    read(PIXELS_PER_TILE.0, &PIXELS_PER_TILE.1.to_variant()).to()
}

fn read(name: &str, default: &Variant) -> Variant {
    let set = ProjectSettings::singleton().get_setting_ex(name).default_value(default).done();
    if set.get_type() == default.get_type() { set } else { default.clone() }
}
