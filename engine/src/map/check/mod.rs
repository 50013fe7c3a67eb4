//! The positioned pass over one map: every fault, with its line and column.

mod header;
mod layers;
mod objects;
mod places;
mod size;
mod tile_ids;
mod tileset;
mod xml;

use std::path::Path;

use crate::data::{Faults, SourceText};

pub(super) use objects::{Object, units};
pub(super) use tileset::{SOLID, Shelf};

/// What the pass found on a map, as far as it could be read.
pub(super) struct Survey {
    pub(super) source: SourceText,
    /// `None` if the file could not be read that far.
    pub(super) objects: Option<Vec<Object>>,
}

/// Checks a map. Tilesets come from the shelf, which keeps their own faults.
pub(super) fn check(source: SourceText, shelf: &mut Shelf) -> (Survey, Faults) {
    let mut findings = xml::Findings::new(&source);
    let objects = match xml::parse(&source) {
        Ok(document) => check_document(&document, source.file(), shelf, &mut findings),
        Err(fault) => {
            findings.faults.push(fault);
            None
        }
    };
    let faults = findings.faults;
    (Survey { source, objects }, faults)
}

fn check_document(
    document: &roxmltree::Document<'_>,
    file: &Path,
    shelf: &mut Shelf,
    findings: &mut xml::Findings<'_>,
) -> Option<Vec<Object>> {
    let map = document.root_element();
    let measures = header::check(map, findings)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let ids = tile_ids::check(map, folder, &measures, shelf, findings);
    let grid = layers::check(map, &measures, &ids, findings);
    let objects = objects::check(map, &measures, findings);
    if let Some(grid) = grid {
        places::check(map, &grid, &objects, findings);
    }
    Some(objects)
}
