//! Reads one map with all its faults, each with its line and column.

mod chunks;
mod header;
mod layers;
mod left_out;
mod objects;
mod packed;
mod pieces;
mod shown_files;
mod size;
mod tile_ids;
mod tilesets;
mod xml;

use std::path::Path;

use realmgate_protocol::movement::CollisionGrid;

use super::drawn::DrawnObject;
use super::{MapObjects, features};
use crate::data::{Faults, SourceText};

pub(super) use tilesets::Tilesets;

/// What was read of a map, as far as that could be done.
#[derive(Default)]
pub(super) struct Content {
    pub(super) grid: Option<CollisionGrid>,
    pub(super) objects: Option<Vec<DrawnObject>>,
}

/// What was found in a file.
#[derive(Default)]
pub(super) struct Found {
    /// What is wrong.
    pub(super) faults: Faults,
    /// What players will not see.
    pub(super) warnings: Faults,
}

/// Reads a map. What is found in tilesets stays with these.
pub(super) fn read(source: &SourceText, classes: &MapObjects, tilesets: &mut Tilesets) -> (Content, Found) {
    let mut findings = xml::Findings::new(source);
    let content = match xml::parse(source) {
        Ok(document) => read_document(&document, source.file(), classes, tilesets, &mut findings),
        Err(fault) => {
            findings.faults.push(fault);
            None
        }
    };
    (content.unwrap_or_default(), Found { faults: findings.faults, warnings: findings.warnings })
}

fn read_document(
    document: &roxmltree::Document<'_>,
    file: &Path,
    classes: &MapObjects,
    tilesets: &mut Tilesets,
    findings: &mut xml::Findings<'_>,
) -> Option<Content> {
    let map = document.root_element();
    let mut measures = header::check(map, findings)?;
    if shown_files::is_too_long(findings.source.text().len()) {
        findings.warn(xml::tag_span(map), "the map is larger than 4 MiB", &features::UNSEEN_FILE);
    }
    left_out::warn(map, findings);
    let folder = file.parent().unwrap_or(Path::new(""));
    let ids = tile_ids::read(map, folder, tilesets, findings);
    let grid = layers::read(map, &mut measures, &ids, findings);
    let objects = objects::read(map, &measures, classes, findings);
    // Without the map's measures it is not known where the objects are.
    let objects = (measures.width.is_some() && measures.height.is_some()).then_some(objects);
    Some(Content { grid, objects })
}
