//! A map as it is drawn: what was read from its file, before it is known to be without faults.

use std::collections::BTreeMap;
use std::ops::Range;

use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{CollisionGrid, Position};

use super::{MapObject, ObjectClass, Rect};
use crate::data::{Fault, SourceText};

/// A map as far as it could be read.
pub(super) struct DrawnMap {
    pub(super) id: MapId,
    pub(super) name: String,
    pub(super) source: SourceText,
    /// `None` if it is not known which tile lies where.
    pub(super) grid: Option<CollisionGrid>,
    /// `None` if the file could not be read that far.
    pub(super) objects: Option<Vec<DrawnObject>>,
}

impl DrawnMap {
    /// The objects of a class, in the order of the file.
    pub(super) fn all<T: MapObject>(&self) -> impl Iterator<Item = &DrawnObject> + use<'_, T> {
        self.objects.iter().flatten().filter(|object| object.is::<T>())
    }

    /// A fault at a property of an object; at the object where the property is not written.
    pub(super) fn fault(&self, object: &DrawnObject, property: &str, message: String, expected: String) -> Fault {
        let written = object.properties.get(property);
        let span = written.map_or(&object.span, |written| &written.span);
        self.source.fault(span.clone(), message, expected)
    }
}

/// An object as it is drawn: of a registered class, in its shape, and with properties that are valid each by itself.
#[derive(Debug)]
pub struct DrawnObject {
    pub(super) class: &'static ObjectClass,
    pub(super) name: String,
    /// A point is a rectangle without extent.
    pub(super) rect: Rect,
    pub(super) span: Range<usize>,
    /// The properties that are written in the file and valid.
    pub(super) properties: BTreeMap<&'static str, Written>,
}

/// The value of a property, and where it is written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

impl DrawnObject {
    /// Whether it is of the class that a type is made from.
    pub fn is<T: MapObject>(&self) -> bool {
        self.class.name == T::CLASS.name
    }

    /// Its name, unique among those of its class on the map.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where a point lies; of a rectangle, the north-western corner.
    pub fn position(&self) -> Position {
        self.rect.min
    }

    /// The area of a rectangle; that of a point is empty.
    pub fn rect(&self) -> Rect {
        self.rect
    }

    /// A property that is a name; `None` if it is not given.
    pub fn text(&self, property: &str) -> Option<&str> {
        Some(self.properties.get(property)?.text.as_str())
    }

    /// A property that is a number, or its default: Tiled writes no property that has the default of its class. `None`
    /// if there is neither, or if the type cannot hold it.
    pub fn number<N: TryFrom<i64>>(&self, property: &str) -> Option<N> {
        let number: i64 = match self.text(property) {
            Some(text) => text.parse().ok()?,
            None => self.class.property(property)?.default_number()?,
        };
        N::try_from(number).ok()
    }
}
