//! Every folder in `broken_maps/` gives the faults that the snapshot beside it lists.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use realmgate_engine::data::{Fault, Faults};
use realmgate_engine::map::MapSet;
use realmgate_game::maps::map_objects;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken_maps")
}

/// The faults, with file names that are the same on every machine.
fn relative(faults: Faults) -> Faults {
    let mut relative = Faults::new();
    relative.extend(faults.into_iter().map(|fault| Fault {
        file: fault.file.strip_prefix(folder()).map(Path::to_owned).unwrap_or(fault.file),
        message: fault.message.replace(&folder().display().to_string(), ""),
        expected: fault.expected.replace(&folder().display().to_string(), ""),
        ..fault
    }));
    relative
}

#[test]
fn every_fault_is_reported_where_it_is() {
    let mut folders: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(folders.len() >= 15, "only {} broken maps are left", folders.len());
    for maps in folders {
        let name = maps.file_name().unwrap().to_str().unwrap();
        let faults = relative(MapSet::load(&maps, &map_objects()).expect_err(name));
        insta::with_settings!({
            snapshot_path => folder(),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, faults.to_string());
        });
    }
}

/// A copy of the shipped maps, to be damaged.
fn shipped_maps() -> tempfile::TempDir {
    let maps = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../maps")).expect("readable") {
        let file = entry.expect("readable").path();
        if file.is_file() {
            std::fs::copy(&file, maps.path().join(file.file_name().expect("a name"))).expect("writable");
        }
    }
    maps
}

#[test]
fn undamaged_the_maps_load() {
    MapSet::load(shipped_maps().path(), &map_objects()).unwrap_or_else(|faults| panic!("{faults}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However a bad merge damages a map, the check ends with faults inside the map, or the map is loaded.
    #[test]
    fn no_bad_merge_stops_the_check(from in 0usize..12_000, cut in 0usize..200, typed in "[a-z0-9<>/\"=, \n]{0,4}") {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../maps");
        let mut text = std::fs::read_to_string(shipped.join("3_barrow.tmx")).unwrap();
        text.replace_range(from.min(text.len())..(from + cut).min(text.len()), &typed);
        let maps = shipped_maps();
        let damaged = maps.path().join("3_barrow.tmx");
        std::fs::write(&damaged, &text).unwrap();
        if let Err(faults) = MapSet::load(maps.path(), &map_objects()) {
            prop_assert!(!faults.is_empty(), "it is refused without a word");
            // Portals of the other maps may lead nowhere now.
            for fault in faults.iter().filter(|fault| fault.file == damaged) {
                prop_assert!(fault.line as usize <= text.split('\n').count() && fault.span.end <= text.len(), "{fault}");
            }
        }
    }
}
