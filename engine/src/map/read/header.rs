//! The map itself: its kind and its size.

use realmgate_protocol::limits::MAX_MAP_TILES;
use roxmltree::Node;

use super::xml::{Findings, tag_span, value_span};

/// Most pixels a tile may have on a side.
pub(super) const MAX_TILE_PIXELS: u32 = 256;

/// The map's measures in tiles, and the size of a tile in pixels; `None` for a value that is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measures {
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) tile_pixels: Option<u32>,
    /// Whether the layers are made of chunks. The width and height are then those of the chunks.
    pub(super) is_infinite: bool,
    /// The column and row of the map's first tile, as the file counts them: only in an infinite map not 0, 0.
    pub(super) origin: (i64, i64),
}

pub(super) fn check(map: Node<'_, '_>, findings: &mut Findings<'_>) -> Option<Measures> {
    if !map.has_tag_name("map") {
        findings.push(tag_span(map), format!("the file is a <{}>", map.tag_name().name()), "a <map>");
        return None;
    }
    if map.attribute("version").is_none() {
        findings.push(tag_span(map), "<map> has no `version`", "a map saved by Tiled");
    }
    let orientation = map.attribute("orientation").unwrap_or("missing");
    if orientation != "orthogonal" {
        let message = format!("the map's orientation is {orientation}");
        findings.push(value_span(map, "orientation"), message, "`orthogonal`");
    }
    check_offsets(map, findings);
    let tile_pixels = findings.number(map, "tilewidth", 1..=MAX_TILE_PIXELS);
    let tile_height = findings.number(map, "tileheight", 1..=MAX_TILE_PIXELS);
    if let (Some(width), Some(height)) = (tile_pixels, tile_height)
        && width != height
    {
        let message = format!("tiles are {width} × {height} pixels");
        findings.push(value_span(map, "tileheight"), message, "square tiles");
    }
    let is_infinite = map.attribute("infinite") == Some("1");
    let mut side = |name| if is_infinite { None } else { findings.number(map, name, 1..=MAX_MAP_TILES) };
    let (width, height) = (side("width"), side("height"));
    Some(Measures { width, height, tile_pixels, is_infinite, origin: (0, 0) })
}

/// Refuses layers that are drawn at an offset: for the server they would be somewhere else than for people who look at
/// the map.
fn check_offsets(map: Node<'_, '_>, findings: &mut Findings<'_>) {
    let kinds = ["layer", "objectgroup", "group"];
    for layer in map.descendants().filter(|node| kinds.contains(&node.tag_name().name())) {
        for offset in ["offsetx", "offsety"] {
            if layer.attribute(offset).is_some_and(|pixels| pixels.parse() != Ok(0.0_f32)) {
                let message = format!("the layer has the offset `{offset}`");
                findings.push(value_span(layer, offset), message, "a layer without an offset");
            }
        }
    }
}
