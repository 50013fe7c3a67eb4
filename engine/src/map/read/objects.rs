//! Objects: their class, shape, name, position and properties.

use std::collections::BTreeMap;

use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use roxmltree::Node;

use super::header::Measures;
use super::xml::{Findings, children, layers, properties, tag_span, value_span};
use crate::data::one_of;
use crate::map::class::{ObjectClass, Property, Shape, is_name, name_rule};
use crate::map::drawn::{DrawnObject, Written};
use crate::map::{MapObjects, Rect};

/// Pixels as units of 1/1,024 tile, to the nearest.
fn units(pixels: f64, tile_pixels: u32) -> i32 {
    (pixels * f64::from(UNITS_PER_TILE) / f64::from(tile_pixels)).round() as i32
}

/// Reads all objects whose class and place are known. Objects with a fault of their own count as present.
pub(super) fn read(
    map: Node<'_, '_>,
    measures: &Measures,
    classes: &MapObjects,
    findings: &mut Findings<'_>,
) -> Vec<DrawnObject> {
    let nodes: Vec<_> = layers(map, "objectgroup").into_iter().flat_map(|group| children(group, "object")).collect();
    let objects: Vec<_> = nodes.iter().filter_map(|node| object(*node, measures, classes, findings)).collect();
    check_names(&objects, findings);
    for class in classes.classes().filter(|class| class.is_required) {
        if !nodes.iter().any(|node| class_name(*node).1 == class.name) {
            let expected = format!("an object of class `{}`", class.name);
            findings.push(tag_span(map), format!("the map has no {}", class.noun), expected);
        }
    }
    objects
}

/// Finds objects with the name of another of their class.
fn check_names(objects: &[DrawnObject], findings: &mut Findings<'_>) {
    let mut first: BTreeMap<(&str, &str), &DrawnObject> = BTreeMap::new();
    for object in objects.iter().filter(|object| !object.name.is_empty()) {
        if let Some(earlier) = first.get(&(object.class.name, &object.name)) {
            let (line, _) = findings.source.position(earlier.span.start);
            let message = format!("there are two {}s named `{}`", object.class.noun, object.name);
            findings.push(object.span.clone(), message, format!("another name, since line {line} has this one"));
        } else {
            first.insert((object.class.name, &object.name), object);
        }
    }
}

fn object(
    node: Node<'_, '_>,
    measures: &Measures,
    classes: &MapObjects,
    findings: &mut Findings<'_>,
) -> Option<DrawnObject> {
    if let Some(template) = node.attribute_node("template") {
        findings.push(template.range(), "the object is made from a template", "an object without a template: Detach");
        return None;
    }
    let class = class(node, classes, findings)?;
    let name = name(node, class, findings);
    let properties = object_properties(node, class, findings);
    let rect = extent(node, class, measures, findings)?;
    Some(DrawnObject { class, name, rect, span: tag_span(node), properties })
}

/// The attribute that holds the class, and the class. Tiled 1.9 writes it as `class`, all others as `type`.
fn class_name<'a>(node: Node<'a, '_>) -> (&'static str, &'a str) {
    let attribute = if node.has_attribute("type") { "type" } else { "class" };
    (attribute, node.attribute(attribute).unwrap_or_default())
}

fn class(node: Node<'_, '_>, classes: &MapObjects, findings: &mut Findings<'_>) -> Option<&'static ObjectClass> {
    let (attribute, given) = class_name(node);
    let class = classes.class(given);
    if class.is_none() {
        let id = node.attribute("id").unwrap_or("?");
        let message = match given {
            "" => format!("object {id} has no class"),
            given => format!("object {id} has the unknown class `{given}`"),
        };
        let expected = one_of(given, classes.classes().map(|class| class.name));
        findings.push(value_span(node, attribute), message, expected);
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
        name => format!("\"{name}\" is not a valid name"),
    };
    findings.push(value_span(node, "name"), message, name_rule());
    String::new()
}

/// The object's place and size, in units.
fn extent(node: Node<'_, '_>, class: &ObjectClass, measures: &Measures, findings: &mut Findings<'_>) -> Option<Rect> {
    check_shape(node, class, findings)?;
    let (x, y) = (findings.pixels(node, "x")?, findings.pixels(node, "y")?);
    let (width, height) = (findings.pixels(node, "width")?, findings.pixels(node, "height")?);
    let tile = measures.tile_pixels?;
    // An infinite map begins with its first chunk.
    let origin = |first: i64| first as f64 * f64::from(tile);
    let (west, north) = (origin(measures.origin.0), origin(measures.origin.1));
    let corner = |x: f64, y: f64| Position { x: units(x - west, tile), y: units(y - north, tile) };
    let rect = Rect { min: corner(x, y), max: corner(x + width, y + height) };
    let (columns, rows) = (measures.width?, measures.height?);
    let far = Position { x: columns as i32 * UNITS_PER_TILE, y: rows as i32 * UNITS_PER_TILE };
    // A point on the far edge lies in no tile.
    let edge = i32::from(class.shape == Shape::Point);
    for (axis, min, max, size) in [("x", rect.min.x, rect.max.x, far.x), ("y", rect.min.y, rect.max.y, far.y)] {
        if min < 0 || max < min || max > size - edge {
            let message = format!("the {} is outside the map", class.noun);
            let from = if measures.is_infinite { format!(" from {west}, {north}") } else { String::new() };
            let expected = format!("a place within {} × {} pixels{from}", columns * tile, rows * tile);
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
        ("a rotated object", value_span(node, "rotation"))
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
        "text" => Some("text"),
        "capsule" => Some("a capsule"),
        _ => None,
    }
}

fn object_properties(
    node: Node<'_, '_>,
    class: &ObjectClass,
    findings: &mut Findings<'_>,
) -> BTreeMap<&'static str, Written> {
    let mut found = BTreeMap::new();
    for written in properties(node) {
        let name = written.attribute("name").unwrap_or_default();
        let Some(property) = class.property(name) else {
            let legal = class.properties.iter().map(|property| property.name);
            let expected = if class.properties.is_empty() { "no property".to_owned() } else { one_of(name, legal) };
            let message = format!("a {} has no property `{name}`", class.noun);
            findings.push(value_span(written, "name"), message, expected);
            continue;
        };
        let text = check_property(written, property, findings).unwrap_or_default();
        found.insert(property.name, Written { text, span: value_span(written, "value") });
    }
    for property in class.properties.iter().filter(|property| property.is_required()) {
        if !found.contains_key(property.name) {
            let message = format!("the {} has no `{}`", class.noun, property.name);
            findings.push(tag_span(node), message, format!("`{}`: {}", property.name, property.expected()));
        }
    }
    found.retain(|_, written| !written.text.is_empty());
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
    let legal = property.allows(value);
    if !legal {
        let message = format!("`{}` is \"{value}\"", property.name);
        findings.push(value_span(written, "value"), message, property.expected());
    }
    legal.then(|| value.to_owned())
}
