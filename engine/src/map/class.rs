//! The class of an object, and its properties, as a designer sees them in Tiled.

use std::ops::RangeInclusive;

use realmgate_protocol::limits::MAX_CONTENT_ID_BYTES;

/// A class of objects. Declared once, by the type that is made from them; the check, the loader (Tiled does not write
/// a property that has its default) and the types exported to Tiled all read it.
#[derive(Debug)]
pub struct ObjectClass {
    /// The class in Tiled: `mobs`.
    pub name: &'static str,
    /// What a designer calls such an object: `mob area`.
    pub noun: &'static str,
    /// The shape it is drawn as.
    pub shape: Shape,
    /// How Tiled draws it: `#aarrggbb`.
    pub colour: &'static str,
    /// What it is, for designers.
    pub description: &'static str,
    /// Whether a map without one is at fault.
    pub is_required: bool,
    /// All properties that such an object may have.
    pub properties: &'static [Property],
}

/// The shape that an object is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A point.
    Point,
    /// A rectangle that is not turned.
    Rectangle,
}

/// A property of an object class.
#[derive(Debug)]
pub struct Property {
    pub(super) name: &'static str,
    pub(super) kind: PropertyKind,
    pub(super) description: &'static str,
}

/// What a property holds, and whether a designer may leave it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PropertyKind {
    Name {
        is_required: bool,
    },
    /// Required if it has no default.
    Number {
        least: i64,
        most: i64,
        default: Option<i64>,
    },
}

impl Property {
    /// A name of `a-z 0-9 _`, of a spawn point or of content in the data files. Every object must have it.
    pub const fn name(name: &'static str, description: &'static str) -> Self {
        Self { name, kind: PropertyKind::Name { is_required: true }, description }
    }

    /// A name that an object may go without.
    pub const fn optional_name(name: &'static str, description: &'static str) -> Self {
        Self { name, kind: PropertyKind::Name { is_required: false }, description }
    }

    /// A whole number in bounds. Without a default, every object must have it.
    pub const fn number(
        name: &'static str,
        bounds: RangeInclusive<i64>,
        default: Option<i64>,
        description: &'static str,
    ) -> Self {
        let (least, most) = (*bounds.start(), *bounds.end());
        Self { name, kind: PropertyKind::Number { least, most, default }, description }
    }

    /// The default, if it is a number that has one.
    pub(super) fn default_number(&self) -> Option<i64> {
        match self.kind {
            PropertyKind::Number { default, .. } => default,
            PropertyKind::Name { .. } => None,
        }
    }

    pub(super) fn is_required(&self) -> bool {
        match self.kind {
            PropertyKind::Name { is_required } => is_required,
            PropertyKind::Number { default, .. } => default.is_none(),
        }
    }

    /// Whether a text is a legal value.
    pub(super) fn allows(&self, text: &str) -> bool {
        match self.kind {
            // Tiled offers a name that may be missing as an empty text.
            PropertyKind::Name { is_required } => is_name(text) || !is_required && text.is_empty(),
            PropertyKind::Number { least, most, .. } => text.parse().is_ok_and(|n| (least..=most).contains(&n)),
        }
    }

    /// The property's type as Tiled names it.
    pub(super) fn tiled_type(&self) -> &'static str {
        match self.kind {
            PropertyKind::Name { .. } => "string",
            PropertyKind::Number { .. } => "int",
        }
    }

    /// What would be right, in words.
    pub(super) fn expected(&self) -> String {
        match self.kind {
            PropertyKind::Name { is_required: true } => name_rule(),
            PropertyKind::Name { is_required: false } => format!("nothing, or {}", name_rule()),
            PropertyKind::Number { least, most, .. } => format!("a whole number from {least} to {most}"),
        }
    }
}

impl ObjectClass {
    pub(super) fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties.iter().find(|property| property.name == name)
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
