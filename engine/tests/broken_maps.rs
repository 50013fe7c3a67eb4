//! What is no map at all, or more than a map can be, is refused before it is parsed.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use realmgate_engine::data::Faults;
use realmgate_engine::map::{MapObjects, MapSet};

fn load(folder: &Path) -> Result<MapSet, Faults> {
    MapSet::load(folder, &MapObjects::new())
}

#[test]
fn a_folder_that_holds_no_map_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let complaint = |folder: &Path| load(folder).unwrap_err().to_string();
    let none = "1:1: the folder contains no map; expected a file like `1_greenvale.tmx`";
    assert_eq!(complaint(folder.path()), format!("{}:{none}", folder.path().display()));
    // What lies there is no map: a tileset, and notes.
    for other in ["1_tiles.tsx", "1_notes.txt", "1_tmx"] {
        std::fs::write(folder.path().join(other), "").unwrap();
    }
    assert_eq!(complaint(folder.path()), format!("{}:{none}", folder.path().display()));
    let nowhere = folder.path().join("nowhere");
    let unreadable = format!("{}:1:1: cannot read the folder of the maps: ", nowhere.display());
    let faults = complaint(&nowhere);
    assert!(faults.starts_with(&unreadable) && faults.lines().count() == 1, "{faults}");
}

/// The faults of a folder with these files.
fn faults_of(files: &[(&str, &str)]) -> String {
    let maps = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(maps.path().join(name), text).expect("writable");
    }
    load(maps.path()).expect_err("the files are broken").to_string()
}

/// Each kind of too much XML, and what is said of it. All begin with a tag that ends another one: a parser stops there.
fn too_much() -> [(String, &'static str); 3] {
    let attributes: String = (0..20_000).map(|number| format!(" a{number}='1'")).collect();
    [
        (format!("<a></b><map{attributes}/>"), "too many attributes; expected at most 64"),
        (
            format!("<a></b>{}{}", "<group>".repeat(100_000), "</group>".repeat(100_000)),
            "too many nested elements; expected at most 64",
        ),
        (format!("<a></b><map>{}</map>", "<a/>".repeat(600_000)), "too many elements; expected at most 500000"),
    ]
}

/// Asserts that this is one fault of a file: that there is too much of something.
fn assert_is_too_much(faults: &str, file: &str, what: &str) {
    let ending = format!(": {what}");
    let start = format!("/{file}:1:");
    assert!(faults.contains(&start) && faults.ends_with(&ending), "not {what}: {faults}");
    assert_eq!(faults.lines().count(), 1, "and nothing else was looked at: {faults}");
}

#[test]
fn xml_that_is_too_much_is_refused_before_it_is_parsed() {
    for (text, what) in too_much() {
        assert_is_too_much(&faults_of(&[("1_much.tmx", &text)]), "1_much.tmx", what);
    }
    let faults = faults_of(&[("1_little.tmx", "<a></b>")]);
    assert!(faults.contains("1_little.tmx:1:4: invalid XML"), "what is not too much is parsed: {faults}");
}

#[test]
fn a_tileset_has_the_same_bounds() {
    let map = r#"<map version="1.10" orientation="orthogonal" width="1" height="1" tilewidth="16" tileheight="16">
        <tileset firstgid="1" source="t.tsx"/>
        <layer id="1" name="l" width="1" height="1"><data encoding="csv">1</data></layer></map>"#;
    for (text, what) in too_much() {
        let faults = faults_of(&[("1_a.tmx", map), ("t.tsx", &text)]);
        let of_tileset: Vec<&str> = faults.lines().filter(|fault| !fault.contains("1_a.tmx")).collect();
        assert_is_too_much(&of_tileset.join("\n"), "t.tsx", what);
    }
}

/// Most bytes of a file.
const BOUND: u64 = 64 << 20;

#[test]
fn a_file_is_read_up_to_its_bound_alone() {
    let maps = tempfile::tempdir().unwrap();
    let path = maps.path().join("1_long.tmx");
    // A sparse file: it has no bytes on the disk, and would have a gigabyte in memory.
    let file = std::fs::File::create(&path).unwrap();
    let too_long = "1:1: the file is too large; expected a readable UTF-8 text file of at most 64 MiB";
    for bytes in [BOUND + 1, 1 << 30] {
        file.set_len(bytes).unwrap();
        assert_eq!(load(maps.path()).unwrap_err().to_string(), format!("{}:{too_long}", path.display()), "{bytes}");
    }
    file.set_len(BOUND).unwrap();
    let faults = load(maps.path()).unwrap_err().to_string();
    assert!(faults.contains("invalid XML"), "the last byte that is allowed: {faults}");

    // A pipe says nothing of its length. What is left in it was not read.
    let (mut left, mut writer) = std::io::pipe().unwrap();
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(format!("/dev/fd/{}", left.as_raw_fd()), &path).unwrap();
    let all = BOUND as usize + (2 << 20);
    let writing = std::thread::spawn(move || writer.write_all(&vec![b' '; all]));
    assert_eq!(load(maps.path()).unwrap_err().to_string(), format!("{}:{too_long}", path.display()));
    let mut rest = Vec::new();
    left.read_to_end(&mut rest).unwrap();
    writing.join().unwrap().unwrap();
    assert_eq!((all - rest.len()) as u64, BOUND + 1, "one byte more tells that it is too long");
}
