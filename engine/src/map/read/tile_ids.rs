//! The tilesets of a map, and what the numbers in its layers mean.

use std::path::Path;
use std::sync::Arc;

use roxmltree::Node;

use super::shown_files;
use super::tilesets::{self as reader, Tile, Tileset, Tilesets};
use super::xml::{Findings, children, tag_span, value_span};
use crate::map::features::UNSEEN_FILE;

/// Highest number with which a tileset may begin: above it are the bits that say how a tile is turned.
const MAX_FIRST: u32 = (1 << 28) - 1;

/// Which tile each number stands for.
pub(super) struct TileIds {
    /// By first number, ascending. A number is a tile of the last of them that does not begin above it: a tileset that
    /// has grown since the map was saved ends where the next one begins.
    tilesets: Vec<(u32, Arc<Tileset>)>,
    /// Whether every tileset is known. If not, a number that means nothing may belong to one that is not.
    pub(super) complete: bool,
}

impl TileIds {
    /// The tile with this number; `None` if there is no such tile.
    pub(super) fn tile(&self, number: u32) -> Option<Tile> {
        let (first, tileset) = self.tilesets.iter().rev().find(|(first, _)| *first <= number)?;
        tileset.tile(number - first)
    }

    /// Adds the next tileset of the file. Only after one without tiles it may begin with the same number.
    fn add(&mut self, node: Node<'_, '_>, first: u32, tileset: Arc<Tileset>, findings: &mut Findings<'_>) {
        if let Some((before, earlier)) = self.tilesets.last()
            && first < before + earlier.end().min(1)
        {
            let message = format!("`firstgid` is {first}, but the previous tileset begins with {before}");
            findings.push(value_span(node, "firstgid"), message, "a map saved by Tiled: open it in Tiled and save it");
            self.complete = false;
            return;
        }
        self.tilesets.push((first, tileset));
    }

    /// The numbers that are legal, in words.
    pub(super) fn legal(&self) -> String {
        let next = self.tilesets.iter().skip(1).map(|(first, _)| *first).chain([u32::MAX]);
        let span = |((first, tileset), next): (&(u32, Arc<Tileset>), u32)| {
            let end = (first + tileset.end().max(1)).min(next);
            format!("{first} to {}", end - 1)
        };
        let spans: Vec<_> = self.tilesets.iter().zip(next).map(span).collect();
        format!("0 for no tile, or {}", spans.join(", "))
    }
}

pub(super) fn read(map: Node<'_, '_>, folder: &Path, tilesets: &mut Tilesets, findings: &mut Findings<'_>) -> TileIds {
    let mut ids = TileIds { tilesets: Vec::new(), complete: true };
    for node in children(map, "tileset") {
        match tileset(node, folder, tilesets, findings) {
            Some((first, tileset)) => {
                ids.add(node, first, tileset, findings);
            }
            None => ids.complete = false,
        }
    }
    if ids.tilesets.is_empty() && ids.complete {
        findings.push(tag_span(map), "the map has no tileset", "at least one tileset");
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
    let first = findings.number(node, "firstgid", 1..=MAX_FIRST);
    let Some(file) = node.attribute("source") else {
        let embedded = reader::read(node, folder, Path::new(""), findings);
        return first.zip(embedded.map(Arc::new));
    };
    if let Some(why) = shown_files::unseen(folder, Path::new(""), file, "tsx") {
        findings.warn(value_span(node, "source"), &why, &UNSEEN_FILE);
    }
    match tilesets.get(folder, file) {
        Ok(tileset) => first.zip(tileset),
        Err(fault) => {
            let message = format!("the tileset {file}: {}", fault.message);
            findings.push(value_span(node, "source"), message, "a .tsx file, its path relative to the map");
            None
        }
    }
}
