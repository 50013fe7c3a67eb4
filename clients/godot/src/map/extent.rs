//! What the crate `tiled` does not say of a map: where an infinite one ends. And what it does not read: tiles as XML.

use roxmltree::{Document, Error, Node};
use tiled::TileLayer;

/// The columns and rows of Tiled's that are the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The first column.
    pub left: i32,
    /// The first row.
    pub top: i32,
    /// How many columns.
    pub width: i32,
    /// How many rows.
    pub height: i32,
}

impl Extent {
    /// The columns and rows of all places, row by row.
    pub fn places(self) -> impl Iterator<Item = (i32, i32)> {
        let columns = self.left..self.left.saturating_add(self.width);
        (self.top..self.top.saturating_add(self.height)).flat_map(move |y| columns.clone().map(move |x| (x, y)))
    }

    /// The smallest one around two.
    fn around(self, other: Self) -> Self {
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        let end = |first: i32, size: i32| first.saturating_add(size);
        let right = end(self.left, self.width).max(end(other.left, other.width));
        let bottom = end(self.top, self.height).max(end(other.top, other.height));
        Self { left, top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) }
    }
}

/// The smallest extent around all chunks that hold a tile: the server's rule, in `engine/src/map/read/chunks.rs`. `layers`
/// are all layers of tiles of the map with this text, also those in groups. `None` if there is no tile.
///
/// # Errors
/// The text is not XML.
pub fn of_chunks(text: &str, layers: &[&TileLayer<'_>]) -> Result<Option<Extent>, Error> {
    let document = Document::parse(text)?;
    let mut nodes = Vec::new();
    find_layers(document.root_element(), &mut nodes);
    let chunks = nodes.iter().zip(layers).flat_map(|(node, layer)| {
        let chunks = children(*node, "data").flat_map(|data| children(data, "chunk")).filter_map(chunk);
        chunks.filter(move |chunk| chunk.places().any(|(x, y)| layer.get_tile(x, y).is_some()))
    });
    Ok(chunks.reduce(Extent::around))
}

/// The text of a map in which tiles that are XML elements are CSV.
///
/// # Errors
/// The text is not XML.
pub fn with_csv(text: &str) -> Result<String, Error> {
    let document = Document::parse(text)?;
    let mut layers = Vec::new();
    find_layers(document.root_element(), &mut layers);
    let (mut written, mut end) = (String::new(), 0);
    for data in layers.into_iter().flat_map(|layer| children(layer, "data")) {
        if data.attribute("encoding").is_some() {
            continue;
        }
        written += &text[end..data.range().start];
        written += "<data encoding=\"csv\">";
        written += &csv(data);
        for chunk in children(data, "chunk") {
            let attributes: Vec<&str> = chunk.attributes().map(|attribute| &text[attribute.range()]).collect();
            written += &format!("<chunk {}>{}</chunk>", attributes.join(" "), csv(chunk));
        }
        written += "</data>";
        end = data.range().end;
    }
    Ok(written + &text[end..])
}

/// The numbers of the tiles in an element.
fn csv(element: Node<'_, '_>) -> String {
    let numbers: Vec<&str> = children(element, "tile").map(|tile| tile.attribute("gid").unwrap_or("0")).collect();
    numbers.join(",")
}

fn chunk(node: Node<'_, '_>) -> Option<Extent> {
    let number = |name: &str| node.attribute(name)?.parse().ok();
    Some(Extent { left: number("x")?, top: number("y")?, width: number("width")?, height: number("height")? })
}

/// Finds the layers of tiles in the order of the file.
fn find_layers<'a, 'i>(outer: Node<'a, 'i>, found: &mut Vec<Node<'a, 'i>>) {
    for node in outer.children() {
        match node.tag_name().name() {
            "layer" => found.push(node),
            "group" => find_layers(node, found),
            _ => {}
        }
    }
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tiled::{LayerType, Loader};

    use super::*;

    const TILESET: &str = r#"<tileset firstgid="1" name="t" tilewidth="16" tileheight="16" tilecount="2" columns="2">
        <image source="t.png" width="32" height="16"/></tileset>"#;

    fn map(is_infinite: u8, layers: &str) -> String {
        let size = r#"width="2" height="1" tilewidth="16" tileheight="16""#;
        let map = format!(r#"<map version="1.10" orientation="orthogonal" {size} infinite="{is_infinite}">"#);
        format!("{map}{TILESET}{layers}</map>")
    }

    fn layer(data: &str) -> String {
        format!(r#"<layer id="1" name="l" width="2" height="1">{data}</layer>"#)
    }

    fn load(text: String) -> tiled::Map {
        Loader::with_reader(move |_: &std::path::Path| Ok::<_, std::io::Error>(Cursor::new(text.clone().into_bytes())))
            .load_tmx_map("1_map.tmx")
            .unwrap()
    }

    fn layers(map: &tiled::Map) -> Vec<TileLayer<'_>> {
        fn of_tiles(layer: tiled::Layer<'_>) -> Option<TileLayer<'_>> {
            match layer.layer_type() {
                LayerType::Tiles(tiles) => Some(tiles),
                _ => None,
            }
        }
        (0..map.layers().len()).filter_map(|at| of_tiles(map.get_layer(at)?)).collect()
    }

    #[test]
    fn tiles_as_xml_are_read() {
        let text = map(0, &layer(r#"<data><tile gid="2"/><tile/></data>"#));
        let map = load(with_csv(&text).unwrap());
        let tiles = layers(&map);
        assert_eq!(tiles[0].get_tile(0, 0).map(|tile| tile.id()), Some(1));
        assert!(tiles[0].get_tile(1, 0).is_none());
    }

    #[test]
    fn an_infinite_map_is_the_rectangle_around_its_chunks_with_tiles() {
        let chunk =
            |x: i32, y: i32, tiles: &str| format!(r#"<chunk x="{x}" y="{y}" width="2" height="1">{tiles}</chunk>"#);
        let west = chunk(-3, -1, r#"<tile/><tile gid="2"/>"#);
        let empty = chunk(99, 99, "<tile/><tile/>");
        let xml = layer(&format!("<data>{west}{empty}</data>"));
        let csv = layer(&format!("<data encoding=\"csv\">{}</data>", chunk(4, 5, "1,0")));
        let text = with_csv(&map(1, &(xml + &csv))).unwrap();
        let map = load(text.clone());
        let layers = layers(&map);
        let extent = of_chunks(&text, &layers.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(extent, Some(Extent { left: -3, top: -1, width: 9, height: 7 }));
    }
}
