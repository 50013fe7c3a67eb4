//! Tile layers: their size, every number in them, and what is drawn there.

use std::ops::Range;

use realmgate_protocol::movement::CollisionGrid;
use roxmltree::Node;

use super::header::Measures;
use super::tile_ids::TileIds;
use super::tilesets::Tile;
use super::xml::{Findings, children, layers, tag_span, value_span};
use crate::map::features::NO_GROUND;

/// The bits of a number that say how the tile is turned.
const TURNED: u32 = 0xe000_0000;
/// The bit of a tile that is turned as only hexagonal maps have it.
const TURNED_HEXAGONALLY: u32 = 0x1000_0000;
/// Most faults of single tiles that are shown for one layer: a wrong tileset makes every tile wrong.
const MOST_TILE_FAULTS: usize = 10;

/// What is known of all places of a map, row by row.
struct Places {
    grid: CollisionGrid,
    ground: Vec<Ground>,
}

/// What is drawn at a place.
#[derive(Clone, Copy)]
enum Ground {
    Nothing,
    /// A tall thing without anything below it: where the file has its tile. No file is longer than this can say.
    Tall(u32),
    Tile,
}

impl Places {
    fn put(&mut self, place: usize, tile: Tile, is_visible: bool, at: usize) {
        let width = self.grid.width() as usize;
        if tile.is_solid {
            self.grid.set_solid((place % width) as u32, (place / width) as u32, true);
        }
        let ground = &mut self.ground[place];
        match *ground {
            _ if !is_visible => {}
            Ground::Nothing if tile.is_tall => *ground = Ground::Tall(at as u32),
            _ if !tile.is_tall => *ground = Ground::Tile,
            _ => {}
        }
    }

    /// Warns about tall things below which nothing is drawn.
    fn check_ground(&self, findings: &mut Findings<'_>) {
        let tall = self.ground.iter().filter_map(|ground| match ground {
            Ground::Tall(at) => Some(*at as usize),
            Ground::Nothing | Ground::Tile => None,
        });
        for at in tall.clone().take(MOST_TILE_FAULTS) {
            findings.warn(at..at + 1, NO_GROUND.name, &NO_GROUND);
        }
        if let Some(at) = tall.clone().nth(MOST_TILE_FAULTS) {
            let more = tall.count() - MOST_TILE_FAULTS;
            findings.warn(at..at + 1, &format!("{}, {more} more", NO_GROUND.name), &NO_GROUND);
        }
    }
}

/// Reads all tile layers: a place is solid if it is in any of them. `None` if it is not known which tile lies where.
pub(super) fn read(
    map: Node<'_, '_>,
    measures: &Measures,
    ids: &TileIds,
    findings: &mut Findings<'_>,
) -> Option<CollisionGrid> {
    let grid = CollisionGrid::open(measures.width?, measures.height?)?;
    let area = grid.width() as usize * grid.height() as usize;
    let mut places = Places { grid, ground: vec![Ground::Nothing; area] };
    let tile_layers = layers(map, "layer");
    if tile_layers.is_empty() {
        findings.push(tag_span(map), "the map has no tile layer", "at least one tile layer");
    }
    let mut whole = true;
    for layer in tile_layers {
        whole &= read_layer(layer, ids, &mut places, findings);
    }
    places.check_ground(findings);
    whole.then_some(places.grid)
}

/// Reads a layer. Returns whether it has as many tiles as the map.
fn read_layer(layer: Node<'_, '_>, ids: &TileIds, places: &mut Places, findings: &mut Findings<'_>) -> bool {
    for (side, size) in [("width", places.grid.width()), ("height", places.grid.height())] {
        if findings.number(layer, side, 1..=u32::MAX).is_some_and(|given| given != size) {
            let message = format!("the layer's {side} is {}", layer.attribute(side).unwrap_or_default());
            findings.push(value_span(layer, side), message, format!("{size}, the {side} of the map"));
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
        findings.push(value_span(data, "encoding"), format!("the layer is saved as {given}"), expected);
        return false;
    }
    let is_visible = layer.ancestors().all(|outer| outer.attribute("visible") != Some("0"));
    read_cells(data, ids, places, is_visible, findings)
}

fn read_cells(
    data: Node<'_, '_>,
    ids: &TileIds,
    places: &mut Places,
    is_visible: bool,
    findings: &mut Findings<'_>,
) -> bool {
    let text = data.children().find(|child| child.is_text()).map_or(0..0, |text| text.range());
    let (width, area) = (places.grid.width() as usize, places.ground.len());
    let mut wrong = 0;
    let mut count = 0;
    for cell in cells(findings.source.text(), text.clone()) {
        match tile(&findings.source.text()[cell.clone()], ids) {
            Ok(Some(tile)) if count < area => places.put(count, tile, is_visible, cell.start),
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
        findings.push(tag_span(data), format!("{more} more tiles of the layer are invalid"), "");
    }
    if count != area {
        let rows = format!("{} rows of {width} tiles", places.grid.height());
        let (span, message) = odd_row(findings.source.text(), text, width)
            .unwrap_or_else(|| (tag_span(data), format!("the layer has {count} tiles")));
        findings.push(span, message, rows);
    }
    count == area
}

/// The tile that a cell stands for, or what is wrong with the cell.
fn tile(cell: &str, ids: &TileIds) -> Result<Option<Tile>, String> {
    let number: u32 = match cell.parse() {
        Ok(number) => number,
        Err(_) if cell.is_empty() => return Err("a tile is missing between two commas".to_owned()),
        Err(_) => return Err(format!("\"{cell}\" is not a tile number")),
    };
    match number & !TURNED {
        0 => Ok(None),
        turned if turned & TURNED_HEXAGONALLY != 0 => Err("the tile is rotated as on a hexagonal map".to_owned()),
        number => match ids.tile(number) {
            None if ids.complete => Err(format!("there is no tile {number}")),
            tile => Ok(tile),
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
