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
fn every_broken_map_is_reported_with_its_faults_and_where_they_are() {
    let mut folders: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let snapshots = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let snapshots = snapshots.filter(|path| path.extension().is_some_and(|extension| extension == "snap")).count();
    assert!(folders.len() == snapshots && snapshots > 0, "{} maps, {snapshots} snapshots", folders.len());
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
    let maps = shipped_maps();
    let set = MapSet::load(maps.path(), &map_objects()).unwrap_or_else(|faults| panic!("{faults}"));
    let files = std::fs::read_dir(maps.path()).expect("readable").map(|file| file.expect("readable").path());
    let drawn = files.filter(|file| file.extension().is_some_and(|end| end == "tmx")).count();
    assert!(drawn > 0);
    assert_eq!(set.iter().count(), drawn);
}

/// Writes this text as a map among the others. The check has to end: with faults inside it, or with the map.
#[track_caller]
fn check_damaged(maps: &Path, text: &str) {
    let damaged = maps.join("3_barrow.tmx");
    std::fs::write(&damaged, text).expect("writable");
    if let Err(faults) = MapSet::load(maps, &map_objects()) {
        assert!(!faults.is_empty(), "it is refused without a word");
        // Portals of the other maps may lead nowhere now.
        for fault in faults.iter().filter(|fault| fault.file == damaged) {
            assert!(fault.line as usize <= text.split('\n').count() && fault.span.end <= text.len(), "{fault}");
        }
    }
}

/// As when one side of a merge is lost, or both are kept.
#[test]
fn no_attribute_that_is_lost_and_no_line_that_is_lost_or_kept_twice_stops_the_check() {
    let maps = shipped_maps();
    let text = std::fs::read_to_string(maps.path().join("3_barrow.tmx")).unwrap();
    for (at, _) in text.match_indices("=\"") {
        let (start, value) = (text[..at].rfind(' ').unwrap(), at + 2);
        let end = value + text[value..].find('"').unwrap() + 1;
        check_damaged(maps.path(), &[&text[..start], &text[end..]].concat());
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for number in 0..lines.len() {
        check_damaged(maps.path(), &[&lines[..number], &lines[number + 1..]].concat().concat());
        check_damaged(maps.path(), &[&lines[..=number], &lines[number..]].concat().concat());
    }
    let (cells, end) = (text.find("csv\">").unwrap() + 5, text.find("</data>").unwrap());
    check_damaged(maps.path(), &[&text[..cells], &text[end..]].concat());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However a bad merge damages a map, the check ends with faults inside the map, or the map is loaded.
    #[test]
    fn no_bad_merge_stops_the_check(from in 0usize..12_000, cut in 0usize..200, typed in "[a-z0-9<>/\"=, \n]{0,4}") {
        let maps = shipped_maps();
        let mut text = std::fs::read_to_string(maps.path().join("3_barrow.tmx")).unwrap();
        text.replace_range(from.min(text.len())..(from + cut).min(text.len()), &typed);
        check_damaged(maps.path(), &text);
    }
}
