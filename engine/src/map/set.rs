//! All maps of a game: loaded together, since they lead to each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use realmgate_protocol::ids::MapId;

use super::class::{is_name, name_rule};
use super::drawn::DrawnMap;
use super::read::{Found, Tilesets, read};
use super::{Map, MapObjects};
use crate::data::{Fault, Faults, SourceText};

/// The maps of a folder, by number.
///
/// ```
/// use realmgate_engine::map::{MapObjects, MapSet};
/// use realmgate_protocol::ids::MapId;
///
/// # let directory = tempfile::tempdir()?;
/// # let folder = directory.path();
/// # let tileset = r#"<tileset name="ground" tilewidth="16" tileheight="16" tilecount="1" columns="1">
/// #     <image source="ground.png" width="16" height="16"/></tileset>"#;
/// # let glade = r#"<map version="1.10" orientation="orthogonal" width="3" height="3" tilewidth="16" tileheight="16">
/// #     <tileset firstgid="1" source="ground.tsx"/>
/// #     <layer id="1" name="ground" width="3" height="3"><data encoding="csv">1,1,1,1,1,1,1,1,1</data></layer>
/// #     <objectgroup id="2" name="places">
/// #     <object id="1" name="start" type="spawn" x="24" y="24"><point/></object></objectgroup></map>"#;
/// # std::fs::write(folder.join("ground.tsx"), tileset)?;
/// # std::fs::write(folder.join("1_glade.tmx"), glade)?;
/// // The folder has `1_glade.tmx`. A game adds its own classes of objects with `register`.
/// let objects = MapObjects::new();
/// let maps = MapSet::load(folder, &objects)?;
/// let glade = maps.get(MapId(1)).ok_or("there is no map 1")?;
/// assert_eq!(glade.name, "glade");
/// assert!(glade.spawn_point("start").is_some());
///
/// std::fs::write(folder.join("2_cave.tmx"), "<map>")?;
/// let faults = MapSet::load(folder, &objects).err().ok_or("no fault was found")?;
/// for fault in &faults {
///     println!("{}:{}:{}: {}", fault.file.display(), fault.line, fault.column, fault.message);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MapSet {
    maps: BTreeMap<MapId, Arc<Map>>,
    warnings: Faults,
}

impl MapSet {
    /// Checks and loads every `<number>_<name>.tmx` of a folder, with objects of these classes. All faults of all maps
    /// are found at once, including objects that lead to a map or a place which is not there.
    ///
    /// # Errors
    /// All faults that were found, or a fault of the folder when it cannot be read or holds no map.
    pub fn load(folder: &Path, objects: &MapObjects) -> Result<Self, Faults> {
        let mut found = Found::default();
        let mut tilesets = Tilesets::default();
        let mut drawn = BTreeMap::new();
        for file in map_files(folder)? {
            match read_file(&file, objects, &mut tilesets, &mut drawn) {
                Ok(in_file) => {
                    found.faults.extend(in_file.faults);
                    found.warnings.extend(in_file.warnings);
                }
                Err(fault) => found.faults.push(fault),
            }
        }
        let Found { mut faults, mut warnings } = found;
        faults.extend(tilesets.faults);
        warnings.extend(tilesets.warnings);
        drawn.values().for_each(|map| objects.check(map, &drawn, &mut faults));
        faults.into_result(())?;
        let mut faults = Faults::new();
        let load = |map: DrawnMap| objects.load(map).map_err(|fault| faults.push(fault)).ok();
        let set: Self = drawn.into_values().filter_map(load).collect();
        faults.into_result(Self { warnings, ..set })
    }

    /// What players will not see of the maps as they are drawn in Tiled, and where that is written.
    pub fn warnings(&self) -> &Faults {
        &self.warnings
    }

    /// A map by its number; `None` if there is none.
    pub fn get(&self, id: MapId) -> Option<&Arc<Map>> {
        self.maps.get(&id)
    }

    /// All maps, by number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Map>> {
        self.maps.values()
    }
}

