//! Pieces of tile layers: what a `<data>` or a `<chunk>` holds, in any of Tiled's formats.

use std::ops::Range;

use roxmltree::Node;

use super::packed::{Compression, unpack};
use super::xml::{Findings, children, tag_span, value_span};

/// Most faults of single tiles that are shown for one layer: a wrong tileset makes every tile wrong.
pub(super) const MOST_TILE_FAULTS: usize = 10;

/// Most tiles in all layers of a map: eight layers of the largest one.
const MOST_TILES: usize = 1 << 27;

/// What to do about a text that cannot be unpacked.
const SAVE_AGAIN: &str = "open the map in Tiled and save it";

/// How tiles are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A `<tile>` each.
    Xml,
    Csv,
    Base64(Compression),
}

impl Format {
    /// The format that a layer's `<data>` names; a fault if it is none of those that are read.
    pub(super) fn of(data: Node<'_, '_>, findings: &mut Findings<'_>) -> Option<Self> {
        let compression = data.attribute("compression").unwrap_or_default();
        let format = match (data.attribute("encoding"), compression) {
            (None, "") => Self::Xml,
            (Some("csv"), "") => Self::Csv,
            (Some("base64"), "") => Self::Base64(Compression::Uncompressed),
            (Some("base64"), "gzip") => Self::Base64(Compression::Gzip),
            (Some("base64"), "zlib") => Self::Base64(Compression::Zlib),
            (encoding, _) => {
                let encoding = encoding.unwrap_or("XML");
                let (attribute, with) = match compression {
                    "" => ("encoding", String::new()),
                    compression => ("compression", format!(" with the compression {compression}")),
                };
                let expected = "zlib or CSV: Map > Map Properties > Tile Layer Format";
                findings.push(value_span(data, attribute), format!("the layer is saved as {encoding}{with}"), expected);
                return None;
            }
        };
        Some(format)
    }
}

/// The faults of single tiles in a layer, of which only the first are shown.
#[derive(Default)]
pub(super) struct WrongTiles(usize);

impl WrongTiles {
    fn push(&mut self, findings: &mut Findings<'_>, span: impl FnOnce(&str) -> Range<usize>, what: &str, legal: &str) {
        self.0 += 1;
        if self.0 <= MOST_TILE_FAULTS {
            let span = span(findings.source.text());
            findings.push(span, what, legal);
        }
    }

    /// Says how many are not shown.
    pub(super) fn finish(self, data: Node<'_, '_>, findings: &mut Findings<'_>) {
        if let Some(more @ 1..) = self.0.checked_sub(MOST_TILE_FAULTS) {
            findings.push(tag_span(data), format!("{more} more tiles of the layer are invalid"), "");
        }
    }
}

/// How many tiles the layers of a map may still have: a file of packed ones says more than it is long.
pub(super) struct Budget(Option<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Some(MOST_TILES))
    }
}

impl Budget {
    /// Whether a piece is within the bound. The first one that is not is a fault.
    pub(super) fn take(&mut self, piece: &Piece<'_, '_>, findings: &mut Findings<'_>) -> bool {
        let Some(left) = self.0 else { return false };
        self.0 = left.checked_sub(piece.area());
        if self.0.is_none() {
            findings.push(
                tag_span(piece.node),
                "the map has too many tiles in all layers",
                format!("at most {MOST_TILES}"),
            );
        }
        self.0.is_some()
    }
}

