//! Maps drawn in Tiled: read with positions, checked, then loaded.
//!
//! A map is orthogonal and has square tiles; an infinite one ends with its chunks. In its tilesets, embedded or in files
//! of their own, the boolean tile property `solid` says what stops movement and sight. What its objects can be, the game says: it registers a
//! [`MapObject`] type for each class in [`MapObjects`]. The engine itself knows the class of [`SpawnPoint`] alone. All
//! faults of all maps are found at once, each with its line and column.

mod class;
mod designer_types;
mod drawn;
mod features;
mod loaded;
mod object;
mod object_check;
mod read;
mod rect;
mod registry;
mod set;
mod sketch;
mod spawn_point;

pub use class::{ObjectClass, Property, Shape};
pub use drawn::DrawnObject;
pub use loaded::Map;
pub use object::MapObject;
pub use object_check::ObjectCheck;
pub use rect::Rect;
pub use registry::MapObjects;
pub use set::MapSet;
pub use spawn_point::SpawnPoint;
