//! Maps drawn in Tiled: checked with positions first, then loaded.
//!
//! A map is finite, orthogonal and has square tiles; its tilesets are files of their own, in which the boolean tile
//! property `solid` says what stops movement and sight. Objects have one of the classes in [`ObjectKind`]. The
//! positioned pass over the XML finds all faults of all maps at once; only what has passed is given to the `tiled`
//! crate, which stops at the first fault and knows no positions.

mod build;
mod check;
mod classes;
mod designer_types;
mod set;
mod sketch;
mod world;

pub use classes::ObjectKind;
pub use designer_types::{property_types_json, tiled_project_json};
pub use set::MapSet;
pub use world::{Map, MobArea, Portal, Rect, SafeZone, SpawnPoint, VendorSpot};
