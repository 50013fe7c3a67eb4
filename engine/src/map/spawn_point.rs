//! Spawn points: the one kind of object that every game has.

use realmgate_protocol::movement::Position;

use super::{DrawnObject, MapObject, ObjectCheck, ObjectClass, Shape};

/// A named place where characters appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnPoint {
    /// Unique among the map's spawn points.
    pub name: String,
    /// Its position; never in a wall.
    pub position: Position,
}

impl MapObject for SpawnPoint {
    const CLASS: &'static ObjectClass = &ObjectClass {
        name: "spawn",
        noun: "spawn point",
        shape: Shape::Point,
        colour: "#ff3fb950",
        description: "Where characters appear: new ones, those who return from death, and those who come by a portal.",
        is_required: true,
        properties: &[],
    };

    fn build(drawn: &DrawnObject) -> Option<Self> {
        Some(Self { name: drawn.name().to_owned(), position: drawn.position() })
    }

    fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
        check.has_room(drawn);
    }
}