/// Maps that are made in code.
impl FromIterator<Map> for MapSet {
    fn from_iter<I: IntoIterator<Item = Map>>(maps: I) -> Self {
        let maps = maps.into_iter().map(|map| (map.id, Arc::new(map))).collect();
        Self { maps, warnings: Faults::new() }
    }
}

fn map_files(folder: &Path) -> Result<Vec<PathBuf>, Faults> {
    let unreadable = |error: std::io::Error| {
        Fault::of_file(folder, format!("cannot read the folder of the maps: {error}"), "a folder with .tmx files")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "tmx") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Fault::of_file(folder, "the folder contains no map", "a file like `1_greenvale.tmx`").into());
    }
    files.sort();
    Ok(files)
}

/// Reads one file. `Ok` holds what was found in the map, `Err` a fault of the file.
fn read_file(
    file: &Path,
    objects: &MapObjects,
    tilesets: &mut Tilesets,
    drawn: &mut BTreeMap<MapId, DrawnMap>,
) -> Result<Found, Fault> {
    let (id, name) = named(file).ok_or_else(|| {
        let expected = format!("`<number>_<name>.tmx` with a number from 1 to 65535 and a name of {}", name_rule());
        Fault::of_file(file, "the file name does not give the number and the name of the map", expected)
    })?;
    if let Some(other) = drawn.get(&id) {
        let other = other.source.file().display();
        return Err(Fault::of_file(
            file,
            format!("duplicate map number {id}"),
            format!("another number, since {other} has this one"),
        ));
    }
    let source = SourceText::read(file)?;
    let (content, found) = read(&source, objects, tilesets);
    drawn.insert(id, DrawnMap { id, name, source, grid: content.grid, objects: content.objects });
    Ok(found)
}

