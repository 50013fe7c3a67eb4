//! All maps of a game: loaded together, since they lead to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use realmgate_protocol::ids::MapId;

use super::build::build;
use super::check::{self, Object, Shelf, Survey};
use super::classes::{is_name, name_rule};
use super::{Map, ObjectKind};
use crate::data::{Fault, Faults, SourceText, one_of};

/// The maps of a folder, by number.
#[derive(Debug, Clone, Default)]
pub struct MapSet {
    maps: BTreeMap<MapId, Arc<Map>>,
}

impl MapSet {
    /// Checks and loads every `<number>_<name>.tmx` of a folder. All faults of all maps are found at once, including
    /// portals that lead nowhere.
    ///
    /// # Errors
    /// All faults that were found, or a fault of the folder when it cannot be read or holds no map.
    pub fn load(folder: &Path) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let mut shelf = Shelf::default();
        let mut drafts = BTreeMap::new();
        for file in map_files(folder)? {
            match draft(&file, &mut shelf, &mut drafts) {
                Ok(found) => faults.extend(found),
                Err(fault) => faults.push(fault),
            }
        }
        faults.extend(std::mem::take(&mut shelf.faults));
        faults.extend(drafts.values().flat_map(|draft| lost_portals(draft, &drafts)));
        faults.into_result(())?;
        let built = drafts.into_iter().map(|(id, draft)| build(id, &draft.name, &draft.survey, &shelf));
        let mut set = Self::default();
        let mut faults = Faults::new();
        for map in built {
            match map {
                Ok(map) => drop(set.maps.insert(map.id, Arc::new(map))),
                Err(fault) => faults.push(fault),
            }
        }
        faults.into_result(set)
    }

    /// A map by its number; `None` if there is none.
    pub fn get(&self, id: MapId) -> Option<&Arc<Map>> {
        self.maps.get(&id)
    }

    /// All maps, by number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Map>> {
        self.maps.values()
    }

    /// The maps that can be reached through portals from one map, itself included.
    pub fn reachable_from(&self, start: MapId) -> BTreeSet<MapId> {
        let mut reached = BTreeSet::new();
        let mut next = vec![start];
        while let Some(map) = next.pop().and_then(|id| self.get(id)) {
            if reached.insert(map.id) {
                next.extend(map.portals.iter().map(|portal| portal.to_map).filter(|to| !reached.contains(to)));
            }
        }
        reached
    }
}

/// A map that was checked and is not built yet.
struct Draft {
    name: String,
    survey: Survey,
}

fn map_files(folder: &Path) -> Result<Vec<PathBuf>, Faults> {
    let unreadable = |error: std::io::Error| {
        Fault::of_file(folder, format!("the folder of the maps cannot be read: {error}"), "a folder with .tmx files")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "tmx") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Fault::of_file(folder, "the folder holds no map", "a file like `1_greenvale.tmx`").into());
    }
    files.sort();
    Ok(files)
}

/// Checks one file. `Ok` holds the faults of the map, `Err` a fault of the file.
fn draft(file: &Path, shelf: &mut Shelf, drafts: &mut BTreeMap<MapId, Draft>) -> Result<Faults, Fault> {
    let (id, name) = named(file).ok_or_else(|| {
        let expected = format!("`<number>_<name>.tmx`, the number from 1 to 65535, the name {}", name_rule());
        Fault::of_file(file, "the file's name does not say which map it is", expected)
    })?;
    if let Some(other) = drafts.get(&id) {
        let other = other.survey.source.file().display();
        return Err(Fault::of_file(
            file,
            format!("there are two maps {id}"),
            format!("another number: {other} has it"),
        ));
    }
    let (survey, faults) = check::check(SourceText::read(file)?, shelf);
    drafts.insert(id, Draft { name, survey });
    Ok(faults)
}

fn named(file: &Path) -> Option<(MapId, String)> {
    let (number, name) = file.file_stem()?.to_str()?.split_once('_')?;
    let number: u16 = number.parse().ok().filter(|number| *number > 0)?;
    is_name(name).then(|| (MapId(number), name.to_owned()))
}

/// The portals of a map whose target does not exist.
fn lost_portals(draft: &Draft, drafts: &BTreeMap<MapId, Draft>) -> Vec<Fault> {
    let portals = draft.survey.objects.iter().flatten().filter(|object| object.class.kind == ObjectKind::Portal);
    portals.filter_map(|portal| lost(portal, &draft.survey.source, drafts)).collect()
}

