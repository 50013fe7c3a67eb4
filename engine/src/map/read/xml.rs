//! A Tiled file as an XML tree in which everything has a position.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use roxmltree::{Document, Node};

use super::size;
use crate::data::{Fault, Faults, SourceText};
use crate::map::features::Feature;

/// Parses a file that is within the size limits. The parser stops at the first syntax error.
pub(super) fn parse(source: &SourceText) -> Result<Document<'_>, Fault> {
    size::check(source)?;
    Document::parse(source.text()).map_err(|error| {
        let at = source.byte_at(error.pos().row, error.pos().col);
        let described = error.to_string();
        // The description ends in the position, which the fault has of its own.
        let message = described.rsplit_once(" at ").map_or(described.as_str(), |(message, _)| message);
        source.fault(at..at, format!("invalid XML: {message}"), "a file saved by Tiled")
    })
}

/// The faults and warnings of one file as they are found.
pub(super) struct Findings<'s> {
    pub(super) source: &'s SourceText,
    pub(super) faults: Faults,
    pub(super) warnings: Faults,
}

impl<'s> Findings<'s> {
    pub(super) fn new(source: &'s SourceText) -> Self {
        Self { source, faults: Faults::new(), warnings: Faults::new() }
    }

    pub(super) fn push(&mut self, span: Range<usize>, message: impl Into<String>, expected: impl Into<String>) {
        self.faults.push(self.source.fault(span, message, expected));
    }

    /// Warns that something is left out: what, and what its feature says of that.
    pub(super) fn warn(&mut self, span: Range<usize>, what: &str, feature: &Feature) {
        let message = format!("warning: {what}: {}", feature.note);
        self.warnings.push(self.source.fault(span, message, ""));
    }

    /// An attribute that must be a number in bounds.
    pub(super) fn number<T>(&mut self, node: Node<'_, '_>, name: &str, bounds: RangeInclusive<T>) -> Option<T>
    where
        T: FromStr + PartialOrd + Display,
    {
        let expected = || format!("`{name}`: a whole number from {} to {}", bounds.start(), bounds.end());
        let Some(attribute) = node.attribute_node(name) else {
            self.push(tag_span(node), format!("<{}> has no `{name}`", node.tag_name().name()), expected());
            return None;
        };
        let number = attribute.value().parse().ok().filter(|number| bounds.contains(number));
        if number.is_none() {
            self.push(attribute.range_value(), format!("`{name}` is \"{}\"", attribute.value()), expected());
        }
        number
    }

    /// An attribute in pixels: a finite number, 0 where there is none, as Tiled has it.
    pub(super) fn pixels(&mut self, node: Node<'_, '_>, name: &str) -> Option<f64> {
        let Some(attribute) = node.attribute_node(name) else { return Some(0.0) };
        let number = attribute.value().parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            let message = format!("`{name}` is \"{}\"", attribute.value());
            self.push(attribute.range_value(), message, "a number of pixels");
        }
        number
    }
}

/// `<name` of an element: what an editor should mark when the element as a whole is meant.
pub(super) fn tag_span(node: Node<'_, '_>) -> Range<usize> {
    let start = node.range().start;
    start..start + 1 + node.tag_name().name().len()
}

/// The value of an attribute, or the element where there is none.
pub(super) fn value_span(node: Node<'_, '_>, name: &str) -> Range<usize> {
    node.attribute_node(name).map_or_else(|| tag_span(node), |attribute| attribute.range_value())
}

/// The child elements of one name.
pub(super) fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

/// The `<property>` elements of an element.
pub(super) fn properties<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    children(node, "properties").flat_map(|list| children(list, "property"))
}

/// The layers of one kind, those in groups included, in the order of the file.
pub(super) fn layers<'a, 'i>(map: Node<'a, 'i>, name: &'static str) -> Vec<Node<'a, 'i>> {
    let mut found = Vec::new();
    for child in map.children() {
        if child.has_tag_name(name) {
            found.push(child);
        } else if child.has_tag_name("group") {
            found.extend(layers(child, name));
        }
    }
    found
}
