//! Reads one map with all its faults, each with its line and column.

mod header;
mod layers;
mod objects;
mod size;
mod tile_ids;
mod tilesets;
mod xml;

use std::path::Path;

use realmgate_protocol::movement::CollisionGrid;

use super::MapObjects;
use super::drawn::DrawnObject;
use crate::data::{Faults, SourceText};

pub(super) use tilesets::Tilesets;

/// What was read of a map, as far as that could be done.
#[derive(Default)]
pub(super) struct Content {
    pub(super) grid: Option<CollisionGrid>,
    pub(super) objects: Option<Vec<DrawnObject>>,
}

/// Reads a map. The faults of tilesets stay with these.
pub(super) fn read(source: &SourceText, classes: &MapObjects, tilesets: &mut Tilesets) -> (Content, Faults) {
    let mut findings = xml::Findings::new(source);
    let content = match xml::parse(source) {
        Ok(document) => read_document(&document, source.file(), classes, tilesets, &mut findings),
        Err(fault) => {
            findings.faults.push(fault);
            None
        }
    };
    (content.unwrap_or_default(), findings.faults)
}

fn read_document(
    document: &roxmltree::Document<'_>,
    file: &Path,
    classes: &MapObjects,
    tilesets: &mut Tilesets,
    findings: &mut xml::Findings<'_>,
) -> Option<Content> {
    let map = document.root_element();
    let measures = header::check(map, findings)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let ids = tile_ids::read(map, folder, &measures, tilesets, findings);
    let grid = layers::read(map, &measures, &ids, findings);
    let objects = Some(objects::read(map, &measures, classes, findings));
    Some(Content { grid, objects })
}
