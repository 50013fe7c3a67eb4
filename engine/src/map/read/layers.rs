//! Tile layers: their size, every number in them, and what is drawn there.

use realmgate_protocol::movement::CollisionGrid;
use roxmltree::Node;

use super::chunks;
use super::header::Measures;
use super::pieces::{Budget, Format, MOST_TILE_FAULTS, Piece, WrongTiles};
use super::tile_ids::TileIds;
use super::tilesets::Tile;
use super::xml::{Findings, children, layers, tag_span, value_span};
use crate::map::features::NO_GROUND;

/// The bits of a number that say how the tile is turned.
pub(super) const TURNED: u32 = 0xe000_0000;
/// The bit of a tile that is turned as only hexagonal maps have it.
const TURNED_HEXAGONALLY: u32 = 0x1000_0000;

/// A tile layer, as far as it could be read.
pub(super) struct TileLayer<'a, 'i> {
    pub(super) data: Node<'a, 'i>,
    pub(super) is_visible: bool,
    /// What it is made of, with the numbers of the tiles: one piece, or the chunks that hold a tile.
    pub(super) pieces: Vec<(Piece<'a, 'i>, Vec<u32>)>,
    pub(super) wrong: WrongTiles,
    /// Whether all its tiles could be read.
    pub(super) is_whole: bool,
}

/// What all layers are read with.
pub(super) struct Reading<'r> {
    pub(super) ids: &'r TileIds,
    /// The numbers that are legal, in words.
    pub(super) legal: String,
    pub(super) budget: Budget,
}

/// What is known of all places of a map, row by row.
struct Places {
    grid: CollisionGrid,
    ground: Vec<Ground>,
    /// The column and row of the first place, as the file counts them.
    origin: (i64, i64),
}

/// What is drawn at a place.
#[derive(Clone, Copy)]
enum Ground {
    Nothing,
    /// A tall thing of this layer without anything below it.
    Tall(u32),
    Tile,
}

impl Places {
    fn new(measures: &Measures) -> Option<Self> {
        let grid = CollisionGrid::open(measures.width?, measures.height?)?;
        let area = grid.width() as usize * grid.height() as usize;
        Some(Self { grid, ground: vec![Ground::Nothing; area], origin: measures.origin })
    }

    fn put(&mut self, (x, y): (i64, i64), tile: Tile, is_visible: bool, layer: usize) {
        let (x, y) = ((x - self.origin.0) as usize, (y - self.origin.1) as usize);
        if tile.is_solid {
            self.grid.set_solid(x as u32, y as u32, true);
        }
        let Some(ground) = self.ground.get_mut(y * self.grid.width() as usize + x) else { return };
        match *ground {
            _ if !is_visible => {}
            Ground::Nothing if tile.is_tall => *ground = Ground::Tall(layer as u32),
            _ if !tile.is_tall => *ground = Ground::Tile,
            _ => {}
        }
    }

    /// Warns about tall things below which nothing is drawn.
    fn check_ground(&self, layers: &[TileLayer<'_, '_>], findings: &mut Findings<'_>) {
        let tall = self.ground.iter().enumerate().filter_map(|(place, ground)| match ground {
            Ground::Tall(layer) => Some((place, *layer as usize)),
            Ground::Nothing | Ground::Tile => None,
        });
        let count = tall.clone().count();
        for (shown, (place, layer)) in tall.take(MOST_TILE_FAULTS + 1).enumerate() {
            let width = self.grid.width() as usize;
            let at = (self.origin.0 + (place % width) as i64, self.origin.1 + (place / width) as i64);
            let Some((piece, _)) = layers[layer].pieces.iter().find(|(piece, _)| piece.contains(at)) else { continue };
            let index = piece.index(at);
            let span = piece.span(findings.source.text(), index);
            let what = if shown < MOST_TILE_FAULTS {
                piece.about(index, NO_GROUND.name)
            } else {
                format!("{}, {} more", NO_GROUND.name, count - MOST_TILE_FAULTS)
            };
            findings.warn(span, &what, &NO_GROUND);
        }
    }
}

/// Reads all tile layers: a place is solid if it is in any of them. `None` if it is not known which tile lies where.
///
/// The measures of an infinite map are those of its chunks, and set here.
pub(super) fn read(
    map: Node<'_, '_>,
    measures: &mut Measures,
    ids: &TileIds,
    findings: &mut Findings<'_>,
) -> Option<CollisionGrid> {
    let mut reading = Reading { ids, legal: ids.legal(), budget: Budget::default() };
    let nodes = layers(map, "layer");
    if nodes.is_empty() {
        findings.push(tag_span(map), "the map has no tile layer", "at least one tile layer");
    }
    let mut read = Vec::new();
    let mut whole = true;
    if measures.is_infinite {
        for layer in nodes {
            match chunks::read(layer, &mut reading, findings) {
                Some(layer) => read.push(layer),
                None => whole = false,
            }
        }
        chunks::measure(map, &read, measures, findings);
        let mut places = Places::new(measures)?;
        for (number, layer) in read.iter_mut().enumerate() {
            put(number, layer, &reading, &mut places, findings);
        }
        return finish(places, whole, read, findings);
    }
    let mut places = Places::new(measures)?;
    for layer in nodes {
        match read_fixed(layer, &places.grid, &mut reading, findings) {
            Some(mut layer) => {
                put(read.len(), &mut layer, &reading, &mut places, findings);
                layer.pieces.iter_mut().for_each(|(_, numbers)| *numbers = Vec::new());
                read.push(layer);
            }
            None => whole = false,
        }
    }
    finish(places, whole, read, findings)
}

