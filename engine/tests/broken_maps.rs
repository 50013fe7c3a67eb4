//! What is no map at all, or more than a map can be, is refused before it is parsed.

use std::path::Path;

use realmgate_engine::data::Faults;
use realmgate_engine::map::{MapObjects, MapSet};

fn load(folder: &Path) -> Result<MapSet, Faults> {
    MapSet::load(folder, &MapObjects::new())
}

#[test]
fn a_folder_that_holds_no_map_is_a_fault() {
    let empty = tempfile::tempdir().unwrap();
    let faults = load(empty.path()).unwrap_err();
    assert!(faults.to_string().contains("the folder holds no map"), "{faults}");
    let faults = load(&empty.path().join("nowhere")).unwrap_err();
    assert!(faults.to_string().contains("cannot be read"), "{faults}");
}

/// The faults of a folder with these files.
fn faults_of(files: &[(&str, &str)]) -> String {
    let maps = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(maps.path().join(name), text).expect("writable");
    }
    load(maps.path()).expect_err("the files are broken").to_string()
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
    let faults = load(maps.path()).unwrap_err().to_string();
    assert!(faults.contains("the file is too long") && faults.contains("64 MiB"), "{faults}");
}
