//! Every feature of Tiled's maps is drawn, refused or warned about: as the table in `docs/designers.md` says.

use std::fs;
use std::path::Path;

use realmgate_engine::map::{MapObjects, MapSet};
use realmgate_protocol::ids::MapId;

const SHEET: &str = r#"<tileset version="1.10" name="sheet" tilewidth="16" tileheight="16" tilecount="4" columns="2">
 <image source="sheet.png" width="32" height="32"/>
 <tile id="1"><properties><property name="solid" type="bool" value="true"/></properties></tile>
 <tile id="2"><properties><property name="tall" value="oak"/></properties></tile>
 <tile id="3"><properties><property name="tall" value="oak"/><property name="foot" type="bool" value="true"/></properties></tile>
</tileset>"#;

const MAP: &str = r#"<map version="1.10" orientation="orthogonal" renderorder="right-down" width="2" height="1" tilewidth="16" tileheight="16" infinite="0">
<tileset firstgid="1" source="sheet.tsx"/>
<layer id="1" name="ground" width="2" height="1"><data encoding="csv">1,1</data></layer>
<objectgroup id="2" name="places"><object id="1" name="start" type="spawn" x="8" y="8"><point/></object></objectgroup>
</map>"#;

/// A folder with a map, its tileset and the picture of that.
struct World {
    map: String,
    sheet: String,
    others: Vec<(&'static str, String)>,
}

impl World {
    fn new() -> Self {
        Self { map: MAP.to_owned(), sheet: SHEET.to_owned(), others: Vec::new() }
    }

    /// With this in the map in the place of something else.
    fn map(mut self, what: &str, by: &str) -> Self {
        assert!(self.map.contains(what), "{what}");
        self.map = self.map.replacen(what, by, 1);
        self
    }

    /// The same for the tileset.
    fn sheet(mut self, what: &str, by: &str) -> Self {
        assert!(self.sheet.contains(what), "{what}");
        self.sheet = self.sheet.replacen(what, by, 1);
        self
    }

    fn file(mut self, name: &'static str, text: &str) -> Self {
        self.others.push((name, text.to_owned()));
        self
    }

    /// The maps, or the faults; each line without the folder.
    fn load(self) -> Result<MapSet, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let maps = folder.path().join("maps");
        fs::create_dir_all(maps.join("trees")).expect("writable");
        let files = [("1_map.tmx", self.map), ("sheet.tsx", self.sheet), ("sheet.png", String::new())];
        for (name, text) in files.into_iter().chain(self.others) {
            fs::write(maps.join(name), text).expect("writable");
        }
        MapSet::load(&maps, &MapObjects::new()).map_err(|faults| plain(&maps, &faults.to_string()))
    }

    /// What the check warns about.
    #[track_caller]
    fn warnings(self) -> Vec<String> {
        let maps = self.load().unwrap_or_else(|faults| panic!("{faults}"));
        let name = |fault: &realmgate_engine::data::Fault| {
            let file = fault.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            format!("{file}:{}:{}: {}", fault.line, fault.column, fault.message)
        };
        maps.warnings().iter().map(name).collect()
    }

    #[track_caller]
    fn assert_drawn(self) {
        assert_eq!(self.warnings(), [""; 0]);
    }

    /// Asserts that there is one warning, in this file and with this beginning.
    #[track_caller]
    fn assert_warned(self, at: &str, what: &str) {
        let warnings = self.warnings();
        let [warning] = &warnings[..] else { panic!("one warning of {what}: {warnings:?}") };
        assert!(warning.starts_with(&format!("{at}: warning: {what}: ")), "{warning}");
    }

    #[track_caller]
    fn assert_refused(self, what: &str) {
        let faults = self.load().expect_err("it is refused");
        assert!(faults.contains(what), "{faults}");
    }
}

fn plain(folder: &Path, text: &str) -> String {
    text.replace(&format!("{}/", folder.display()), "")
}