fn lost(portal: &Object, source: &SourceText, drafts: &BTreeMap<MapId, Draft>) -> Option<Fault> {
    let (number, span) = portal.property("to_map")?;
    let Some(target) = number.parse().ok().and_then(|number| drafts.get(&MapId(number))) else {
        let maps: Vec<_> = drafts.iter().map(|(id, draft)| format!("{id} ({})", draft.name)).collect();
        return Some(source.fault(span, format!("there is no map {number}"), format!("one of {}", maps.join(", "))));
    };
    let (name, span) = portal.property("to_spawn")?;
    // A target that could not be read has its own fault.
    let objects = target.survey.objects.as_ref()?;
    let spawns = objects.iter().filter(|object| object.class.kind == ObjectKind::Spawn);
    let spawns: Vec<_> = spawns.map(|spawn| spawn.name.as_str()).collect();
    if spawns.contains(&name) {
        return None;
    }
    let message = format!("there is no spawn point `{name}` on map {number} ({})", target.name);
    Some(source.fault(span, message, one_of(name, spawns)))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use realmgate_protocol::movement::Position;

    use super::*;

    const TILESET: &str = r#"<tileset name="t" tilewidth="16" tileheight="16" tilecount="2" columns="2">
 <image source="t.png" width="32" height="16"/>
 <tile id="1"><properties><property name="solid" type="bool" value="true"/></properties></tile>
</tileset>"#;

    const SPAWN: &str = r#"<object id="1" name="start" type="spawn" x="24" y="24"><point/></object>"#;
    const SAFE: &str = r#"<object id="2" name="home" type="safe_zone" x="0" y="0" width="64" height="64">
        <properties><property name="respawn" value="start"/></properties></object>"#;

    /// Loads maps of 4 × 4 tiles whose objects are given; only the south-eastern tile is solid.
    fn load(maps: &[(&str, &str)]) -> Result<MapSet, Faults> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("t.tsx"), TILESET).expect("writable");
        for (file, objects) in maps {
            let mut map = String::new();
            write!(
                map,
                r#"<map version="1.10" orientation="orthogonal" width="4" height="4" tilewidth="16" tileheight="16">
                <tileset firstgid="1" source="t.tsx"/>
                <group id="9" name="all"><layer id="1" name="ground" width="4" height="4">
                <data encoding="csv">1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2147483650</data></layer>
                <objectgroup id="2" name="places">{SPAWN}{SAFE}{objects}</objectgroup></group></map>"#
            )
            .expect("a string can be written to");
            std::fs::write(folder.path().join(file), map).expect("writable");
        }
        MapSet::load(folder.path())
    }

    fn portal(to: u16) -> String {
        format!(
            r#"<object id="3" name="to_{to}" type="portal" x="32" y="0" width="16" height="16"><properties>
            <property name="to_map" type="int" value="{to}"/><property name="to_spawn" value="start"/>
            </properties></object>"#
        )
    }

    #[test]
    fn what_is_drawn_is_what_is_loaded() {
        let den = r#"<object id="3" name="den" class="mobs" x="16.5" y="0" width="40.25" height="32"><properties>
            <property name="mob" value="rabbit"/></properties></object>"#;
        let set = load(&[("7_glade.tmx", den)]).unwrap();
        let map = set.get(MapId(7)).unwrap();
        assert_eq!((map.name.as_str(), map.grid.width(), map.grid.height()), ("glade", 4, 4));
        assert!(map.grid.is_solid(3, 3), "a turned tile is as solid as the tile");
        assert!(!map.grid.is_solid(2, 3));
        assert_eq!(map.spawn_points[0].position, Position::tile_centre(1, 1));
        let area = &map.mob_areas[0];
        assert_eq!((area.count, area.respawn_ms, area.level), (1, 30_000, None), "defaults are not in the file");
        assert_eq!(area.rect.min, Position { x: 1_056, y: 0 });
        assert_eq!(area.rect.max, Position { x: 3_632, y: 2_048 });
    }

    #[test]
    fn a_check_of_the_game_points_into_the_map() {
        let vendor = r#"
<object id="3" name="smith" type="vendor" x="24" y="24">
<properties><property name="vendor" value="nobody"/></properties><point/></object>"#;
        let set = load(&[("1_glade.tmx", vendor)]).unwrap();
        let map = set.get(MapId(1)).unwrap();
        let at = |property: &str| {
            let fault = map.fault(ObjectKind::Vendor, "smith", property, "who?", "");
            (fault.line, fault.column)
        };
        let (line, _) = at("");
        assert_eq!(at("vendor"), (line + 1, 44));
    }

    #[test]
    fn portals_say_what_can_be_reached() {
        let (to_1, to_2) = (portal(1), portal(2));
        let set = load(&[("1_a.tmx", &to_2), ("2_b.tmx", &to_1), ("3_c.tmx", &to_1)]).unwrap();
        let reached = |from: u16| set.reachable_from(MapId(from)).into_iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(reached(1), [1, 2]);
        assert_eq!(reached(3), [1, 2, 3]);
        assert!(reached(9).is_empty());
    }

    #[test]
    fn who_dies_returns_to_the_nearest_safe_zone() {
        let far = r#"<object id="3" name="other" type="spawn" x="8" y="56"><point/></object>"#;
        let set = load(&[("1_a.tmx", far)]).unwrap();
        let map = set.get(MapId(1)).unwrap();
        assert_eq!(map.respawn_for(Position::tile_centre(3, 0)), Position::tile_centre(1, 1));
    }
}
