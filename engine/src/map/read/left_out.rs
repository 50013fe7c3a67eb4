//! Warns about everything in a map or tileset that is not drawn, by the list of features.

use std::collections::BTreeMap;
use std::ops::Range;

use roxmltree::Node;

use super::xml::{Findings, tag_span};
use crate::map::features::{Fate, Feature, UNKNOWN, feature_of};

/// Most places that are shown of one feature in a file.
const MOST_PLACES: usize = 10;

/// Warns about what is in a document and not drawn.
pub(super) fn warn(root: Node<'_, '_>, findings: &mut Findings<'_>) {
    let mut left_out = LeftOut::default();
    left_out.look_at("", root);
    for (what, (feature, places)) in left_out.found {
        for place in places.iter().take(MOST_PLACES) {
            findings.warn(place.clone(), &what, feature);
        }
        if let Some(last) = places.get(MOST_PLACES) {
            let more = places.len() - MOST_PLACES;
            findings.warn(last.clone(), &format!("{what}, here and in {} more places", more - 1), feature);
        }
    }
}

/// What is left out, by what it is called, and where.
#[derive(Default)]
struct LeftOut {
    found: BTreeMap<String, (&'static Feature, Vec<Range<usize>>)>,
}

impl LeftOut {
    /// Looks at an element and, if it is drawn, at all in it. Files are within the limits of depth.
    fn look_at(&mut self, parent: &str, node: Node<'_, '_>) {
        let name = node.tag_name().name();
        match feature_of(parent, name, "") {
            None => return self.add(format!("<{name}>"), &UNKNOWN, tag_span(node)),
            Some(feature) if feature.fate == Fate::Warned => {
                return self.add(feature.name.to_owned(), feature, tag_span(node));
            }
            Some(_) => {}
        }
        if is_closed(name) {
            return;
        }
        for attribute in node.attributes() {
            match feature_of(parent, name, attribute.name()) {
                None => self.add(format!("`{}` of <{name}>", attribute.name()), &UNKNOWN, attribute.range()),
                Some(feature) if feature.fate == Fate::Warned && !feature.is_plain(attribute.value()) => {
                    self.add(feature.name.to_owned(), feature, attribute.range());
                }
                Some(_) => {}
            }
        }
        let below = if ["map", "group"].contains(&name) { "" } else { name };
        // Properties are read elsewhere, or are the designers' own.
        for child in node.children().filter(|child| child.is_element() && !child.has_tag_name("properties")) {
            self.look_at(below, child);
        }
    }

    fn add(&mut self, what: String, feature: &'static Feature, at: Range<usize>) {
        self.found.entry(what).or_insert_with(|| (feature, Vec::new())).1.push(at);
    }
}

/// Whether nothing in an element could be drawn, whatever it says.
fn is_closed(name: &str) -> bool {
    ["editorsettings", "grid", "terraintypes", "wangsets", "transformations"].contains(&name)
}
