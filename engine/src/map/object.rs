//! What a type must say to be made from objects on a map.

use std::fmt::Debug;

use super::{DrawnObject, ObjectCheck, ObjectClass};

/// A type that is made from the objects of one class. A game declares each in the folder of its feature and registers
/// it in [`MapObjects`](super::MapObjects); nothing else knows it.
///
/// ```
/// use realmgate_engine::map::{DrawnObject, MapObject, ObjectCheck, ObjectClass, Property, Shape};
/// use realmgate_protocol::movement::Position;
///
/// /// Where a trap waits.
/// #[derive(Debug, Clone)]
/// struct Trap {
///     position: Position,
///     damage: u16,
/// }
///
/// impl MapObject for Trap {
///     const CLASS: &'static ObjectClass = &ObjectClass {
///         name: "trap",
///         noun: "trap",
///         shape: Shape::Point,
///         colour: "#ff57606a",
///         description: "Hurts whoever comes near.",
///         is_required: false,
///         properties: &[Property::number("damage", 1..=1_000, Some(10), "Health that it takes.")],
///     };
///
///     fn build(drawn: &DrawnObject) -> Option<Self> {
///         Some(Self { position: drawn.position(), damage: drawn.number("damage")? })
///     }
///
///     fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
///         check.has_room(drawn);
///     }
/// }
/// ```
pub trait MapObject: Debug + Clone + Send + Sync + 'static {
    /// The class of the objects it is made from.
    const CLASS: &'static ObjectClass;

    /// Makes one from an object of a map without faults. `None` only where a property's bounds allow what the type
    /// cannot hold; that is told as a fault of the object.
    fn build(drawn: &DrawnObject) -> Option<Self>;

    /// Checks an object against the rest of its map and against the other maps. What the class declares was checked
    /// before; a property whose value is at fault is missing here.
    fn check(_drawn: &DrawnObject, _check: &mut ObjectCheck<'_>) {}
}
