//! What is drawn is what is loaded: maps are written here as Tiled writes them, by a writer that shares nothing with
//! the reader.

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
        let layer = (vec(tile, width * height), any::<bool>()).prop_map(|(mut tiles, is_in_group)| {
            // There is room for the spawn point.
            tiles[0] = (1, 0);
            Layer { tiles, is_in_group }
        });
        let area = (0..4 * width, 0..4 * height, any::<(Option<u8>, bool)>());
        let area = area.prop_flat_map(move |(x, y, (level, is_in_group))| {
            let area = move |size| DrawnArea { corner: (x, y), size, level, is_in_group };
            (1..=4 * width - x, 1..=4 * height - y).prop_map(area)
        });
        let tile = prop::sample::select(&[8, 16, 20, 32, 256][..]);
        (tile, vec(layer, 1..4), vec(area, 0..4)).prop_map(move |(tile, layers, areas)| Drawing {
            width,
            height,
            tile,
            layers,
            areas,
        })
    })
}

/// The map's text; the order of the objects is that of the file.
fn written(drawing: &Drawing) -> String {
    let Drawing { width, height, tile, .. } = drawing;
    let layer = |number: usize, layer: &Layer| {
        let rows: Vec<String> = layer.tiles.chunks(*width).map(row).collect();
        let data = format!("<data encoding=\"csv\">\n{}\n</data>", rows.join(",\n"));
        let size = format!("width=\"{width}\" height=\"{height}\"");
        let text = format!(" <layer id=\"{number}\" name=\"l{number}\" {size}>{data}</layer>");
        if layer.is_in_group { format!(" <group id=\"9{number}\" name=\"g\">{text}</group>") } else { text }
    };
    let layers: Vec<String> = drawing.layers.iter().enumerate().map(|(number, drawn)| layer(number, drawn)).collect();
    let areas: Vec<String> =
        drawing.areas.iter().enumerate().map(|(number, drawn)| area(number, drawn, *tile)).collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" width="{width}" height="{height}"
 tilewidth="{tile}" tileheight="{tile}" infinite="0">
 <tileset firstgid="1" source="sheet.tsx"/>
 <tileset firstgid="10" source="collection.tsx"/>
{}
 <imagelayer id="70" name="sky"><image source="sky.png" width="9" height="9"/></imagelayer>
 <objectgroup id="71" name="objects">
  <object id="1" name="start" type="spawn" x="{half}" y="{half}"><point/></object>
 </objectgroup>
{}
</map>
"#,
        layers.join("\n"),
        areas.join("\n"),
        half = tile / 2,
    )
}

fn row(tiles: &[(u32, u32)]) -> String {
    let cell = |(tile, turned): &(u32, u32)| if *tile == 0 { 0 } else { tile + turned * TURNED };
    tiles.iter().map(|tile| cell(tile).to_string()).collect::<Vec<_>>().join(",")
}

/// An area in an object layer of its own. Its class is written as in Tiled 1.9 where its number is odd.
fn area(number: usize, area: &DrawnArea, tile: usize) -> String {
    let pixels = |quarters: usize| quarters * tile / 4;
    let level = area.level.map(|level| format!(r#"<property name="level" type="int" value="{level}"/>"#));
    let properties = level.map_or(String::new(), |level| format!("<properties>{level}</properties>"));
    let class = if number % 2 == 1 { "class" } else { "type" };
    let object = format!(
        r#"<object id="1{number}" name="area{number}" {class}="area" x="{}" y="{}"
   width="{}" height="{}">{properties}</object>"#,
        pixels(area.corner.0),
        pixels(area.corner.1),
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
