//! What is drawn is what is loaded: maps are written here as Tiled writes them, by a writer that shares nothing with
//! the reader.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use proptest::collection::vec;
use proptest::prelude::*;
use realmgate_engine::map::{DrawnObject, MapObject, MapObjects, MapSet, ObjectClass, Property, Rect, Shape};
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};

/// Numbers 1 to 4; 2 and 4 are solid. Its tiles have the size of the map's.
const SHEET: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<tileset version="1.10" name="sheet" tilewidth="SIDE" tileheight="SIDE" tilecount="4" columns="4">
 <image source="sheet.png" width="64" height="16"/>
 <tile id="1"><properties><property name="solid" type="bool" value="true"/></properties></tile>
 <tile id="2"><properties><property name="solid" type="bool" value="false"/></properties></tile>
 <tile id="3"><properties><property name="kind" value="rock"/>
  <property name="solid" type="bool" value="true"/></properties></tile>
</tileset>
"#;

/// A collection of images, numbers 10 and 15; 15 is solid.
const COLLECTION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<tileset version="1.10" name="collection" tilewidth="48" tileheight="32" tilecount="2" columns="0">
 <grid orientation="orthogonal" width="1" height="1"/>
 <tile id="0"><image width="48" height="32" source="bush.png"/></tile>
 <tile id="5"><properties><property name="solid" type="bool" value="true"/></properties>
  <image width="16" height="16" source="tree.png"/></tile>
</tileset>
"#;

const TILES: [u32; 7] = [0, 1, 2, 3, 4, 10, 15];
const SOLID: [u32; 3] = [2, 4, 15];

/// The ways in which Tiled turns a tile: the three highest bits of its number.
const TURNED: u32 = 0x2000_0000;

#[derive(Debug, Clone, PartialEq)]
struct Area {
    name: String,
    rect: Rect,
    level: u8,
}

impl MapObject for Area {
    const CLASS: &'static ObjectClass = &ObjectClass {
        name: "area",
        noun: "area",
        shape: Shape::Rectangle,
        colour: "#ff000000",
        description: "An area.",
        is_required: false,
        properties: &[Property::number("level", 0..=255, Some(7), "Its level.")],
    };

    fn build(drawn: &DrawnObject) -> Option<Self> {
        Some(Self { name: drawn.name().to_owned(), rect: drawn.rect(), level: drawn.number("level")? })
    }
}

/// A map as a designer thinks of it.
#[derive(Debug, Clone)]
struct Drawing {
    width: usize,
    height: usize,
    /// Pixels on a side of a tile; a multiple of four.
    tile: usize,
    layers: Vec<Layer>,
    areas: Vec<DrawnArea>,
    saved: Saved,
}

/// How Tiled saves it.
#[derive(Debug, Clone)]
struct Saved {
    format: Format,
    has_embedded_tilesets: bool,
    /// Of an infinite map: where it begins, and the size of its chunks.
    infinite: Option<((i32, i32), (usize, usize))>,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Xml,
    Csv,
    Base64,
    Gzip,
    Zlib,
}

fn saved() -> impl Strategy<Value = Saved> {
    let formats = vec![Format::Xml, Format::Csv, Format::Base64, Format::Gzip, Format::Zlib];
    let infinite = prop::option::of(((-40..40, -40..40), (1usize..7, 1usize..7)));
    (prop::sample::select(formats), any::<bool>(), infinite)
        .prop_map(|(format, has_embedded_tilesets, infinite)| Saved { format, has_embedded_tilesets, infinite })
}

#[derive(Debug, Clone)]
struct Layer {
    tiles: Vec<(u32, u32)>,
    is_in_group: bool,
}

/// Corner and size in quarters of a tile.
#[derive(Debug, Clone)]
struct DrawnArea {
    corner: (usize, usize),
    size: (usize, usize),
    level: Option<u8>,
    is_in_group: bool,
}

