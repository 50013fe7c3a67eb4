//! Designers' data files.

use std::cell::OnceCell;
use std::fs;
use std::path::Path;

use realmgate_game::data::GameData;
use tempfile::TempDir;

const FILES: [&str; 8] = [
    "classes.toml",
    "abilities.toml",
    "mobs.toml",
    "items.toml",
    "loot_tables.toml",
    "vendors.toml",
    "world.toml",
    "leaderboards.toml",
];

/// The shipped data with one file in another's place: the first byte says which.
pub fn data(bytes: &[u8]) {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    let Some((which, text)) = bytes.split_first() else { return };
    FOLDER.with(|folder| load(folder.get_or_init(shipped).path(), FILES[usize::from(*which) % FILES.len()], text));
}

fn assets() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets"))
}

fn shipped() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for file in FILES {
        fs::copy(assets().join(file), folder.path().join(file)).expect("the data is shipped");
    }
    folder
}

fn load(folder: &Path, file: &str, text: &[u8]) {
    fs::write(folder.join(file), text).expect("writable");
    if let Err(faults) = GameData::load(folder) {
        assert!(!faults.is_empty(), "it was refused without a reason");
        assert!(!faults.to_string().is_empty(), "the faults can be told");
        for fault in faults.into_iter().filter(|fault| fault.file.ends_with(file)) {
            assert!(fault.span.end <= text.len(), "bytes {:?} of {}: {}", fault.span, text.len(), fault.message);
        }
    }
    fs::copy(assets().join(file), folder.join(file)).expect("the data is shipped");
}
