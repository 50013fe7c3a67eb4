//! The tilesets of a map, and what the numbers in its layers mean.

use std::path::Path;
use std::sync::Arc;

use roxmltree::Node;

use super::header::Measures;
use super::tilesets::{Tileset, Tilesets};
use super::xml::{Findings, children, tag_span, value_span};

/// Which tile each number stands for.
pub(super) struct TileIds {
    /// By first number, ascending.
    tilesets: Vec<(u32, Arc<Tileset>)>,
    /// Whether every tileset is known. If not, a number that means nothing may belong to one that is not.
    pub(super) complete: bool,
}

impl TileIds {
    /// Whether the tile with this number is solid; `None` if there is no such tile.
    pub(super) fn is_solid(&self, number: u32) -> Option<bool> {
        let (first, tileset) = self.tilesets.iter().rev().find(|(first, _)| *first <= number)?;
        let id = number - first;
        tileset.has(id).then(|| tileset.is_solid(id))
    }

    /// The numbers that are legal, in words.
    pub(super) fn legal(&self) -> String {
        let span = |(first, tileset): &(u32, Arc<Tileset>)| format!("{first} to {}", first + tileset.end().max(1) - 1);
        let spans: Vec<_> = self.tilesets.iter().map(span).collect();
        format!("0 for no tile, or {}", spans.join(", "))
    }
}

pub(super) fn read(
    map: Node<'_, '_>,
    folder: &Path,
    measures: &Measures,
    tilesets: &mut Tilesets,
    findings: &mut Findings<'_>,
) -> TileIds {
    let mut ids = TileIds { tilesets: Vec::new(), complete: true };
    for node in children(map, "tileset") {
        match tileset(node, folder, tilesets, findings) {
            Some((first, tileset)) => {
                check_fit(node, &tileset, measures, findings);
                let end = ids.tilesets.last().map_or(1, |(first, before)| first + before.end());
                if first < end {
                    let message = format!("`firstgid` is {first}, which an earlier tileset has");
                    findings.push(value_span(node, "firstgid"), message, format!("{end} or more"));
                }
                ids.tilesets.push((first, tileset));
            }
            None => ids.complete = false,
        }
    }
    if ids.tilesets.is_empty() && ids.complete {
        findings.push(tag_span(map), "the map has no tileset", "an external tileset (.tsx)");
        ids.complete = false;
    }
    ids
}

fn tileset(
    node: Node<'_, '_>,
    folder: &Path,
    tilesets: &mut Tilesets,
    findings: &mut Findings<'_>,
) -> Option<(u32, Arc<Tileset>)> {
    let first = findings.number(node, "firstgid", 1..=1 << 28);
    let Some(file) = node.attribute("source") else {
        findings.push(
            tag_span(node),
            "the tileset is embedded in the map",
            "an external one: Tilesets > Export As… .tsx",
        );
        return None;
    };
    match tilesets.get(&folder.join(file)) {
        Ok(tileset) => first.zip(tileset),
        Err(fault) => {
            let message = format!("the tileset {file}: {}", fault.message);
            findings.push(value_span(node, "source"), message, "a .tsx file, its path relative to the map");
            None
        }
    }
}

fn check_fit(node: Node<'_, '_>, tileset: &Tileset, measures: &Measures, findings: &mut Findings<'_>) {
    let (Some((width, height)), Some(side)) = (tileset.tile_pixels, measures.tile_pixels) else { return };
    if (width, height) != (side, side) {
        let message = format!("the tileset's tiles are {width} × {height} pixels");
        findings.push(value_span(node, "source"), message, format!("{side} × {side}, as the map's are"));
    }
}