fn drawing() -> impl Strategy<Value = Drawing> {
    (1usize..12, 1usize..12).prop_flat_map(|(width, height)| {
        let tile = (prop::sample::select(&TILES[..]), 0u32..8);
        let layer = (vec(tile, width * height), any::<bool>()).prop_map(move |(mut tiles, is_in_group)| {
            // There is room for the spawn point.
            tiles[0] = (1, 0);
            // An infinite map ends with its last tile.
            tiles[width * height - 1] = (1, 0);
            Layer { tiles, is_in_group }
        });
        let area = (0..4 * width, 0..4 * height, any::<(Option<u8>, bool)>());
        let area = area.prop_flat_map(move |(x, y, (level, is_in_group))| {
            let area = move |size| DrawnArea { corner: (x, y), size, level, is_in_group };
            (1..=4 * width - x, 1..=4 * height - y).prop_map(area)
        });
        let tile = prop::sample::select(&[8, 16, 20, 32, 256][..]);
        (tile, vec(layer, 1..4), vec(area, 0..4), saved()).prop_map(move |(tile, layers, areas, saved)| Drawing {
            width,
            height,
            tile,
            layers,
            areas,
            saved,
        })
    })
}

/// The map's text; the order of the objects is that of the file.
fn written(drawing: &Drawing) -> String {
    let Drawing { width, height, tile, saved, .. } = drawing;
    let (left, top) = saved.infinite.map_or((0, 0), |(corner, _)| corner);
    let layer = |number: usize, layer: &Layer| {
        let rows: Vec<&[(u32, u32)]> = layer.tiles.chunks(*width).collect();
        let data = match saved.infinite {
            None => data(&rows, saved.format),
            Some((corner, size)) => chunks(&rows, saved.format, corner, size),
        };
        let data = format!("<data{}>{data}</data>", attributes(saved.format));
        let size = format!("width=\"{width}\" height=\"{height}\"");
        let text = format!(" <layer id=\"{number}\" name=\"l{number}\" {size}>{data}</layer>");
        if layer.is_in_group { format!(" <group id=\"9{number}\" name=\"g\">{text}</group>") } else { text }
    };
    let layers: Vec<String> = drawing.layers.iter().enumerate().map(|(number, drawn)| layer(number, drawn)).collect();
    let areas: Vec<String> =
        drawing.areas.iter().enumerate().map(|(number, drawn)| area(number, drawn, *tile, (left, top))).collect();
    let tilesets = if saved.has_embedded_tilesets {
        let within = |text: &str, first: u32| {
            let element = text.split_once("?>").map_or(text, |(_, element)| element);
            element.replace("<tileset version=\"1.10\"", &format!("<tileset firstgid=\"{first}\""))
        };
        within(&SHEET.replace("SIDE", &tile.to_string()), 1) + &within(COLLECTION, 10)
    } else {
        r#"<tileset firstgid="1" source="sheet.tsx"/><tileset firstgid="10" source="collection.tsx"/>"#.to_owned()
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" width="{width}" height="{height}"
 tilewidth="{tile}" tileheight="{tile}" infinite="{is_infinite}">
 {tilesets}
{}
 <imagelayer id="70" name="sky"><image source="sky.png" width="9" height="9"/></imagelayer>
 <objectgroup id="71" name="objects">
  <object id="1" name="start" type="spawn" x="{x}" y="{y}"><point/></object>
 </objectgroup>
{}
</map>
"#,
        layers.join("\n"),
        areas.join("\n"),
        is_infinite = u8::from(saved.infinite.is_some()),
        x = left * *tile as i32 + *tile as i32 / 2,
        y = top * *tile as i32 + *tile as i32 / 2,
    )
}

fn attributes(format: Format) -> &'static str {
    match format {
        Format::Xml => "",
        Format::Csv => " encoding=\"csv\"",
        Format::Base64 => " encoding=\"base64\"",
        Format::Gzip => " encoding=\"base64\" compression=\"gzip\"",
        Format::Zlib => " encoding=\"base64\" compression=\"zlib\"",
    }
}

/// The tiles of a layer or of a chunk.
fn data(rows: &[&[(u32, u32)]], format: Format) -> String {
    let number = |(tile, turned): &(u32, u32)| if *tile == 0 { 0 } else { tile + turned * TURNED };
    let numbers = || rows.iter().flat_map(|row| row.iter().map(number));
    let bytes: Vec<u8> = numbers().flat_map(u32::to_le_bytes).collect();
    let text = match format {
        Format::Xml => numbers().map(|number| format!("\n   <tile gid=\"{number}\"/>")).collect(),
        Format::Csv => {
            let row =
                |row: &&[(u32, u32)]| row.iter().map(|tile| number(tile).to_string()).collect::<Vec<_>>().join(",");
            rows.iter().map(row).collect::<Vec<_>>().join(",\n")
        }
        Format::Base64 => STANDARD.encode(bytes),
        Format::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&bytes).expect("a vector can be written to");
            STANDARD.encode(encoder.finish().expect("a vector can be written to"))
        }
        Format::Zlib => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&bytes).expect("a vector can be written to");
            STANDARD.encode(encoder.finish().expect("a vector can be written to"))
        }
    };
    format!("\n{text}\n")
}

