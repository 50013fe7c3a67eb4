//! Tilesets: which tiles there are, and which are solid.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use roxmltree::Node;

use super::header::MAX_TILE_PIXELS;
use super::xml::{self, Findings, children, properties, tag_span, value_span};
use super::{left_out, shown_files};
use crate::data::{Fault, Faults, SourceText, nearest};
use crate::map::features::UNSEEN_FILE;

/// The tile property that says that a tile stops movement and sight.
const SOLID: &str = "solid";
/// The tile property that names the picture of a thing that stands there, in the place of the tile.
const TALL: &str = "tall";
/// The tile property that keeps a tall tile's own picture below it.
const FOOT: &str = "foot";

/// Most tiles in a tileset.
const MAX_TILES: u32 = 1 << 20;
/// Most pixels on a side of an image in a collection.
const MAX_IMAGE_PIXELS: u32 = 4_096;

/// A tileset, of a file of its own or within a map.
#[derive(Debug)]
pub(super) struct Tileset {
    tiles: Tiles,
    solid: BTreeSet<u32>,
    /// Those that a tall thing stands in the place of.
    tall: BTreeSet<u32>,
}

/// What a map must know of a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile {
    pub(super) is_solid: bool,
    /// Whether the tile itself is not drawn, but a tall thing above what lies below it.
    pub(super) is_tall: bool,
}

#[derive(Debug)]
enum Tiles {
    /// Cut from one image: ids from 0.
    Sheet { count: u32 },
    /// An image each: any ids.
    Collection(BTreeSet<u32>),
}

impl Tileset {
    /// A tile by its id; `None` if there is none.
    pub(super) fn tile(&self, id: u32) -> Option<Tile> {
        let is_there = match &self.tiles {
            Tiles::Sheet { count } => id < *count,
            Tiles::Collection(ids) => ids.contains(&id),
        };
        is_there.then(|| Tile { is_solid: self.solid.contains(&id), is_tall: self.tall.contains(&id) })
    }

    /// The first id beyond all of its tiles.
    pub(super) fn end(&self) -> u32 {
        match &self.tiles {
            Tiles::Sheet { count } => *count,
            Tiles::Collection(ids) => ids.last().map_or(0, |id| id + 1),
        }
    }
}

/// Every tileset file that any map names, read once.
#[derive(Debug, Default)]
pub(in crate::map) struct Tilesets {
    read: BTreeMap<PathBuf, Option<Arc<Tileset>>>,
    /// What is wrong in the tileset files.
    pub(in crate::map) faults: Faults,
    /// What players will not see of them.
    pub(in crate::map) warnings: Faults,
}

impl Tilesets {
    /// The tileset in a file, which is named from the folder of the maps; `None` if it has faults, `Err` if it cannot
    /// be read at all.
    pub(super) fn get(&mut self, maps: &Path, name: &str) -> Result<Option<Arc<Tileset>>, Fault> {
        let file = maps.join(name);
        if let Some(known) = self.read.get(&file) {
            return Ok(known.clone());
        }
        let source = SourceText::read(&file)?;
        let mut findings = Findings::new(&source);
        let tileset = match xml::parse(&source) {
            Ok(document) => {
                let root = document.root_element();
                left_out::warn(root, &mut findings);
                read(root, maps, Path::new(name), &mut findings)
            }
            Err(fault) => {
                findings.faults.push(fault);
                None
            }
        };
        let tileset = tileset.map(Arc::new);
        self.faults.extend(findings.faults);
        self.warnings.extend(findings.warnings);
        self.read.insert(file, tileset.clone());
        Ok(tileset)
    }
}

/// Reads a tileset, of a file of its own or within a map; `None` if it has faults. Its pictures are named from the
/// folder of `file`, which is relative to that of the maps.
pub(super) fn read(root: Node<'_, '_>, maps: &Path, file: &Path, findings: &mut Findings<'_>) -> Option<Tileset> {
    let before = findings.faults.len();
    check_pictures(root, maps, file, findings);
    read_tiles(root, findings).filter(|_| findings.faults.len() == before)
}

