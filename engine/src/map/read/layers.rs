//! Tile layers: their size, and every number in them.

use std::ops::Range;

use realmgate_protocol::movement::CollisionGrid;
use roxmltree::Node;

use super::header::Measures;
use super::tile_ids::TileIds;
use super::xml::{Findings, children, layers, tag_span, value_span};

/// The bits of a number that say how the tile is turned.
const TURNED: u32 = 0xe000_0000;
/// Most faults of single tiles that are shown for one layer: a wrong tileset makes every tile wrong.
const MOST_TILE_FAULTS: usize = 10;

/// Reads all tile layers: a place is solid if it is in any of them. `None` if it is not known which tile lies where.
pub(super) fn read(
    map: Node<'_, '_>,
    measures: &Measures,
    ids: &TileIds,
    findings: &mut Findings<'_>,
) -> Option<CollisionGrid> {
    let mut grid = CollisionGrid::open(measures.width?, measures.height?)?;
    let tile_layers = layers(map, "layer");
    if tile_layers.is_empty() {
        findings.push(tag_span(map), "the map has no tile layer", "at least one");
    }
    let mut whole = true;
    for layer in tile_layers {
        whole &= read_layer(layer, ids, &mut grid, findings);
    }
    whole.then_some(grid)
}

/// Reads a layer. Returns whether it has as many tiles as the map.
fn read_layer(layer: Node<'_, '_>, ids: &TileIds, grid: &mut CollisionGrid, findings: &mut Findings<'_>) -> bool {
    for (side, size) in [("width", grid.width()), ("height", grid.height())] {
        if findings.number(layer, side, 1..=u32::MAX).is_some_and(|given| given != size) {
            let message = format!("the layer's {side} is {}", layer.attribute(side).unwrap_or_default());
            findings.push(value_span(layer, side), message, format!("{size}, as the map's is"));
            return false;
        }
    }
    let Some(data) = children(layer, "data").next() else {
        findings.push(tag_span(layer), "the layer has no <data>", "the layer's tiles as CSV");
        return false;
    };
    if data.attribute("encoding") != Some("csv") {
        let given = data.attribute("encoding").unwrap_or("XML");
        let expected = "CSV: Map > Map Properties > Tile Layer Format";
        findings.push(value_span(data, "encoding"), format!("the layer is written as {given}"), expected);
        return false;
    }
    read_cells(data, ids, grid, findings)
}

fn read_cells(data: Node<'_, '_>, ids: &TileIds, grid: &mut CollisionGrid, findings: &mut Findings<'_>) -> bool {
    let text = data.children().find(|child| child.is_text()).map_or(0..0, |text| text.range());
    let (width, area) = (grid.width() as usize, grid.width() as usize * grid.height() as usize);
    let mut wrong = 0;
    let mut count = 0;
    for cell in cells(findings.source.text(), text.clone()) {
        match solid(&findings.source.text()[cell.clone()], ids) {
            Ok(true) if count < area => grid.set_solid((count % width) as u32, (count / width) as u32, true),
            Ok(_) => {}
            Err(message) => {
                wrong += 1;
                if wrong <= MOST_TILE_FAULTS {
                    findings.push(cell, message, ids.legal());
                }
            }
        }
        count += 1;
    }
    if wrong > MOST_TILE_FAULTS {
        let more = wrong - MOST_TILE_FAULTS;
        findings.push(tag_span(data), format!("{more} more tiles of the layer are wrong"), "");
    }
    if count != area {
        let rows = format!("{} rows of {width} tiles", grid.height());
        let (span, message) = odd_row(findings.source.text(), text, width)
            .unwrap_or_else(|| (tag_span(data), format!("the layer has {count} tiles")));
        findings.push(span, message, rows);
    }
    count == area
}

/// Whether the tile that a cell stands for is solid, or what is wrong with the cell.
fn solid(cell: &str, ids: &TileIds) -> Result<bool, String> {
    let number: u32 = match cell.parse() {
        Ok(number) => number,
        Err(_) if cell.is_empty() => return Err("a tile is missing between two commas".to_owned()),
        Err(_) => return Err(format!("\"{cell}\" is no tile number")),
    };
    match number & !TURNED {
        0 => Ok(false),
        number => match ids.is_solid(number) {
            Some(solid) => Ok(solid),
            None if ids.complete => Err(format!("there is no tile {number}")),
            None => Ok(false),
        },
    }
}

/// The cells between the commas, without the white space around them.
fn cells(text: &str, within: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut start = within.start;
    text[within].split(',').map(move |cell| {
        let from = start + (cell.len() - cell.trim_start().len());
        start += cell.len() + 1;
        from..from + cell.trim().len()
    })
}

/// The first line that is not exactly one row of tiles, as Tiled writes them.
fn odd_row(text: &str, within: Range<usize>, width: usize) -> Option<(Range<usize>, String)> {
    let mut start = within.start;
    for line in text[within].split('\n') {
        let row = line.trim();
        let tiles = row.trim_end_matches(',').split(',').count();
        let from = start + (line.len() - line.trim_start().len());
        if !row.is_empty() && tiles != width {
            return Some((from..from + row.len(), format!("the row has {tiles} tiles")));
        }
        start += line.len() + 1;
    }
    None
}