/// The tiles of a layer in chunks of a size, the last ones smaller. Tiled writes none that is empty.
fn chunks(rows: &[&[(u32, u32)]], format: Format, (left, top): (i32, i32), (width, height): (usize, usize)) -> String {
    let mut written = String::new();
    for (y, band) in rows.chunks(height).enumerate() {
        for x in (0..band[0].len()).step_by(width) {
            let chunk: Vec<&[(u32, u32)]> = band.iter().map(|row| &row[x..row.len().min(x + width)]).collect();
            if chunk.iter().all(|row| row.iter().all(|(tile, _)| *tile == 0)) {
                continue;
            }
            let (x, y) = (left + x as i32, top + (y * height) as i32);
            let (columns, rows) = (chunk[0].len(), chunk.len());
            let place = format!("x=\"{x}\" y=\"{y}\" width=\"{columns}\" height=\"{rows}\"");
            written += &format!("<chunk {place}>{}</chunk>\n", data(&chunk, format));
        }
    }
    written
}

/// An area in an object layer of its own. Its class is written as in Tiled 1.9 where its number is odd.
fn area(number: usize, area: &DrawnArea, tile: usize, (left, top): (i32, i32)) -> String {
    let pixels = |quarters: usize| quarters * tile / 4;
    let place = |first: i32, quarters: usize| first * tile as i32 + pixels(quarters) as i32;
    let level = area.level.map(|level| format!(r#"<property name="level" type="int" value="{level}"/>"#));
    let properties = level.map_or(String::new(), |level| format!("<properties>{level}</properties>"));
    let class = if number % 2 == 1 { "class" } else { "type" };
    let object = format!(
        r#"<object id="1{number}" name="area{number}" {class}="area" x="{}" y="{}"
   width="{}" height="{}">{properties}</object>"#,
        place(left, area.corner.0),
        place(top, area.corner.1),
        pixels(area.size.0),
        pixels(area.size.1),
    );
    let layer = format!(r#" <objectgroup id="8{number}" name="o{number}">{object}</objectgroup>"#);
    if area.is_in_group { format!(" <group id=\"6{number}\" name=\"h\">{layer}</group>") } else { layer }
}

fn expected(number: usize, area: &DrawnArea) -> Area {
    let units = |quarters: usize| quarters as i32 * UNITS_PER_TILE / 4;
    let ((x, y), (width, height)) = (area.corner, area.size);
    let min = Position { x: units(x), y: units(y) };
    let max = Position { x: units(x + width), y: units(y + height) };
    Area { name: format!("area{number}"), rect: Rect { min, max }, level: area.level.unwrap_or(7) }
}

proptest! {
    #[test]
    fn what_is_drawn_is_what_is_loaded(drawing in drawing()) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("sheet.tsx", &SHEET.replace("SIDE", &drawing.tile.to_string()));
        write("collection.tsx", COLLECTION);
        write("4_drawn.tmx", &written(&drawing));
        let maps = MapSet::load(folder.path(), &MapObjects::new().register::<Area>());
        let maps = maps.map_err(|faults| TestCaseError::fail(faults.to_string()))?;
        prop_assert_eq!(maps.iter().len(), 1);
        let map = maps.get(MapId(4)).unwrap();

        prop_assert_eq!((map.id, map.name.as_str()), (MapId(4), "drawn"));
        prop_assert_eq!((map.grid.width() as usize, map.grid.height() as usize), (drawing.width, drawing.height));
        for place in 0..drawing.width * drawing.height {
            let is_solid = drawing.layers.iter().any(|layer| SOLID.contains(&layer.tiles[place].0));
            let (x, y) = ((place % drawing.width) as i32, (place / drawing.width) as i32);
            prop_assert_eq!(map.grid.is_solid(x, y), is_solid, "tile {}, {}", x, y);
        }
        let spawns: Vec<_> = map.spawn_points().iter().map(|spawn| (spawn.name.as_str(), spawn.position)).collect();
        prop_assert_eq!(spawns, [("start", Position::tile_centre(0, 0))]);
        let areas: Vec<Area> = drawing.areas.iter().enumerate().map(|(number, drawn)| expected(number, drawn)).collect();
        prop_assert_eq!(map.all::<Area>(), areas);
    }
}