fn finish(
    places: Places,
    whole: bool,
    layers: Vec<TileLayer<'_, '_>>,
    findings: &mut Findings<'_>,
) -> Option<CollisionGrid> {
    places.check_ground(&layers, findings);
    let whole = whole && layers.iter().all(|layer| layer.is_whole);
    layers.into_iter().for_each(|layer| layer.wrong.finish(layer.data, findings));
    whole.then_some(places.grid)
}

/// Reads a layer of a map of fixed size; `None` if it is not as large as the map, or its format is unknown.
fn read_fixed<'a, 'i>(
    layer: Node<'a, 'i>,
    grid: &CollisionGrid,
    reading: &mut Reading<'_>,
    findings: &mut Findings<'_>,
) -> Option<TileLayer<'a, 'i>> {
    let (width, height) = (grid.width(), grid.height());
    for (side, size) in [("width", width), ("height", height)] {
        if findings.number(layer, side, 1..=u32::MAX).is_some_and(|given| given != size) {
            let message = format!("the layer's {side} is {}", layer.attribute(side).unwrap_or_default());
            findings.push(value_span(layer, side), message, format!("{size}, the {side} of the map"));
            return None;
        }
    }
    let (data, format) = data(layer, findings)?;
    if let Some(chunk) = children(data, "chunk").next() {
        let message = "the layer is in chunks, but the map is not infinite";
        findings.push(tag_span(chunk), message, "a map saved by Tiled: open it in Tiled and save it");
        return None;
    }
    let mut read = TileLayer::new(layer, data);
    let piece = Piece { node: data, format, left: 0, top: 0, width, height };
    read.add(piece, reading, findings);
    Some(read)
}

/// A layer's `<data>`, and how its tiles are written.
pub(super) fn data<'a, 'i>(layer: Node<'a, 'i>, findings: &mut Findings<'_>) -> Option<(Node<'a, 'i>, Format)> {
    let Some(data) = children(layer, "data").next() else {
        findings.push(tag_span(layer), "the layer has no <data>", "the layer's tiles");
        return None;
    };
    Some((data, Format::of(data, findings)?))
}

impl<'a, 'i> TileLayer<'a, 'i> {
    pub(super) fn new(layer: Node<'a, 'i>, data: Node<'a, 'i>) -> Self {
        let is_visible = layer.ancestors().all(|outer| outer.attribute("visible") != Some("0"));
        Self { data, is_visible, pieces: Vec::new(), wrong: WrongTiles::default(), is_whole: true }
    }

    /// Reads the numbers of a piece. One that cannot be read has none.
    pub(super) fn add(&mut self, piece: Piece<'a, 'i>, reading: &mut Reading<'_>, findings: &mut Findings<'_>) {
        let numbers = if reading.budget.take(&piece, findings) {
            piece.numbers(&reading.legal, &mut self.wrong, findings)
        } else {
            None
        };
        self.is_whole &= numbers.is_some();
        self.pieces.push((piece, numbers.unwrap_or_default()));
    }
}

/// Puts all tiles of a layer into their places.
fn put(
    number: usize,
    layer: &mut TileLayer<'_, '_>,
    reading: &Reading<'_>,
    places: &mut Places,
    findings: &mut Findings<'_>,
) {
    for (piece, numbers) in &layer.pieces {
        for (index, value) in numbers.iter().enumerate() {
            match tile(*value, reading.ids) {
                Ok(None) => {}
                Ok(Some(tile)) => places.put(piece.at(index), tile, layer.is_visible, number),
                Err(what) => piece.report(index, &what, &reading.legal, &mut layer.wrong, findings),
            }
        }
    }
}

/// The tile that a number stands for, or what is wrong with the number.
fn tile(number: u32, ids: &TileIds) -> Result<Option<Tile>, String> {
    match number & !TURNED {
        0 => Ok(None),
        turned if turned & TURNED_HEXAGONALLY != 0 => Err("the tile is rotated as on a hexagonal map".to_owned()),
        number => match ids.tile(number) {
            None if ids.complete => Err(format!("there is no tile {number}")),
            tile => Ok(tile),
        },
    }
}
