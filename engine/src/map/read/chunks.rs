//! Chunks: what the tile layers of an infinite map are made of, and the map that they make.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use realmgate_protocol::limits::MAX_MAP_TILES;
use roxmltree::Node;

use super::header::Measures;
use super::layers::{self, Reading, TURNED, TileLayer};
use super::pieces::{Format, Piece};
use super::xml::{Findings, children, tag_span, value_span};

/// Maximum number of chunks of a layer whose faults are shown.
const MOST_CHUNK_FAULTS: usize = 10;
/// How far from Tiled's origin a chunk may begin.
const FARTHEST: i64 = 1 << 30;

/// Reads a layer of an infinite map. It keeps the chunks in which there is a tile, and those that cannot be read.
pub(super) fn read<'a, 'i>(
    layer: Node<'a, 'i>,
    reading: &mut Reading<'_>,
    findings: &mut Findings<'_>,
) -> Option<TileLayer<'a, 'i>> {
    let (data, format) = layers::data(layer, findings)?;
    let mut read = TileLayer::new(layer, data);
    let is_loose = |child: &Node<'_, '_>| {
        child.has_tag_name("tile") || child.text().is_some_and(|text| child.is_text() && !text.trim().is_empty())
    };
    if data.children().any(|child| is_loose(&child)) {
        let message = "the layer has tiles outside of chunks, but the map is infinite";
        findings.push(tag_span(data), message, "a map saved by Tiled: open it in Tiled and save it");
        read.is_whole = false;
    }
    let (mut chunks, mut wrong) = (Vec::new(), 0);
    for node in children(data, "chunk") {
        match chunk(node, format, findings) {
            Some(chunk) => chunks.push(chunk),
            None => wrong += 1,
        }
        if wrong == MOST_CHUNK_FAULTS {
            findings.push(tag_span(data), "the layer has many invalid chunks, of which these are the first", "");
            break;
        }
    }
    read.is_whole &= wrong == 0;
    check_overlap(&chunks, findings);
    for chunk in chunks {
        read.add(chunk, reading, findings);
        let is_empty = |numbers: &[u32]| !numbers.is_empty() && numbers.iter().all(|number| number & !TURNED == 0);
        read.pieces.pop_if(|(_, numbers)| is_empty(numbers));
    }
    Some(read)
}

fn chunk<'a, 'i>(node: Node<'a, 'i>, format: Format, findings: &mut Findings<'_>) -> Option<Piece<'a, 'i>> {
    let left = findings.number(node, "x", -FARTHEST..=FARTHEST);
    let top = findings.number(node, "y", -FARTHEST..=FARTHEST);
    let width = findings.number(node, "width", 1..=MAX_MAP_TILES);
    let height = findings.number(node, "height", 1..=MAX_MAP_TILES);
    Some(Piece { node, format, left: left?, top: top?, width: width?, height: height? })
}

/// Finds chunks of a layer that share a place: goes through them from north to south, with those that reach as far.
fn check_overlap(chunks: &[Piece<'_, '_>], findings: &mut Findings<'_>) {
    let mut sorted: Vec<_> = chunks.iter().collect();
    sorted.sort_by_key(|chunk| chunk.top);
    let mut reaching: BTreeMap<i64, &Piece<'_, '_>> = BTreeMap::new();
    let (mut ends, mut wrong) = (BinaryHeap::new(), 0);
    for chunk in sorted {
        while let Some(Reverse((bottom, left))) = ends.peek().copied()
            && bottom <= chunk.top
        {
            reaching.remove(&left);
            ends.pop();
        }
        let west = reaching.range(..chunk.right()).next_back();
        if let Some((_, other)) = west.filter(|(_, other)| other.right() > chunk.left) {
            let (line, column) = findings.source.position(other.node.range().start);
            let message = format!("the chunk covers tiles of the one in line {line}, column {column}");
            findings.push(tag_span(chunk.node), message, "a place of its own for each chunk of a layer");
            wrong += 1;
            if wrong == MOST_CHUNK_FAULTS {
                return;
            }
        } else {
            reaching.insert(chunk.left, chunk);
            ends.push(Reverse((chunk.bottom(), chunk.left)));
        }
    }
}

/// Finds the map that the chunks of all layers make: the smallest rectangle around those that hold a tile.
pub(super) fn measure(
    map: Node<'_, '_>,
    layers: &[TileLayer<'_, '_>],
    measures: &mut Measures,
    findings: &mut Findings<'_>,
) {
    let mut pieces = layers.iter().flat_map(|layer| layer.pieces.iter().map(|(piece, _)| piece));
    let Some(first) = pieces.next() else {
        if layers.iter().any(|layer| layer.is_whole) {
            findings.push(value_span(map, "infinite"), "the infinite map has no tile", "at least one tile in a layer");
        }
        return;
    };
    let (mut left, mut top, mut right, mut bottom) = (first.left, first.top, first.right(), first.bottom());
    for piece in pieces {
        (left, top) = (left.min(piece.left), top.min(piece.top));
        (right, bottom) = (right.max(piece.right()), bottom.max(piece.bottom()));
        let (width, height) = (right - left, bottom - top);
        if width.max(height) > i64::from(MAX_MAP_TILES) {
            let message = format!("with this chunk the map has {width} × {height} tiles");
            let expected = format!("at most {MAX_MAP_TILES} × {MAX_MAP_TILES}, from the first chunk to the last");
            findings.push(tag_span(piece.node), message, expected);
            return;
        }
    }
    measures.origin = (left, top);
    measures.width = u32::try_from(right - left).ok();
    measures.height = u32::try_from(bottom - top).ok();
}
