//! The places of vendors, as they are drawn on maps.

use realmgate_engine::data::{Faults, one_of};
use realmgate_engine::map::{DrawnObject, Map, MapObject, ObjectCheck, ObjectClass, Property, Shape};
use realmgate_protocol::movement::Position;

use crate::data::GameData;

/// Where a vendor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorSpot {
    /// Unique among the map's vendors.
    pub name: String,
    /// The vendor's content id.
    pub vendor: String,
    /// Its position; never in a wall.
    pub position: Position,
}

impl MapObject for VendorSpot {
    const CLASS: &'static ObjectClass = &ObjectClass {
        name: "vendor",
        noun: "vendor",
        shape: Shape::Point,
        colour: "#ffbf8700",
        description: "Where a vendor stands.",
        is_required: false,
        properties: &[Property::name("vendor", "Id of the vendor in the data files.")],
    };

    fn build(drawn: &DrawnObject) -> Option<Self> {
        let vendor = drawn.text("vendor")?.to_owned();
        Some(Self { name: drawn.name().to_owned(), vendor, position: drawn.position() })
    }

    fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
        check.has_room(drawn);
    }
}

impl VendorSpot {
    /// Finds vendors on a map that the data do not have.
    pub(crate) fn check_data(map: &Map, data: &GameData, faults: &mut Faults) {
        for spot in map.all::<Self>().iter().filter(|spot| data.vendors.find(&spot.vendor).is_none()) {
            let message = format!("there is no vendor `{}`", spot.vendor);
            let expected = one_of(&spot.vendor, data.vendors.ids());
            faults.push(map.fault::<Self>(&spot.name, "vendor", message, expected));
        }
    }
}
