//! The classes that objects of a map can have, and their properties. Declared once; used by the check, by the loader
//! (Tiled does not write a property that has its default) and by the types exported to Tiled.

use realmgate_protocol::limits::MAX_CONTENT_ID_BYTES;

/// What an object on a map is, by its class in Tiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// `spawn`: where characters appear.
    Spawn,
    /// `mobs`: where mobs live.
    Mobs,
    /// `portal`: a way to another place.
    Portal,
    /// `safe_zone`: where nobody is attacked.
    SafeZone,
    /// `vendor`: where a vendor stands.
    Vendor,
}

/// The shape that an object is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Point,
    Rectangle,
}

/// What a property holds, and its default if the designer wrote none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PropertyKind {
    /// A name of `a-z 0-9 _`: of a spawn point, or of content in the data files. Always required.
    Name,
    /// A whole number in bounds; required if it has no default.
    Number { least: i64, most: i64, default: Option<i64> },
}

/// A property of an object class.
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: PropertyKind,
    pub(super) description: &'static str,
}

/// A class of objects.
pub(super) struct ObjectClass {
    pub(super) kind: ObjectKind,
    pub(super) name: &'static str,
    /// What a designer calls such an object.
    pub(super) noun: &'static str,
    pub(super) shape: Shape,
    /// How Tiled draws it: `#aarrggbb`.
    pub(super) colour: &'static str,
    pub(super) description: &'static str,
    pub(super) properties: &'static [Property],
}

const fn name(name: &'static str, description: &'static str) -> Property {
    Property { name, kind: PropertyKind::Name, description }
}

const fn number(name: &'static str, bounds: (i64, i64), default: Option<i64>, description: &'static str) -> Property {
    Property { name, kind: PropertyKind::Number { least: bounds.0, most: bounds.1, default }, description }
}

/// All classes.
pub(super) static OBJECT_CLASSES: [ObjectClass; 5] = [
    ObjectClass {
        kind: ObjectKind::Spawn,
        name: "spawn",
        noun: "spawn point",
        shape: Shape::Point,
        colour: "#ff3fb950",
        description: "Where characters appear: new ones, those who return from death, and those who come by a portal.",
        properties: &[],
    },
    ObjectClass {
        kind: ObjectKind::Mobs,
        name: "mobs",
        noun: "mob area",
        shape: Shape::Rectangle,
        colour: "#ffd1242f",
        description: "An area in which mobs of one kind live.",
        properties: &[
            name("mob", "Id of the mob in the data files."),
            number("count", (1, 500), Some(1), "How many live here at once."),
            number(
                "respawn_ms",
                (1_000, 86_400_000),
                Some(30_000),
                "Milliseconds from a death to the next one's birth.",
            ),
            number("level", (0, 255), Some(0), "Level of these mobs; 0 keeps the one in the mob's data."),
        ],
    },
    ObjectClass {
        kind: ObjectKind::Portal,
        name: "portal",
        noun: "portal",
        shape: Shape::Rectangle,
        colour: "#ff8250df",
        description: "Whoever steps into it travels.",
        properties: &[
            number("to_map", (1, 65_535), None, "Number of the map it leads to."),
            name("to_spawn", "Name of the spawn point there."),
        ],
    },
    ObjectClass {
        kind: ObjectKind::SafeZone,
        name: "safe_zone",
        noun: "safe zone",
        shape: Shape::Rectangle,
        colour: "#ff0969da",
        description: "An area in which nobody is attacked.",
        properties: &[name("respawn", "Name of the spawn point at which those who died nearby return.")],
    },
    ObjectClass {
        kind: ObjectKind::Vendor,
        name: "vendor",
        noun: "vendor",
        shape: Shape::Point,
        colour: "#ffbf8700",
        description: "Where a vendor stands.",
        properties: &[name("vendor", "Id of the vendor in the data files.")],
    },
];

impl ObjectKind {
    pub(super) fn class(self) -> &'static ObjectClass {
        &OBJECT_CLASSES[self as usize]
    }
}

impl ObjectClass {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        OBJECT_CLASSES.iter().find(|class| class.name == name)
    }
}

impl Property {
    /// The default, if a designer may leave the property out.
    pub(super) fn default_number(&self) -> Option<i64> {
        match self.kind {
            PropertyKind::Number { default, .. } => default,
            PropertyKind::Name => None,
        }
    }

    pub(super) fn is_required(&self) -> bool {
        self.default_number().is_none()
    }

    /// The property's type as Tiled names it.
    pub(super) fn tiled_type(&self) -> &'static str {
        match self.kind {
            PropertyKind::Name => "string",
            PropertyKind::Number { .. } => "int",
        }
    }

    /// What would be right, in words.
    pub(super) fn expected(&self) -> String {
        match self.kind {
            PropertyKind::Name => name_rule(),
            PropertyKind::Number { least, most, .. } => format!("a whole number from {least} to {most}"),
        }
    }
}

/// Whether a text can name an object or content: 1 to 48 characters of `a-z 0-9 _`.
pub(super) fn is_name(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=MAX_CONTENT_ID_BYTES).contains(&text.len()) && text.bytes().all(legal)
}

/// What [`is_name`] asks for, in words.
pub(super) fn name_rule() -> String {
    format!("1 to {MAX_CONTENT_ID_BYTES} characters of a-z, 0-9 and _")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_finds_its_class() {
        for class in &OBJECT_CLASSES {
            assert_eq!(class.kind.class().name, class.name);
        }
    }
}
