//! Maps as Tiled saves them: every tile layer format, embedded tilesets and infinite maps.

use std::fs;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use realmgate_engine::map::{Map, MapObjects, MapSet};
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::Position;

/// Tile 2 is solid, tile 3 tall.
const TILES: &str = r#"<image source="sheet.png" width="32" height="32"/>
<tile id="1"><properties><property name="solid" type="bool" value="true"/></properties></tile>
<tile id="2"><properties><property name="tall" value="oak"/></properties></tile></tileset>"#;
const SHEET: &str = r#"<tileset version="1.10" name="sheet" tilewidth="16" tileheight="16" tilecount="4" columns="2">"#;
const EXTERNAL: &str = r#"<tileset firstgid="1" source="sheet.tsx"/>"#;

/// Loads a map with these attributes and content, which begins in line 2.
fn load(attributes: &str, content: &str) -> Result<(Map, Vec<String>), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let map = format!(
        "<map version=\"1.10\" orientation=\"orthogonal\" tilewidth=\"16\" tileheight=\"16\" {attributes}>\n{content}</map>"
    );
    let files = [("1_map.tmx", map), ("sheet.tsx", format!("{SHEET}{TILES}")), ("sheet.png", String::new())];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("writable");
    }
    let plain = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    let maps = MapSet::load(folder.path(), &MapObjects::new()).map_err(|faults| plain(faults.to_string()))?;
    let warnings = maps.warnings().iter().map(|fault| plain(fault.to_string())).collect();
    Ok((Map::clone(maps.get(MapId(1)).expect("the map is loaded")), warnings))
}

fn spawn(x: i32, y: i32) -> String {
    let object = format!("<object id=\"1\" name=\"start\" type=\"spawn\" x=\"{x}\" y=\"{y}\"><point/></object>");
    format!("\n<objectgroup id=\"2\" name=\"places\">{object}</objectgroup>")
}