/// A rectangle of tiles, and the element that holds them: a layer's `<data>` or a `<chunk>`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a, 'i> {
    pub(super) node: Node<'a, 'i>,
    pub(super) format: Format,
    /// The first column and row, as Tiled counts them: negative ones only in infinite maps.
    pub(super) left: i64,
    pub(super) top: i64,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Piece<'_, '_> {
    /// How many tiles it has.
    pub(super) fn area(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Whether a column and a row lie in it.
    pub(super) fn contains(&self, (x, y): (i64, i64)) -> bool {
        (self.left..self.right()).contains(&x) && (self.top..self.bottom()).contains(&y)
    }

    /// The first column beyond it.
    pub(super) fn right(&self) -> i64 {
        self.left + i64::from(self.width)
    }

    /// The first row beyond it.
    pub(super) fn bottom(&self) -> i64 {
        self.top + i64::from(self.height)
    }

    /// The column and row of a tile.
    pub(super) fn at(&self, index: usize) -> (i64, i64) {
        let width = self.width as usize;
        (self.left + (index % width) as i64, self.top + (index / width) as i64)
    }

    /// The number of the tile at a column and a row that lie in it: the opposite of [`Self::at`].
    pub(super) fn index(&self, (x, y): (i64, i64)) -> usize {
        (y - self.top) as usize * self.width as usize + (x - self.left) as usize
    }

    /// Where a tile is written; of packed ones, where the piece begins.
    pub(super) fn span(&self, text: &str, index: usize) -> Range<usize> {
        let found = match self.format {
            Format::Xml => children(self.node, "tile").nth(index).map(|tile| value_span(tile, "gid")),
            Format::Csv => cells(text, self.text_range()).nth(index),
            Format::Base64(_) => None,
        };
        found.unwrap_or_else(|| tag_span(self.node))
    }

    /// What is said of a tile: with its place in words where the file does not show it.
    pub(super) fn about(&self, index: usize, what: &str) -> String {
        let (x, y) = self.at(index);
        match self.format {
            Format::Xml | Format::Csv => what.to_owned(),
            Format::Base64(_) => format!("column {x}, row {y}: {what}"),
        }
    }

    /// Reports what is wrong with one tile.
    pub(super) fn report(
        &self,
        index: usize,
        what: &str,
        legal: &str,
        wrong: &mut WrongTiles,
        findings: &mut Findings<'_>,
    ) {
        wrong.push(findings, |text| self.span(text, index), &self.about(index, what), legal);
    }

    /// The numbers of all tiles, row by row, and whether there are as many as there should be. A number that cannot be
    /// read is a fault, and 0.
    pub(super) fn numbers(&self, legal: &str, wrong: &mut WrongTiles, findings: &mut Findings<'_>) -> Option<Vec<u32>> {
        let text = findings.source.text();
        let numbers = match self.format {
            Format::Xml => {
                let tiles = children(self.node, "tile").map(|tile| match tile.attribute("gid") {
                    None => Ok(0),
                    Some(number) => number.parse().map_err(|_| not_a_number(number)),
                });
                self.checked(tiles, legal, wrong, findings)
            }
            Format::Csv => {
                let cells = cells(text, self.text_range()).map(|cell| match &text[cell] {
                    "" => Err("a tile is missing between two commas".to_owned()),
                    number => number.parse().map_err(|_| not_a_number(number)),
                });
                self.checked(cells, legal, wrong, findings)
            }
            Format::Base64(compression) => {
                return unpack(&text[self.text_range()], compression, self.area())
                    .map_err(|what| findings.push(tag_span(self.node), what, self.packed_rule()))
                    .ok();
            }
        };
        let is_whole = numbers.len() == self.area();
        if !is_whole {
            self.report_count(numbers.len(), findings);
        }
        is_whole.then_some(numbers)
    }

    fn checked(
        &self,
        tiles: impl Iterator<Item = Result<u32, String>>,
        legal: &str,
        wrong: &mut WrongTiles,
        findings: &mut Findings<'_>,
    ) -> Vec<u32> {
        let number = |(index, tile): (usize, Result<u32, String>)| {
            tile.unwrap_or_else(|what| {
                self.report(index, &what, legal, wrong, findings);
                0
            })
        };
        tiles.enumerate().map(number).collect()
    }

    fn packed_rule(&self) -> String {
        format!("4 bytes for each of {} × {} tiles: {SAVE_AGAIN}", self.width, self.height)
    }

    fn report_count(&self, count: usize, findings: &mut Findings<'_>) {
        let odd = match self.format {
            Format::Csv => odd_row(findings.source.text(), self.text_range(), self.width as usize),
            Format::Xml | Format::Base64(_) => None,
        };
        let noun = if self.node.has_tag_name("chunk") { "chunk" } else { "layer" };
        let (span, message) = odd.unwrap_or_else(|| (tag_span(self.node), format!("the {noun} has {count} tiles")));
        findings.push(span, message, format!("{} rows of {} tiles", self.height, self.width));
    }

    fn text_range(&self) -> Range<usize> {
        self.node.children().find(|child| child.is_text()).map_or(0..0, |text| text.range())
    }
}

fn not_a_number(text: &str) -> String {
    format!("\"{text}\" is not a tile number")
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
