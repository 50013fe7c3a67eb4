//! The maps in `maps/` are whole: everything on them can be walked to, and Tiled knows what the server knows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use realmgate_engine::map::{Map, MapSet};
use realmgate_game::combat::SafeZones;
use realmgate_game::maps::map_objects;
use realmgate_game::spawn::MobArea;
use realmgate_game::travel::{Portal, reachable_from};
use realmgate_game::vendor::VendorSpot;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::Position;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../maps")
}

fn maps() -> MapSet {
    MapSet::load(&folder(), &map_objects()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The tiles that can be walked to, with the number of tiles on the way.
fn walk(map: &Map, from: Position) -> std::collections::BTreeMap<(i32, i32), u32> {
    let mut reached = std::collections::BTreeMap::from([(from.tile(), 0)]);
    let mut next = std::collections::VecDeque::from([from.tile()]);
    while let Some((x, y)) = next.pop_front() {
        let steps = reached[&(x, y)] + 1;
        for to in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] {
            if !map.grid.is_solid(to.0, to.1) && !reached.contains_key(&to) {
                reached.insert(to, steps);
                next.push_back(to);
            }
        }
    }
    reached
}

/// Reads the files line by line, as Tiled saves them, and not as XML.
#[test]
fn every_tile_is_as_solid_as_it_is_drawn() {
    let read = |file: String| std::fs::read_to_string(folder().join(file)).unwrap();
    let tileset = read("tileset.tsx".to_owned());
    let tiles = tileset.split("<tile id=\"").skip(1);
    let solid: BTreeSet<u32> = tiles
        .filter(|tile| tile.contains("name=\"solid\" type=\"bool\" value=\"true\""))
        .map(|tile| tile.split_once('"').unwrap().0.parse::<u32>().unwrap() + 1)
        .collect();
    assert!(!solid.is_empty(), "the tileset has walls");
    for map in maps().iter() {
        let text = read(format!("{}_{}.tmx", map.id, map.name));
        let rows = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
        let rows: Vec<Vec<u32>> =
            rows.map(|row| row.trim_end_matches(',').split(',').map(|tile| tile.parse().unwrap()).collect()).collect();
        let height = map.grid.height() as usize;
        assert_eq!(rows.len() % height, 0, "{}: whole layers", map.name);
        for (y, x) in (0..height).flat_map(|y| (0..map.grid.width() as usize).map(move |x| (y, x))) {
            let drawn = rows.iter().skip(y).step_by(height).any(|row| solid.contains(&row[x]));
            assert_eq!(map.grid.is_solid(x as i32, y as i32), drawn, "{}: tile {x}, {y}", map.name);
        }
    }
}

#[test]
fn everything_can_be_walked_to_from_the_first_spawn_point() {
    for map in maps().iter() {
        let reached = walk(map, map.spawn_points()[0].position);
        let on_foot = |at: Position| reached.contains_key(&at.tile());
        for spawn in map.spawn_points() {
            assert!(on_foot(spawn.position), "{}: spawn point {}", map.name, spawn.name);
        }
        for vendor in map.all::<VendorSpot>() {
            assert!(on_foot(vendor.position), "{}: vendor {}", map.name, vendor.name);
        }
        for portal in map.all::<Portal>() {
            let inside = portal.rect.whole_tiles().any(|tile| reached.contains_key(&tile));
            assert!(inside, "{}: portal {}", map.name, portal.name);
        }
        for area in map.all::<MobArea>() {
            let open: Vec<_> = area.rect.whole_tiles().filter(|(x, y)| !map.grid.is_solid(*x, *y)).collect();
            assert!(
                open.iter().all(|tile| reached.contains_key(tile)),
                "{}: mobs could be shut in {}",
                map.name,
                area.name
            );
            assert!(open.len() >= area.count as usize * 4, "{}: {} is too small for its mobs", map.name, area.name);
        }
        // All that is drawn was looked at.
        let text = std::fs::read_to_string(folder().join(format!("{}_{}.tmx", map.id, map.name))).unwrap();
        let drawn =
            ["spawn", "vendor", "portal", "mobs"].map(|class| text.matches(&format!("type=\"{class}\"")).count());
        let (vendors, portals) = (map.all::<VendorSpot>().len(), map.all::<Portal>().len());
        assert_eq!([map.spawn_points().len(), vendors, portals, map.all::<MobArea>().len()], drawn, "{}", map.name);
    }
}

#[test]
fn the_way_out_of_town_is_short() {
    let maps = maps();
    let greenvale = maps.get(MapId(1)).expect("map 1 is the first map of every player");
    let reached = walk(greenvale, greenvale.spawn_points()[0].position);
    assert!(!greenvale.all::<Portal>().is_empty(), "there is a way out");
    for portal in greenvale.all::<Portal>() {
        let steps = portal.rect.whole_tiles().filter_map(|tile| reached.get(&tile)).min();
        assert!(steps.is_some_and(|steps| *steps <= 30), "{}: {steps:?} tiles", portal.name);
    }
}

#[test]
fn every_map_can_be_reached_and_left() {
    let maps = maps();
    let all: BTreeSet<_> = maps.iter().map(|map| map.id).collect();
    assert!(all.len() > 1, "there is somewhere to go");
    for map in maps.iter() {
        assert_eq!(reachable_from(&maps, map.id), all, "from {}", map.name);
    }
}

#[test]
fn no_mob_lives_in_a_safe_zone() {
    for map in maps().iter() {
        let zones = SafeZones::of(map);
        assert!(!map.all::<MobArea>().is_empty() && zones.areas().count() > 0, "{} has both", map.name);
        for area in map.all::<MobArea>() {
            let centres = area.rect.whole_tiles().map(|(x, y)| Position::tile_centre(x, y));
            assert_eq!(centres.filter(|at| zones.contain(*at)).count(), 0, "{}: {}", map.name, area.name);
        }
    }
}

#[test]
fn tiled_is_told_what_the_server_understands() {
    let read = |file: &str| std::fs::read_to_string(folder().join(file)).unwrap();
    assert_eq!(
        read("propertytypes.json"),
        map_objects().property_types_json(),
        "write the new text to maps/propertytypes.json"
    );
    // Tiled adds to its project file; what the server understands must still be in it.
    let types = |text: &str| -> Vec<serde_json::Value> {
        let project: serde_json::Value = serde_json::from_str(text).unwrap();
        project["propertyTypes"].as_array().unwrap().clone()
    };
    let shipped = types(&read("realmgate.tiled-project"));
    for declared in types(&map_objects().tiled_project_json()) {
        let same = |shipped: &&serde_json::Value| shipped["name"] == declared["name"];
        let found = shipped.iter().find(same).unwrap_or_else(|| panic!("no class {}", declared["name"]));
        // Tiled drops the descriptions when it saves, and orders members as it likes.
        let members = |class: &serde_json::Value| -> BTreeSet<String> {
            let members = class["members"].as_array().unwrap().iter();
            members.map(|member| format!("{} {} {}", member["name"], member["type"], member["value"])).collect()
        };
        assert_eq!(members(found), members(&declared), "class {}", declared["name"]);
    }
}