fn read_tiles(root: Node<'_, '_>, findings: &mut Findings<'_>) -> Option<Tileset> {
    if !root.has_tag_name("tileset") {
        findings.push(tag_span(root), format!("the file is a <{}>", root.tag_name().name()), "a <tileset>");
        return None;
    }
    for text in ["name", "columns"] {
        if root.attribute(text).is_none() {
            findings.push(tag_span(root), format!("<tileset> has no `{text}`"), "a tileset saved by Tiled");
        }
    }
    let width = findings.number(root, "tilewidth", 1..=MAX_IMAGE_PIXELS)?;
    let height = findings.number(root, "tileheight", 1..=MAX_IMAGE_PIXELS)?;
    let count: u32 = findings.number(root, "tilecount", 0..=MAX_TILES)?;
    let is_sheet = children(root, "image").next().is_some();
    let last = if is_sheet { count.saturating_sub(1) } else { MAX_TILES };
    let mut ids = BTreeSet::new();
    let (mut solid, mut tall) = (BTreeSet::new(), BTreeSet::new());
    for tile in children(root, "tile") {
        let Some(id) = findings.number(tile, "id", 0..=last) else { continue };
        ids.insert(id);
        if properties(tile).any(|property| is_solid(property, findings)) {
            solid.insert(id);
        }
        if is_tall(tile) {
            tall.insert(id);
        }
    }
    if is_sheet && (width > MAX_TILE_PIXELS || height > MAX_TILE_PIXELS) {
        let message = format!("tiles are {width} × {height} pixels");
        findings.push(value_span(root, "tilewidth"), message, format!("at most {MAX_TILE_PIXELS} × {MAX_TILE_PIXELS}"));
    }
    let tiles = if is_sheet { Tiles::Sheet { count } } else { Tiles::Collection(ids) };
    Some(Tileset { tiles, solid, tall })
}

/// Warns about the pictures that clients do not get.
fn check_pictures(root: Node<'_, '_>, maps: &Path, tileset: &Path, findings: &mut Findings<'_>) {
    let folder = tileset.parent().unwrap_or(Path::new(""));
    let of_tiles = children(root, "tile").flat_map(|tile| children(tile, "image"));
    for image in children(root, "image").chain(of_tiles) {
        // Without a source it is within the file.
        let Some(source) = image.attribute("source") else { continue };
        if let Some(why) = shown_files::unseen(maps, folder, source, "png") {
            findings.warn(value_span(image, "source"), &why, &UNSEEN_FILE);
        }
    }
}

/// Whether a tall thing stands in the place of a tile.
fn is_tall(tile: Node<'_, '_>) -> bool {
    let has = |name: &str, value: Option<&str>| {
        properties(tile).any(|property| {
            property.attribute("name") == Some(name)
                && value.is_none_or(|value| property.attribute("value") == Some(value))
        })
    };
    has(TALL, None) && !has(FOOT, Some("true"))
}

/// Whether a tile's property makes it solid. Other properties are the designers' own, unless they look like a typo.
fn is_solid(property: Node<'_, '_>, findings: &mut Findings<'_>) -> bool {
    let name = property.attribute("name").unwrap_or_default();
    if name != SOLID {
        if nearest(name, [SOLID]).is_some() {
            let message = format!("unknown tile property `{name}`");
            findings.push(value_span(property, "name"), message, "`solid`, if you mean that property");
        }
        return false;
    }
    let kind = property.attribute("type").unwrap_or("string");
    if kind != "bool" {
        findings.push(value_span(property, "type"), format!("`solid` is a property of type {kind}"), "type `bool`");
        return false;
    }
    match property.attribute("value") {
        Some("true") => true,
        Some("false") => false,
        other => {
            let message = format!("`solid` is \"{}\"", other.unwrap_or_default());
            findings.push(value_span(property, "value"), message, "`true` or `false`");
            false
        }
    }
}