/// A map of 2 × 2 tiles with this `<data>`, which is in line 3.
fn fixed(data: &str) -> Result<(Map, Vec<String>), String> {
    let layer = format!("{EXTERNAL}\n<layer id=\"1\" name=\"ground\" width=\"2\" height=\"2\">{data}</layer>");
    load(r#"width="2" height="2""#, &format!("{layer}{}", spawn(8, 8)))
}

/// An infinite map whose only layer has this `<data>`, which is in line 3.
fn infinite(data: &str, spawn: &str) -> Result<(Map, Vec<String>), String> {
    let layer = format!("{EXTERNAL}\n<layer id=\"1\" name=\"ground\" width=\"30\" height=\"20\">{data}</layer>");
    load(r#"width="30" height="20" infinite="1""#, &format!("{layer}{spawn}"))
}

fn bytes(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn gzip(bytes: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector can be written to");
    STANDARD.encode(encoder.finish().expect("a vector can be written to"))
}

fn zlib(bytes: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector can be written to");
    STANDARD.encode(encoder.finish().expect("a vector can be written to"))
}

/// These numbers in every format that is read: the attributes of `<data>`, and what is in it or in a `<chunk>`.
fn formats(numbers: &[u32]) -> [(&'static str, String); 5] {
    let xml = numbers.iter().map(|number| match number {
        0 => "<tile/>".to_owned(),
        number => format!("<tile gid=\"{number}\"/>"),
    });
    let csv: Vec<String> = numbers.iter().map(u32::to_string).collect();
    let bytes = bytes(numbers);
    [
        ("", xml.collect()),
        (r#" encoding="csv""#, csv.join(",")),
        (r#" encoding="base64""#, format!("\n   {}\n  ", STANDARD.encode(&bytes))),
        (r#" encoding="base64" compression="gzip""#, gzip(&bytes)),
        (r#" encoding="base64" compression="zlib""#, zlib(&bytes)),
    ]
}

fn data((attributes, text): &(&str, String)) -> String {
    format!("<data{attributes}>{text}</data>")
}

/// A row of text for each row of the map: `#` is solid.
fn rows(map: &Map) -> Vec<String> {
    let row = |y| (0..map.grid.width() as i32).map(|x| if map.grid.is_solid(x, y) { '#' } else { '.' }).collect();
    (0..map.grid.height() as i32).map(row).collect()
}

#[track_caller]
fn assert_refused(loaded: Result<(Map, Vec<String>), String>, fault: &str) {
    let faults = loaded.expect_err("it is refused");
    assert!(faults.lines().any(|line| line == fault), "not {fault}:\n{faults}");
}

#[test]
fn every_format_is_drawn() {
    for format in formats(&[1, 0x8000_0002, 0, 2]) {
        let (map, warnings) = fixed(&data(&format)).unwrap_or_else(|faults| panic!("{format:?}: {faults}"));
        assert_eq!(rows(&map), [".#", ".#"], "{format:?}");
        assert_eq!(warnings, [""; 0], "{format:?}");
    }
}

#[test]
fn other_formats_are_refused_with_the_formats_to_choose() {
    let expected = "expected zlib or CSV: Map > Map Properties > Tile Layer Format";
    for (attributes, at, what) in [
        (r#"encoding="base64" compression="zstd""#, 87, "base64 with the compression zstd"),
        (r#"encoding="yaml""#, 66, "yaml"),
        (r#"encoding="csv" compression="gzip""#, 84, "csv with the compression gzip"),
    ] {
        let refused = fixed(&format!("<data {attributes}>KLUv</data>"));
        assert_refused(refused, &format!("1_map.tmx:3:{at}: the layer is saved as {what}; {expected}"));
    }
}

#[test]
fn a_wrong_tile_has_a_place_in_every_format() {
    let what = "there is no tile 9; expected 0 for no tile, or 1 to 4";
    let [xml, csv, packed @ ..] = formats(&[1, 1, 9, 1]);
    assert_refused(fixed(&data(&xml)), &format!("1_map.tmx:3:97: {what}"));
    assert_refused(fixed(&data(&csv)), &format!("1_map.tmx:3:75: {what}"));
    for format in packed {
        assert_refused(fixed(&data(&format)), &format!("1_map.tmx:3:50: column 0, row 1: {what}"));
    }
    let not_a_number = "\"x\" is not a tile number; expected 0 for no tile, or 1 to 4";
    let xml = r#"<data><tile gid="1"/><tile gid="x"/><tile/><tile/></data>"#;
    assert_refused(fixed(xml), &format!("1_map.tmx:3:82: {not_a_number}"));
}

#[test]
fn a_tall_tile_without_ground_has_a_place_in_every_format() {
    for (format, start) in formats(&[1, 1, 1, 3]).iter().zip([
        "1_map.tmx:3:112: warning: `tall` tile",
        "1_map.tmx:3:77: warning: `tall` tile",
        "1_map.tmx:3:50: warning: column 1, row 1: `tall` tile",
        "1_map.tmx:3:50: warning: column 1, row 1: `tall` tile",
        "1_map.tmx:3:50: warning: column 1, row 1: `tall` tile",
    ]) {
        let (_, warnings) = fixed(&data(format)).unwrap();
        assert!(matches!(&warnings[..], [one] if one.starts_with(start)), "{format:?}: {warnings:?}");
    }
}

#[test]
fn a_layer_of_another_length_than_the_map_is_refused() {
    let at = "1_map.tmx:3:50";
    for (numbers, tiles, bytes) in [(&[1; 3][..], 3, "12 bytes"), (&[1; 6][..], 6, "more than 16 bytes")] {
        let [xml, csv, packed @ ..] = formats(numbers);
        let rows = "expected 2 rows of 2 tiles";
        assert_refused(fixed(&data(&xml)), &format!("{at}: the layer has {tiles} tiles; {rows}"));
        assert_refused(fixed(&data(&csv)), &format!("1_map.tmx:3:71: the row has {tiles} tiles; {rows}"));
        for format in packed {
            let save = "expected 4 bytes for each of 2 × 2 tiles: open the map in Tiled and save it";
            assert_refused(fixed(&data(&format)), &format!("{at}: the tiles have {bytes}; {save}"));
        }
    }
}

#[test]
fn a_layer_that_would_fill_the_memory_is_refused() {
    let save = "expected 4 bytes for each of 2 × 2 tiles: open the map in Tiled and save it";
    let bomb = vec![0; 64 << 20];
    for (compression, packed) in [("gzip", gzip(&bomb)), ("zlib", zlib(&bomb))] {
        let data = format!("<data encoding=\"base64\" compression=\"{compression}\">{packed}</data>");
        assert_refused(fixed(&data), &format!("1_map.tmx:3:50: the tiles have more than 16 bytes; {save}"));
    }
    let layer = r#"<layer id="1" name="l" width="4096" height="4096"><data encoding="base64">AAAA</data></layer>"#;
    let many = format!("{EXTERNAL}\n{}", format!("{layer}\n").repeat(9));
    let too_many = "1_map.tmx:11:51: the map has too many tiles in all layers; expected at most 134217728";
    assert_refused(load(r#"width="4096" height="4096""#, &many), too_many);
}

#[test]
fn malformed_base64_and_compression_are_one_fault_each() {
    for (attributes, text, what) in [
        ("", "AQA*", "Base64: Invalid symbol 42, offset 3."),
        (r#" compression="gzip""#, "AQAAAAEAAAABAAAAAQAAAA==", "gzip: invalid gzip header"),
        (r#" compression="zlib""#, "AQAAAAEAAAABAAAAAQAAAA==", "zlib: corrupt deflate stream"),
    ] {
        let faults = fixed(&format!("<data encoding=\"base64\"{attributes}>{text}</data>")).unwrap_err();
        let start = format!("1_map.tmx:3:50: the tiles are not valid {what}");
        assert!(faults.starts_with(&start) && faults.lines().count() == 1, "{faults}");
        assert!(faults.ends_with("; expected 4 bytes for each of 2 × 2 tiles: open the map in Tiled and save it"));
    }
}

#[test]
fn an_embedded_tileset_is_read_as_one_in_a_file() {
    let with = |tileset: &str| {
        let layer = r#"<layer id="1" name="ground" width="2" height="1"><data encoding="csv">1,2</data></layer>"#;
        load(r#"width="2" height="1""#, &format!("{tileset}\n{layer}{}", spawn(8, 8)))
    };
    let embedded = format!("{SHEET}{TILES}").replace("<tileset version=\"1.10\"", "<tileset firstgid=\"1\"");
    let (map, warnings) = with(&embedded).unwrap();
    assert_eq!(rows(&map), [".#"]);
    assert_eq!(warnings, [""; 0]);
    let bool = "type=\"bool\"";
    let fault = "1_map.tmx:3:55: `solid` is a property of type string; expected type `bool`";
    assert_refused(with(&embedded.replace(bool, "type=\"string\"")), fault);
    let fault = "1_map.tmx:2:78: `tilecount` is \"x\"; expected `tilecount`: a whole number from 0 to 1048576";
    assert_refused(with(&embedded.replace("tilecount=\"4\"", "tilecount=\"x\"")), fault);
    let (_, warnings) = with(&embedded.replace("sheet.png", "none.png")).unwrap();
    assert!(warnings[0].starts_with("1_map.tmx:2:108: warning: `none.png` does not exist"), "{warnings:?}");
}

fn chunk(x: i32, y: i32, (width, height): (u32, u32), text: &str) -> String {
    format!("<chunk x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">{text}</chunk>")
}

#[test]
fn an_infinite_map_is_the_rectangle_around_its_chunks_with_tiles() {
    let (west, east, empty) = (formats(&[2, 0, 1, 1]), formats(&[1, 1, 1, 2]), formats(&[0x8000_0000, 0, 0, 0]));
    for number in 0..west.len() {
        let chunks = [
            chunk(-4, -2, (2, 2), &west[number].1),
            chunk(0, 0, (2, 2), &east[number].1),
            chunk(1_000_000, -1_000_000, (2, 2), &empty[number].1),
        ];
        let data = data(&(west[number].0, chunks.concat()));
        let (map, warnings) = infinite(&data, &spawn(8, 8)).unwrap_or_else(|faults| panic!("{data}: {faults}"));
        assert_eq!(rows(&map), ["#.....", "......", "......", ".....#"], "{data}");
        assert_eq!(map.spawn_points()[0].position, Position::tile_centre(4, 2), "objects move with the tiles: {data}");
        assert_eq!(warnings, [""; 0], "{data}");
    }
}

#[test]
fn chunks_of_all_layers_count_and_need_not_begin_together() {
    let layer = |id, attributes: &str, chunk: &str| {
        let data = format!("<data encoding=\"csv\">{chunk}</data>");
        format!("<layer id=\"{id}\" name=\"l{id}\" width=\"1\" height=\"1\" {attributes}>{data}</layer>")
    };
    let ground = layer(1, "", &chunk(3, 5, (3, 1), "1,1,2"));
    let hidden = layer(3, "visible=\"0\"", &chunk(2, 6, (1, 2), "1,2"));
    let nothing = layer(4, "", "");
    let content = format!("{EXTERNAL}{ground}<group id=\"9\">{hidden}</group>{nothing}{}", spawn(56, 88));
    let (map, _) = load(r#"width="1" height="1" infinite="1""#, &content).unwrap();
    assert_eq!(rows(&map), ["...#", "....", "#..."]);
    assert_eq!(map.spawn_points()[0].position, Position::tile_centre(1, 0));
}

#[test]
fn objects_far_from_the_origin_are_as_exact_as_others() {
    let far = chunk(500_000_000, -500_000_000, (2, 1), "1,1");
    let start = "<object id=\"1\" name=\"start\" type=\"spawn\" x=\"8000000023.5\" y=\"-7999999992\"><point/></object>";
    let spawn = format!("<objectgroup id=\"2\" name=\"places\">{start}</objectgroup>");
    let (map, _) = infinite(&format!("<data encoding=\"csv\">{far}</data>"), &spawn).unwrap();
    assert_eq!(map.spawn_points()[0].position, Position { x: 1_504, y: 512 });
}

#[test]
fn objects_outside_of_the_chunks_are_refused() {
    let data = format!("<data encoding=\"csv\">{}</data>", chunk(-2, 1, (2, 1), "1,1"));
    let outside = |x, y| infinite(&data, &spawn(x, y));
    let expected = "the spawn point is outside the map; expected a place within 32 × 16 pixels from -32, 16";
    assert_refused(outside(0, 24), &format!("1_map.tmx:4:79: {expected}"));
    assert_refused(outside(-8, 8), &format!("1_map.tmx:4:86: {expected}"));
    assert!(outside(-32, 16).is_err_and(|faults| faults.contains("too close to a wall")), "the corner is on the map");
}

#[test]
fn chunks_that_cannot_be_placed_are_refused() {
    let csv = |chunks: &str| infinite(&format!("<data encoding=\"csv\">{chunks}</data>"), &spawn(8, 8));
    let first = chunk(0, 0, (2, 2), "1,1,1,1");
    let over = chunk(1, 1, (2, 2), "0,0,0,0");
    let fault = "1_map.tmx:3:128: the chunk covers tiles of the one in line 3, column 73; \
                 expected a place of its own for each chunk of a layer";
    assert_refused(csv(&format!("{first}{over}")), fault);
    let sides = "a whole number from 1 to 4096";
    let fault = format!("1_map.tmx:3:99: `width` is \"0\"; expected `width`: {sides}");
    assert_refused(csv(&first.replace("width=\"2\"", "width=\"0\"")), &fault);
    let fault = format!("1_map.tmx:3:73: <chunk> has no `height`; expected `height`: {sides}");
    assert_refused(csv(&first.replace("height=\"2\"", "")), &fault);
    let fault = "1_map.tmx:3:83: `x` is \"0.5\"; expected `x`: a whole number from -1073741824 to 1073741824";
    assert_refused(csv(&first.replace("x=\"0\"", "x=\"0.5\"")), fault);
    let fault = "1_map.tmx:4:1: with this chunk the map has 4097 × 2 tiles; \
                 expected at most 4096 × 4096, from the first chunk to the last";
    assert_refused(csv(&format!("{first}\n{}", chunk(4095, 0, (2, 2), "1,1,1,1"))), fault);
    let [_, _, _, _, (zlib, long)] = formats(&[1; 5]);
    let fault = "1_map.tmx:3:95: the tiles have more than 16 bytes; \
                 expected 4 bytes for each of 2 × 2 tiles: open the map in Tiled and save it";
    let long = data(&(zlib, chunk(0, 0, (2, 2), &long)));
    assert_refused(infinite(&long, &spawn(8, 8)), fault);
    let fault = "1_map.tmx:3:58: the chunk has 0 tiles; expected 2 rows of 2 tiles";
    let data = format!("<data>{}</data>", chunk(0, 0, (2, 2), ""));
    assert_refused(infinite(&data, &spawn(8, 8)), fault);
}

#[test]
fn tiles_and_chunks_are_refused_in_maps_of_the_other_kind() {
    let loose = infinite(r#"<data encoding="csv">1,1</data>"#, &spawn(8, 8));
    let saved = "expected a map saved by Tiled: open it in Tiled and save it";
    let fault = format!("1_map.tmx:3:52: the layer has tiles outside of chunks, but the map is infinite; {saved}");
    assert_refused(loose, &fault);
    let chunked = fixed(&format!("<data encoding=\"csv\">{}</data>", chunk(0, 0, (2, 2), "1,1,1,1")));
    assert_refused(chunked, &format!("1_map.tmx:3:71: the layer is in chunks, but the map is not infinite; {saved}"));
    let empty = infinite(r#"<data encoding="csv"></data>"#, &spawn(8, 8));
    let fault = "the infinite map has no tile; expected at least one tile in a layer";
    assert!(empty.is_err_and(|faults| faults.contains(fault)));
}