fn named(file: &Path) -> Option<(MapId, String)> {
    let (number, name) = file.file_stem()?.to_str()?.split_once('_')?;
    let number: u16 = number.parse().ok().filter(|number| *number > 0)?;
    is_name(name).then(|| (MapId(number), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use realmgate_protocol::movement::Position;

    use super::*;
    use crate::map::{DrawnObject, MapObject, ObjectCheck, ObjectClass, Property, Rect, Shape};

    const TILESET: &str = r#"<tileset name="t" tilewidth="16" tileheight="16" tilecount="2" columns="2">
 <image source="t.png" width="32" height="16"/>
 <tile id="1"><properties><property name="solid" type="bool" value="true"/></properties></tile>
</tileset>"#;

    const SPAWN: &str = r#"<object id="1" name="start" type="spawn" x="24" y="24"><point/></object>"#;

    /// A class with properties of every kind.
    #[derive(Debug, Clone, PartialEq)]
    struct Camp {
        rect: Rect,
        tribe: String,
        chief: Option<String>,
        tents: u8,
        exit: String,
    }

    impl MapObject for Camp {
        const CLASS: &'static ObjectClass = &ObjectClass {
            name: "camp",
            noun: "camp",
            shape: Shape::Rectangle,
            colour: "#ff000000",
            description: "Where a tribe lives.",
            is_required: false,
            properties: &[
                Property::name("tribe", "Who lives here."),
                Property::optional_name("chief", "Who leads them."),
                // More than the type can hold.
                Property::number("tents", 1..=1_000, Some(3), "How many tents there are."),
                Property::name("exit", "Spawn point of those who are driven out."),
            ],
        };

        fn build(drawn: &DrawnObject) -> Option<Self> {
            Some(Self {
                rect: drawn.rect(),
                tribe: drawn.text("tribe")?.to_owned(),
                chief: drawn.text("chief").map(str::to_owned),
                tents: drawn.number("tents")?,
                exit: drawn.text("exit")?.to_owned(),
            })
        }

        fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
            check.has_open_tile(drawn);
            check.spawn_point(drawn, "exit");
        }
    }

    /// Loads a map of 5 × 4 tiles whose objects are given; only the second and the last tile of the last row are solid.
    fn load(objects: &str) -> Result<Arc<Map>, Faults> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("t.tsx"), TILESET).expect("writable");
        let mut map = String::new();
        write!(
            map,
            r#"<map version="1.10" orientation="orthogonal" width="5" height="4" tilewidth="16" tileheight="16">
            <tileset firstgid="1" source="t.tsx"/>
            <group id="9" name="all"><layer id="1" name="ground" width="5" height="4">
            <data encoding="csv">1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,1,1,2147483650</data></layer>
            <objectgroup id="2" name="places">{SPAWN}{objects}</objectgroup></group></map>"#
        )
        .expect("a string can be written to");
        std::fs::write(folder.path().join("7_glade.tmx"), map).expect("writable");
        let set = MapSet::load(folder.path(), &MapObjects::new().register::<Camp>())?;
        Ok(set.get(MapId(7)).expect("the map is loaded").clone())
    }

    fn drawn_camp(properties: &str) -> String {
        format!(
            r#"
<object id="3" name="den" class="camp" x="16.5" y="0" width="40.25" height="32">
<properties><property name="tribe" value="wolves"/><property name="exit" value="start"/>{properties}</properties>
</object>"#
        )
    }

    #[test]
    fn what_is_drawn_is_what_is_loaded() {
        let map = load(&drawn_camp("")).unwrap();
        assert_eq!((map.name.as_str(), map.grid.width(), map.grid.height()), ("glade", 5, 4));
        let tiles = (0..4).flat_map(|y| (0..5).map(move |x| (x, y)));
        let solid: Vec<(i32, i32)> = tiles.filter(|(x, y)| map.grid.is_solid(*x, *y)).collect();
        assert_eq!(solid, [(1, 3), (4, 3)], "a turned tile is as solid as the tile");
        let [spawn] = map.spawn_points() else { panic!("one spawn point is drawn") };
        assert_eq!((spawn.name.as_str(), spawn.position), ("start", Position::tile_centre(1, 1)));
        let camp = Camp {
            rect: Rect { min: Position { x: 1_056, y: 0 }, max: Position { x: 3_632, y: 2_048 } },
            tribe: "wolves".to_owned(),
            chief: None,
            tents: 3,
            exit: "start".to_owned(),
        };
        assert_eq!(map.all::<Camp>(), [camp], "defaults are not in the file");
    }

    #[test]
    fn what_a_designer_may_leave_out_may_be_given() {
        let given = r#"<property name="chief" value="fang"/><property name="tents" type="int" value="9"/>"#;
        let map = load(&drawn_camp(given)).unwrap();
        let [camp] = map.all::<Camp>() else { panic!("one camp is drawn") };
        assert_eq!((camp.chief.as_deref(), camp.tents), (Some("fang"), 9));
        let empty = load(&drawn_camp(r#"<property name="chief" value=""/>"#)).unwrap();
        assert_eq!(empty.all::<Camp>()[0].chief, None, "Tiled offers an empty text where nothing is chosen");
    }

    #[test]
    fn a_check_against_other_data_points_into_the_map() {
        let map = load(&drawn_camp("")).unwrap();
        let at = |property: &'static str| {
            let fault = map.fault::<Camp>("den", property, "who?", "");
            assert_eq!((fault.message.as_str(), fault.file.file_name()), ("who?", Some("7_glade.tmx".as_ref())));
            (fault.line, fault.column)
        };
        assert_eq!([at(""), at("tribe"), at("exit")], [(6, 1), (7, 43), (7, 81)]);
        assert_eq!(at("tents"), (6, 1), "what is not written has the place of its object");
    }

    #[test]
    fn a_type_that_cannot_hold_what_its_class_allows_is_a_fault_of_the_object() {
        let faults = load(&drawn_camp(r#"<property name="tents" type="int" value="300"/>"#)).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column, fault.message.as_str())).collect();
        assert_eq!(told, [(6, 1, "the camp `den` cannot be built from its properties")]);
    }

    #[test]
    fn objects_can_be_added_to_a_map_that_others_share() {
        let map = load(&drawn_camp("")).unwrap();
        let mut larger = map.clone();
        let second = Camp { tents: 5, ..map.all::<Camp>()[0].clone() };
        Arc::make_mut(&mut larger).add(second.clone());
        assert_eq!(map.all::<Camp>().len(), 1);
        assert_eq!(larger.all::<Camp>(), [map.all::<Camp>()[0].clone(), second]);
    }
}