const LAYER: &str = r#"<layer id="1""#;
const POINT: &str = "<point/>";

#[test]
fn what_every_map_has_is_drawn() {
    World::new().assert_drawn();
}

#[test]
fn groups_within_groups_are_drawn() {
    World::new()
        .map(LAYER, r#"<group id="7" name="a" opacity="0.5" visible="0"><group id="8" name="b"><layer id="1""#)
        .map("</layer>", "</layer></group></group>")
        .assert_drawn();
}

#[test]
fn flipped_tiles_are_drawn_and_those_of_hexagonal_maps_refused() {
    World::new().map("1,1", "2147483649,3758096385").assert_drawn();
    World::new().map("1,1", "1,268435457").assert_refused("1_map.tmx:3:73: the tile is rotated as on a hexagonal map");
}

#[test]
fn animations_spacing_margin_and_a_drawing_offset_are_drawn() {
    let animation = r#"<tile id="0"><animation><frame tileid="0" duration="90"/></animation></tile><tile id="1">"#;
    World::new()
        .sheet("columns=", r#"spacing="1" margin="2" columns="#)
        .sheet("<image", r#"<tileoffset x="3" y="-4"/><image"#)
        .sheet(r#"<tile id="1">"#, animation)
        .assert_drawn();
}

#[test]
fn tiles_of_another_size_than_the_maps_are_drawn() {
    World::new().sheet("tileheight=\"16\"", "tileheight=\"48\"").assert_drawn();
    World::new().sheet("tilewidth=\"16\"", "tilewidth=\"257\"").assert_refused("tiles are 257 × 16 pixels");
}

#[test]
fn a_collection_of_images_is_drawn() {
    World::new()
        .map("<layer", r#"<tileset firstgid="5" source="trees/trees.tsx"/><layer"#)
        .map("1,1", "1,8")
        .file("trees/oak.png", "")
        .file(
            "trees/trees.tsx",
            r#"<tileset version="1.10" name="trees" tilewidth="48" tileheight="64" tilecount="1" columns="0">
            <grid orientation="orthogonal" width="1" height="1"/>
            <tile id="3"><image source="oak.png" width="48" height="64"/></tile></tileset>"#,
        )
        .assert_drawn();
}

/// The first tileset has four tiles and room for two of them: 3 is the first of the second.
#[test]
fn a_number_is_of_the_tileset_with_the_greatest_first_number_that_is_not_above_it() {
    let second = SHEET.replace(r#"id="1""#, r#"id="0""#);
    let grown = || World::new().map("<layer", r#"<tileset firstgid="3" source="second.tsx"/><layer"#);
    let maps = grown().map("1,1", "1,2").file("second.tsx", &second).load().unwrap();
    assert!(maps.get(MapId(1)).unwrap().grid.is_solid(1, 0), "2 is of the first");
    let maps = grown().map("1,1", "1,3").file("second.tsx", &second).load().unwrap();
    assert!(maps.get(MapId(1)).unwrap().grid.is_solid(1, 0), "3 is of the second");
    let beyond = grown().map("1,1", "1,7").file("second.tsx", &second);
    beyond.assert_refused("there is no tile 7; expected 0 for no tile, or 1 to 2, 3 to 6");
}

#[test]
fn tilesets_are_in_the_order_of_their_first_numbers_which_only_an_empty_one_shares() {
    let twice = || World::new().map("<layer", r#"<tileset firstgid="1" source="second.tsx"/><layer"#);
    let expected = "expected a map saved by Tiled: open it in Tiled and save it";
    let same = format!("`firstgid` is 1, but the previous tileset begins with 1; {expected}");
    twice().file("second.tsx", SHEET).assert_refused(&same);
    let out_of_order = World::new().map("<tileset", r#"<tileset firstgid="9" source="second.tsx"/><tileset"#);
    let less = format!("`firstgid` is 1, but the previous tileset begins with 9; {expected}");
    out_of_order.file("second.tsx", SHEET).assert_refused(&less);
    let empty = SHEET.split("<tile id").next().unwrap().replace(r#"tilecount="4""#, r#"tilecount="0""#);
    twice().file("second.tsx", SHEET).sheet(SHEET, &format!("{empty}</tileset>")).assert_drawn();
}

#[test]
fn what_is_left_out_of_a_layer_is_warned_about() {
    let layer = |attribute: &str| World::new().map(LAYER, &format!("<layer {attribute} id=\"1\""));
    for (attribute, what) in [
        (r##"tintcolor="#ff0000""##, "tint colour"),
        (r#"parallaxx="0.5""#, "parallax factor"),
        (r#"parallaxy="2""#, "parallax factor"),
        (r#"mode="multiply""#, "blend mode"),
        (r#"x="3""#, "`x`, `y` of a layer"),
        (r#"wobble="3""#, "`wobble` of <layer>"),
    ] {
        layer(attribute).assert_warned("1_map.tmx:3:8", what);
    }
    layer(r##"tintcolor="#ffffff" parallaxx="1.0" x="0" y="0" locked="1" visible="1" opacity="0.3" class="c""##)
        .assert_drawn();
}

#[test]
fn what_is_left_out_of_a_group_is_warned_about() {
    let group = r##"<group id="7" parallaxy="0" tintcolor="#00ff00" mode="add"><layer"##;
    let warnings = World::new().map("<layer", group).map("</layer>", "</layer></group>").warnings();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
}

#[test]
fn image_layers_are_warned_about_wherever_they_are() {
    let image = r#"<imagelayer id="8" name="sky" offsetx="4" repeatx="1"><image source="sky.png"/></imagelayer>"#;
    World::new().map("<layer", &format!("{image}<layer")).assert_warned("1_map.tmx:3:1", "image layer");
    let grouped = format!("<group id=\"7\">{image}</group><layer");
    World::new().map("<layer", &grouped).assert_warned("1_map.tmx:3:15", "image layer");
}

#[test]
fn what_is_left_out_of_the_map_is_warned_about() {
    World::new().map("<map", r##"<map backgroundcolor="#336699""##).assert_warned("1_map.tmx:1:6", "background colour");
    World::new().map("<map", r##"<map backgroundcolor="#000000""##).assert_drawn();
    World::new().map("right-down", "left-up").assert_warned("1_map.tmx:1:46", "render order");
    World::new().map("<layer", "<weather/><layer").assert_warned("1_map.tmx:3:1", "<weather>");
    World::new().map(POINT, "<point/><glow/>").assert_warned("1_map.tmx:4:96", "<glow>");
}

#[test]
fn what_is_left_out_of_a_tileset_is_warned_about() {
    for (what, by, at, warning) in [
        ("height=\"32\"", r#"height="32" trans="ff00ff""#, "2:51", "transparent colour of an image"),
        ("columns=", r#"tilerendersize="grid" columns="#, "1:83", "tile render size"),
        ("<tile id=\"1\">", "<tile id=\"1\"><objectgroup/>", "3:15", "collision shape of a tile"),
        ("<tile id=\"1\">", "<tile id=\"1\" x=\"3\">", "3:15", "part of an image in a collection"),
        ("<tile id=\"1\">", "<sparks/><tile id=\"1\">", "3:2", "<sparks>"),
        ("<tile id=\"1\">", "<tile id=\"1\"><shine/>", "3:15", "<shine>"),
        (" source=\"sheet.png\"", " format=\"png\"", "2:9", "image within a tileset's file"),
    ] {
        World::new().sheet(what, by).assert_warned(&format!("sheet.tsx:{at}"), warning);
    }
}

#[test]
fn what_has_nothing_to_do_with_looks_is_well() {
    World::new()
        .map("<layer", r#"<editorsettings><export target="a"/></editorsettings><properties/><layer"#)
        .map("<objectgroup", r##"<objectgroup color="#ff0000" visible="0" tintcolor="#ff0000" parallaxx="3""##)
        .sheet("<image", r#"<grid orientation="orthogonal" width="1" height="1"/><transformations hflip="1"/><image"#)
        .sheet("</tileset>", r#"<wangsets><wangset name="w" type="edge" tile="-1"/></wangsets></tileset>"#)
        .sheet(r#"<tile id="1">"#, r#"<tile id="1" probability="0.5" terrain="0,,0," type="wall">"#)
        .assert_drawn();
}

#[test]
fn pictures_and_tilesets_that_clients_do_not_get_are_warned_about() {
    let picture = |name: &str| World::new().sheet("sheet.png", name);
    picture("none.png").assert_warned("sheet.tsx:2:17", "`none.png` does not exist");
    picture("sheet.gif").file("sheet.gif", "").assert_warned("sheet.tsx:2:17", "`sheet.gif` is not a .png file");
    let outside = "`../sheet.png` is outside the folder of the maps";
    picture("../sheet.png").assert_warned("sheet.tsx:2:17", outside);
    let warning = "`../sheet.tsx` is outside the folder of the maps";
    let outside = World::new().map("sheet.tsx", "../sheet.tsx").file("../sheet.tsx", SHEET).warnings();
    assert!(outside.iter().any(|line| line.starts_with(&format!("1_map.tmx:2:31: warning: {warning}"))), "{outside:?}");
    let long = format!("<map {}", " ".repeat(4 << 20));
    World::new().map("<map ", &long).assert_warned("1_map.tmx:1:1", "the map is larger than 4 MiB");
}

#[test]
fn a_tall_tile_without_ground_is_warned_about() {
    World::new().map("1,1", "1,3").assert_warned("1_map.tmx:3:73", "`tall` tile without ground");
    World::new().map("1,1", "1,4").assert_drawn();
    let ground = |visible: u8, tiles: &str| {
        let layer = r#"width="2" height="1"><data encoding="csv">"#;
        let other = format!(r#"</layer><layer id="9" name="tall" {layer}1,3</data></layer>"#);
        World::new()
            .map("1,1", tiles)
            .map(LAYER, &format!("<layer visible=\"{visible}\" id=\"1\""))
            .map("</layer>", &other)
    };
    ground(1, "1,1").assert_drawn();
    assert_eq!(ground(1, "1,0").warnings().len(), 1, "there is ground below another tile only");
    assert_eq!(ground(0, "1,1").warnings().len(), 1, "the ground is invisible");
}

#[test]
fn many_places_of_one_kind_are_shown_together() {
    let warnings = World::new().map("<layer", &format!("{}<layer", "<imagelayer/>\n".repeat(15))).warnings();
    assert_eq!(warnings.len(), 11);
    assert!(warnings[10].contains("image layer, here and in 4 more places"), "{warnings:?}");
}

#[test]
fn what_would_mislead_players_is_refused() {
    let offset = r#"<group offsetx="8"><layer id="1""#;
    for (what, by, fault) in [
        ("orthogonal", "isometric", "the map's orientation is isometric"),
        ("<layer id", "<layer offsety=\"0.5\" id", "the layer has the offset `offsety`"),
        ("<objectgroup", "<objectgroup offsetx=\"1\"", "the layer has the offset `offsetx`"),
        ("<object id", "<object gid=\"1\" id", "is drawn as a tile"),
        ("<object id", "<object rotation=\"45\" id", "is drawn as a rotated object"),
        ("<object id", "<object template=\"a.tx\" id", "the object is made from a template"),
        (POINT, "<text>here</text>", "is drawn as text"),
        (POINT, "<polygon points=\"0,0\"/>", "is drawn as a polygon"),
    ] {
        World::new().map(what, by).assert_refused(fault);
    }
    World::new()
        .map(LAYER, offset)
        .map("</layer>", "</layer></group>")
        .assert_refused("the layer has the offset `offsetx`");
}
