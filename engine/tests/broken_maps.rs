//! Every folder in `broken_maps/` gives the faults that the snapshot beside it lists.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use realmgate_engine::data::{Fault, Faults};
use realmgate_engine::map::MapSet;

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
        let faults = relative(MapSet::load(&maps).expect_err(name));
        insta::with_settings!({
            snapshot_path => folder(),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, faults.to_string());
        });
    }
}

#[test]
fn a_folder_that_holds_no_map_is_a_fault() {
    let empty = tempfile::tempdir().unwrap();
    let faults = MapSet::load(empty.path()).unwrap_err();
    assert!(faults.to_string().contains("the folder holds no map"), "{faults}");
    let faults = MapSet::load(&empty.path().join("nowhere")).unwrap_err();
    assert!(faults.to_string().contains("cannot be read"), "{faults}");
}

/// The faults of a folder with these files.
fn faults_of(files: &[(&str, &str)]) -> String {
    let maps = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(maps.path().join(name), text).expect("writable");
    }
    MapSet::load(maps.path()).expect_err("the files are broken").to_string()
}

#[test]
fn xml_that_is_too_much_is_refused_before_it_is_parsed() {
    let attributes: String = (0..20_000).map(|number| format!(" a{number}='1'")).collect();
    let wide = faults_of(&[("1_wide.tmx", &format!("<map{attributes}/>"))]);
    assert!(wide.contains("too many attributes") && wide.contains("at most 64"), "{wide}");
    let deep = faults_of(&[("1_deep.tmx", &format!("{}{}", "<group>".repeat(100_000), "</group>".repeat(100_000)))]);
    assert!(deep.contains("too many elements within each other"), "{deep}");
    let long = faults_of(&[("1_long.tmx", &format!("<map>{}</map>", "<a/>".repeat(600_000)))]);
    assert!(long.contains("too many elements"), "{long}");
}

#[test]
fn a_tileset_has_the_same_bounds() {
    let map = r#"<map version="1.10" orientation="orthogonal" width="4" height="4" tilewidth="16" tileheight="16">
        <tileset firstgid="1" source="t.tsx"/></map>"#;
    let deep = format!("{}{}", "<a>".repeat(70), "</a>".repeat(70));
    let faults = faults_of(&[("1_a.tmx", map), ("t.tsx", &deep)]);
    assert!(faults.contains("t.tsx") && faults.contains("too many elements within each other"), "{faults}");
}

#[test]
fn a_file_is_read_up_to_its_bound_alone() {
    let maps = tempfile::tempdir().unwrap();
    // A sparse file: it has no bytes on the disk, and would have a gigabyte in memory.
    std::fs::File::create(maps.path().join("1_long.tmx")).unwrap().set_len(1 << 30).unwrap();
    let faults = MapSet::load(maps.path()).unwrap_err().to_string();
    assert!(faults.contains("the file is too long") && faults.contains("64 MiB"), "{faults}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However a bad merge damages a map, the check ends with faults inside the map, or the map is loaded.
    #[test]
    fn no_bad_merge_stops_the_check(from in 0usize..12_000, cut in 0usize..200, typed in "[a-z0-9<>/\"=, \n]{0,4}") {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../maps");
        let mut text = std::fs::read_to_string(shipped.join("3_barrow.tmx")).unwrap();
        text.replace_range(from.min(text.len())..(from + cut).min(text.len()), &typed);
        let maps = tempfile::tempdir().unwrap();
        std::fs::copy(shipped.join("tileset.tsx"), maps.path().join("tileset.tsx")).unwrap();
        std::fs::write(maps.path().join("3_barrow.tmx"), &text).unwrap();
        if let Err(faults) = MapSet::load(maps.path()) {
            for fault in &faults {
                prop_assert!(fault.line as usize <= text.split('\n').count() && fault.span.end <= text.len(), "{fault}");
            }
        }
    }
}
