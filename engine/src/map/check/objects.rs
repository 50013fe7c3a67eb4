//! Objects: their class, shape, name, position and properties.

use std::collections::BTreeMap;
use std::ops::Range;

use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use roxmltree::Node;

use super::header::Measures;
use super::xml::{Findings, children, layers, properties, tag_span, value_span};
use crate::data::one_of;
use crate::map::classes::{OBJECT_CLASSES, ObjectClass, Property, PropertyKind, Shape, is_name, name_rule};
use crate::map::world::Rect;

/// An object whose class and place are known.
pub(in crate::map) struct Object {
    pub(in crate::map) class: &'static ObjectClass,
    pub(in crate::map) name: String,
    /// A point is a rectangle without extent.
    pub(in crate::map) rect: Rect,
    pub(in crate::map) span: Range<usize>,
    /// The properties that are written in the file and valid, with the position of their value.
    pub(in crate::map) properties: BTreeMap<&'static str, (String, Range<usize>)>,
}

impl Object {
    /// A property's text and position.
    pub(in crate::map) fn property(&self, name: &str) -> Option<(&str, Range<usize>)> {
        self.properties.get(name).map(|(text, span)| (text.as_str(), span.clone()))
    }
}

/// Pixels as units of 1/1,024 tile, to the nearest.
///
/// Exact where it matters: 24 bits of a float hold every quarter unit of the largest map.
pub(in crate::map) fn units(pixels: f32, tile_pixels: u32) -> i32 {
    (f64::from(pixels) * f64::from(UNITS_PER_TILE) / f64::from(tile_pixels)).round() as i32
}

pub(super) fn check(map: Node<'_, '_>, measures: &Measures, findings: &mut Findings<'_>) -> Vec<Object> {
    let nodes = layers(map, "objectgroup").into_iter().flat_map(|group| children(group, "object"));
    let objects: Vec<_> = nodes.filter_map(|node| object(node, measures, findings)).collect();
    let mut first: BTreeMap<(&str, &str), &Object> = BTreeMap::new();
    for object in objects.iter().filter(|object| !object.name.is_empty()) {
        if let Some(earlier) = first.get(&(object.class.name, &object.name)) {
            let (line, _) = findings.source.position(earlier.span.start);
            let message = format!("there are two {}s named `{}`", object.class.noun, object.name);
            findings.push(object.span.clone(), message, format!("another name: line {line} has this one"));
        } else {
            first.insert((object.class.name, &object.name), object);
        }
    }
    objects
}

fn object(node: Node<'_, '_>, measures: &Measures, findings: &mut Findings<'_>) -> Option<Object> {
    if let Some(template) = node.attribute_node("template") {
        findings.push(template.range(), "the object is made from a template", "an object of its own: Detach");
        return None;
    }
    let class = class(node, findings)?;
    let name = name(node, class, findings);
    let properties = object_properties(node, class, findings);
    let rect = place(node, class, measures, findings)?;
    Some(Object { class, name, rect, span: tag_span(node), properties })
}

