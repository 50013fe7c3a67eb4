//! A class of objects that the game does not have: all that it takes is in this file.

use std::path::Path;

use realmgate_engine::data::Faults;
use realmgate_engine::map::{DrawnObject, MapObject, MapSet, ObjectCheck, ObjectClass, Property, Shape};
use realmgate_game::maps::map_objects;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::Position;
use serde_json::{Value, json};

/// A fountain that heals who drinks from it.
#[derive(Debug, Clone, PartialEq)]
struct HealingFountain {
    position: Position,
    heals: u16,
    /// Item that it costs; `None` if it is free.
    price: Option<String>,
}

impl MapObject for HealingFountain {
    const CLASS: &'static ObjectClass = &ObjectClass {
        name: "healing_fountain",
        noun: "healing fountain",
        shape: Shape::Point,
        colour: "#ff1f6feb",
        description: "Heals whoever drinks from it.",
        is_required: false,
        properties: &[
            Property::number("heals", 1..=10_000, Some(50), "Health that a drink gives."),
            Property::optional_name("price", "Id of the item that a drink costs; without one it is free."),
        ],
    };

    fn build(drawn: &DrawnObject) -> Option<Self> {
        let price = drawn.text("price").map(str::to_owned);
        Some(Self { position: drawn.position(), heals: drawn.number("heals")?, price })
    }

    fn check(drawn: &DrawnObject, check: &mut ObjectCheck<'_>) {
        check.has_room(drawn);
        if let Some(other) = check.all::<Self>().find(|other| other.name() < drawn.name()) {
            let message = format!("`{}` is a second fountain", drawn.name());
            check.fault(drawn, "", message, format!("one: `{}` is there already", other.name()));
        }
    }
}

/// Loads the third map with further objects on it.
fn load(objects: &str) -> Result<MapSet, Faults> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../maps");
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(shipped).unwrap() {
        let path = entry.unwrap().path();
        let copy = folder.path().join(path.file_name().unwrap());
        if path.ends_with("3_barrow.tmx") {
            let text = std::fs::read_to_string(path).unwrap();
            let (before, after) = text.rsplit_once(" </objectgroup>").unwrap();
            std::fs::write(copy, format!("{before}{objects} </objectgroup>{after}")).unwrap();
        } else {
            std::fs::copy(path, copy).unwrap();
        }
    }
    MapSet::load(folder.path(), &map_objects().register::<HealingFountain>())
}

#[test]
fn it_is_loaded_with_what_is_written_and_with_defaults() {
    let at = spawn();
    let written = format!(
        r#"<object id="901" name="well" type="healing_fountain" {at}><properties>
        <property name="price" value="copper_ring"/></properties><point/></object>"#
    );
    let maps = load(&written).unwrap_or_else(|faults| panic!("{faults}"));
    let map = maps.get(MapId(3)).unwrap();
    let position = map.spawn_points()[0].position;
    let price = Some("copper_ring".to_owned());
    assert_eq!(map.all::<HealingFountain>(), [HealingFountain { position, heals: 50, price }]);
    assert!(maps.get(MapId(1)).unwrap().all::<HealingFountain>().is_empty());
}

#[test]
fn its_declaration_and_its_own_check_find_faults() {
    let at = spawn();
    let written = format!(
        r#"<object id="901" name="a" type="healing_fountain" {at}><properties>
        <property name="heals" type="int" value="0"/><property name="depth" value="3"/></properties><point/></object>
        <object id="902" name="b" type="healing_fountain" {at}><point/></object>
        <object id="903" name="c" type="healing_fountainn" {at}><point/></object>"#
    );
    let faults: Vec<_> = load(&written).unwrap_err().into_iter().map(|fault| fault.to_string()).collect();
    let expected = [
        "`heals` is \"0\"; expected a whole number from 1 to 10000",
        "a healing fountain has no property `depth`; expected one of `heals`, `price`",
        "`b` is a second fountain; expected one: `a` is there already",
        "object 903 has the unknown class `healing_fountainn`; expected one of `spawn`, `mobs`, `portal`, `safe_zone`, \
         `vendor`, `healing_fountain`; did you mean `healing_fountain`?",
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.ends_with(expected), "{fault}");
    }
}

#[test]
fn tiled_is_told_of_it() {
    let objects = map_objects().register::<HealingFountain>();
    let types: Value = serde_json::from_str(&objects.property_types_json()).unwrap();
    let fountain = json!({
        "color": "#ff1f6feb",
        "description": "Heals whoever drinks from it.",
        "drawFill": true,
        "id": 6,
        "members": [
            { "description": "Health that a drink gives.", "name": "heals", "type": "int", "value": 50 },
            {
                "description": "Id of the item that a drink costs; without one it is free.",
                "name": "price",
                "type": "string",
                "value": "",
            },
        ],
        "name": "healing_fountain",
        "type": "class",
        "useAs": ["object"],
    });
    assert_eq!(types.as_array().unwrap().last(), Some(&fountain));
    let project: Value = serde_json::from_str(&objects.tiled_project_json()).unwrap();
    assert_eq!(project["propertyTypes"], types, "a project has the same");
}

/// The place of the map's first spawn point, as attributes: there is room for a fountain.
fn spawn() -> String {
    let maps = load("").unwrap_or_else(|faults| panic!("{faults}"));
    let Position { x, y } = maps.get(MapId(3)).unwrap().spawn_points()[0].position;
    // The shipped maps have tiles of 32 pixels, which are 1,024 units.
    format!(r#"x="{}" y="{}""#, x / 32, y / 32)
}
