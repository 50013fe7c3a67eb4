//! The shipped data is valid, and faults in data are reported with their place.

use std::path::{Path, PathBuf};

use realmgate_engine::map::MapSet;
use realmgate_game::data::{GameData, schemas};
use realmgate_game::maps::map_objects;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn what_ships_fits_its_schemas_and_its_maps() {
    let data = GameData::load(&folder("../assets")).unwrap_or_else(|faults| panic!("{faults}"));
    let maps = MapSet::load(&folder("../maps"), &map_objects()).unwrap_or_else(|faults| panic!("{faults}"));
    data.check_maps(&maps).unwrap_or_else(|faults| panic!("{faults}"));
    for (_, id, class) in data.classes.iter() {
        assert!(class.abilities.len() >= 4, "{id} has too little to do");
    }
}

#[test]
fn every_kind_of_file_has_a_schema_that_explains_itself() {
    let schemas = schemas();
    let names: Vec<&str> = schemas.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "abilities.schema.json",
            "classes.schema.json",
            "items.schema.json",
            "leaderboards.schema.json",
            "loot_tables.schema.json",
            "mobs.schema.json",
            "theme.schema.json",
            "vendors.schema.json",
            "world.schema.json",
        ]
    );
    let mut files: Vec<String> = std::fs::read_dir(folder("../assets"))
        .expect("the assets")
        .map(|entry| entry.expect("a readable folder").file_name().display().to_string())
        .filter_map(|file| file.strip_suffix(".toml").map(|kind| format!("{kind}.schema.json")))
        .collect();
    files.sort();
    assert_eq!(names, files, "the kinds of files that ship");
    let mobs = schemas.iter().find(|(name, _)| name.starts_with("mobs")).map(|(_, schema)| schema.to_string());
    assert!(
        mobs.is_some_and(|schema| schema.contains("Whether it attacks unprovoked")),
        "doc comments are descriptions"
    );
    for (name, schema) in &schemas {
        let (mut explained, mut silent) = (0, Vec::new());
        visit_properties(schema, &mut |property, schema| match schema["description"].as_str() {
            Some(text) if !text.is_empty() => explained += 1,
            // What a tag may be is said by the variant that it names.
            _ if schema.get("const").is_some() => {}
            _ => silent.push(property.to_owned()),
        });
        assert!(explained > 0 && silent.is_empty(), "{name}: {explained} explained, and not {silent:?}");
    }
}

/// Shows every property of a schema and of those within it.
fn visit_properties(schema: &Value, show: &mut impl FnMut(&str, &Value)) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        properties.iter().for_each(|(name, property)| show(name, property));
    }
    let within: Box<dyn Iterator<Item = &Value>> = match schema {
        Value::Object(fields) => Box::new(fields.values()),
        Value::Array(items) => Box::new(items.iter()),
        _ => return,
    };
    within.for_each(|inner| visit_properties(inner, show));
}

/// Copies the shipped maps with another text in place of one where that stands first in a file. Returns these places:
/// files with lines.
fn copy_maps(to: &Path, text: &str, other: &str) -> Vec<(PathBuf, usize)> {
    let mut places = Vec::new();
    for entry in std::fs::read_dir(folder("../maps")).expect("the maps") {
        let from = entry.expect("a readable folder").path();
        let to = to.join(from.file_name().expect("a file"));
        match std::fs::read_to_string(&from) {
            Ok(map) => {
                let before = map.split_once(text).map(|(before, _)| before.lines().count());
                places.extend(before.map(|line| (to.clone(), line)));
                std::fs::write(to, map.replacen(text, other, 1))
            }
            Err(_) => std::fs::copy(from, to).map(drop),
        }
        .expect("a copy");
    }
    places
}

#[test]
fn maps_that_name_what_the_data_does_not_know_are_reported_in_the_map() {
    let data = GameData::load(&folder("../assets")).unwrap_or_else(|faults| panic!("{faults}"));
    for (kind, known, unknown) in [("mob", "rabbit", "rabit"), ("vendor", "darkwood_trader", "darkwood_trade")] {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let named = |id: &str| format!("name=\"{kind}\" value=\"{id}\"");
        let places = copy_maps(scratch.path(), &named(known), &named(unknown));
        let maps = MapSet::load(scratch.path(), &map_objects()).unwrap_or_else(|faults| panic!("{faults}"));
        let faults = data.check_maps(&maps).expect_err("there is no such thing");
        let found: Vec<_> = faults.iter().map(|fault| (fault.file.clone(), fault.line as usize)).collect();
        assert_eq!(found, places, "{faults}");
        assert_eq!(found.len(), 1, "one map names it");
        let fault = faults.iter().next().expect("a fault");
        assert_eq!(fault.message, format!("there is no {kind} `{unknown}`"));
        assert!(fault.expected.ends_with(&format!("did you mean `{known}`?")), "{fault}");
    }
}

/// Each file of `broken_data` replaces one of the scenes' files. Only its own faults are checked.
#[test]
fn broken_files_are_reported_with_line_and_column() {
    let good = folder("tests/world/data");
    let mut broken: Vec<_> = std::fs::read_dir(folder("tests/broken_data"))
        .expect("the folder is there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    broken.sort();
    assert!(broken.len() >= 10, "{} broken files", broken.len());
    for file in broken {
        let case = file.file_stem().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        let kind = case.split('-').next().expect("`<kind>-<what is wrong>.toml`");
        let scratch = tempfile::tempdir().expect("a scratch folder");
        for entry in std::fs::read_dir(&good).expect("the good data") {
            let from = entry.expect("a readable folder").path();
            std::fs::copy(&from, scratch.path().join(from.file_name().expect("a file"))).expect("a copy");
        }
        std::fs::copy(&file, scratch.path().join(format!("{kind}.toml"))).expect("a copy");
        let faults = GameData::load(scratch.path()).expect_err(&case);
        let lines: Vec<String> = faults
            .iter()
            .filter(|fault| fault.file.file_stem().and_then(|name| name.to_str()) == Some(kind))
            .map(|fault| format!("{}:{}: {}; expected {}", fault.line, fault.column, fault.message, fault.expected))
            .collect();
        insta::assert_snapshot!(case, lines.join("\n"));
    }
}