/// Tiled 1.9 writes the class as `class`, all others as `type`.
fn class(node: Node<'_, '_>, findings: &mut Findings<'_>) -> Option<&'static ObjectClass> {
    let attribute = if node.has_attribute("type") { "type" } else { "class" };
    let given = node.attribute(attribute).unwrap_or_default();
    let class = ObjectClass::named(given);
    if class.is_none() {
        let id = node.attribute("id").unwrap_or("?");
        let message = match given {
            "" => format!("object {id} has no class"),
            given => format!("object {id} has the unknown class `{given}`"),
        };
        findings.push(
            value_span(node, attribute),
            message,
            one_of(given, OBJECT_CLASSES.iter().map(|class| class.name)),
        );
    }
    class
}

fn name(node: Node<'_, '_>, class: &ObjectClass, findings: &mut Findings<'_>) -> String {
    let name = node.attribute("name").unwrap_or_default();
    if is_name(name) {
        return name.to_owned();
    }
    let message = match name {
        "" => format!("the {} has no name", class.noun),
        name => format!("\"{name}\" cannot be a name"),
    };
    findings.push(value_span(node, "name"), message, name_rule());
    String::new()
}

/// The object's shape and place, in units.
fn place(node: Node<'_, '_>, class: &ObjectClass, measures: &Measures, findings: &mut Findings<'_>) -> Option<Rect> {
    check_shape(node, class, findings)?;
    let (x, y) = (findings.pixels(node, "x")?, findings.pixels(node, "y")?);
    let (width, height) = (findings.pixels(node, "width")?, findings.pixels(node, "height")?);
    let tile = measures.tile_pixels?;
    let corner = |x: f32, y: f32| Position { x: units(x, tile), y: units(y, tile) };
    let rect = Rect { min: corner(x, y), max: corner(x + width, y + height) };
    let (columns, rows) = (measures.width?, measures.height?);
    let far = Position { x: columns as i32 * UNITS_PER_TILE, y: rows as i32 * UNITS_PER_TILE };
    // A point on the far edge lies in no tile.
    let edge = i32::from(class.shape == Shape::Point);
    for (axis, min, max, size) in [("x", rect.min.x, rect.max.x, far.x), ("y", rect.min.y, rect.max.y, far.y)] {
        if min < 0 || max < min || max > size - edge {
            let message = format!("the {} lies outside of the map", class.noun);
            let expected = format!("a place within {} × {} pixels", columns * tile, rows * tile);
            findings.push(value_span(node, axis), message, expected);
            return None;
        }
    }
    Some(rect)
}

fn check_shape(node: Node<'_, '_>, class: &ObjectClass, findings: &mut Findings<'_>) -> Option<()> {
    let size = |name: &str| node.attribute(name).is_some_and(|size| size.parse() != Ok(0.0_f32));
    let rotated = node.attribute("rotation").is_some_and(|turn| turn.parse() != Ok(0.0_f32));
    let other = node.children().find_map(|child| Some((other_shape(child)?, tag_span(child))));
    let (drawn, span) = if let Some(other) = other {
        other
    } else if node.has_attribute("gid") {
        ("a tile", value_span(node, "gid"))
    } else if rotated {
        ("a turned object", value_span(node, "rotation"))
    } else if children(node, "point").next().is_some() || !(size("width") || size("height")) {
        ("a point", tag_span(node))
    } else if size("width") && size("height") {
        ("a rectangle", value_span(node, "width"))
    } else {
        ("a line", tag_span(node))
    };
    let wanted = match class.shape {
        Shape::Point => "a point",
        Shape::Rectangle => "a rectangle",
    };
    if drawn == wanted {
        return Some(());
    }
    findings.push(span, format!("the {} is drawn as {drawn}", class.noun), wanted);
    None
}

/// The shape that a child element gives its object, if that is neither a point nor a rectangle.
fn other_shape(child: Node<'_, '_>) -> Option<&'static str> {
    match child.tag_name().name() {
        "ellipse" => Some("an ellipse"),
        "polygon" => Some("a polygon"),
        "polyline" => Some("a line"),
        "text" => Some("a text"),
        "capsule" => Some("a capsule"),
        _ => None,
    }
}

fn object_properties(
    node: Node<'_, '_>,
    class: &ObjectClass,
    findings: &mut Findings<'_>,
) -> BTreeMap<&'static str, (String, Range<usize>)> {
    let mut found = BTreeMap::new();
    for written in properties(node) {
        let name = written.attribute("name").unwrap_or_default();
        let Some(property) = class.properties.iter().find(|property| property.name == name) else {
            let legal = class.properties.iter().map(|property| property.name);
            let expected = if class.properties.is_empty() { "no property".to_owned() } else { one_of(name, legal) };
            let message = format!("a {} has no property `{name}`", class.noun);
            findings.push(value_span(written, "name"), message, expected);
            continue;
        };
        let value = check_property(written, property, findings).unwrap_or_default();
        found.insert(property.name, (value, value_span(written, "value")));
    }
    for property in class.properties.iter().filter(|property| property.is_required()) {
        if !found.contains_key(property.name) {
            let message = format!("the {} has no `{}`", class.noun, property.name);
            findings.push(tag_span(node), message, format!("`{}`: {}", property.name, property.expected()));
        }
    }
    found.retain(|_, (value, _)| !value.is_empty());
    found
}

fn check_property(written: Node<'_, '_>, property: &Property, findings: &mut Findings<'_>) -> Option<String> {
    let kind = written.attribute("type").unwrap_or("string");
    if kind != property.tiled_type() {
        let message = format!("`{}` is a property of type {kind}", property.name);
        findings.push(value_span(written, "type"), message, format!("type `{}`", property.tiled_type()));
        return None;
    }
    // A text of several lines is written between the tags.
    let value = written.attribute("value").or(written.text()).unwrap_or_default();
    let legal = match property.kind {
        PropertyKind::Name => is_name(value),
        PropertyKind::Number { least, most, .. } => value.parse().is_ok_and(|number| (least..=most).contains(&number)),
    };
    if !legal {
        let message = format!("`{}` is \"{value}\"", property.name);
        findings.push(value_span(written, "value"), message, property.expected());
    }
    legal.then(|| value.to_owned())
}
