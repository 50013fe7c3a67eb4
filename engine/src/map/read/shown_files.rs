//! The files that clients draw a map with: which of them they get.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Clients do not get longer files: the same bound is in `sidecar/src/http/page/pictures.rs`.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Why clients do not get a file. `folder` and `file` are relative to the folder of the maps: where the file is named,
/// and how.
pub(super) fn unseen(maps: &Path, folder: &Path, file: &str, ending: &str) -> Option<String> {
    let Some(path) = below(&folder.join(file)) else {
        return Some(format!("`{file}` is outside the folder of the maps"));
    };
    if path.extension().is_none_or(|extension| extension != ending) {
        return Some(format!("`{file}` is not a .{ending} file"));
    }
    match fs::metadata(maps.join(path)) {
        Ok(found) if !found.is_file() => Some(format!("`{file}` is not a file")),
        Ok(found) if found.len() > MAX_BYTES => Some(format!("`{file}` is larger than 4 MiB")),
        Ok(_) => None,
        Err(_) => Some(format!("`{file}` does not exist")),
    }
}

/// Whether clients get a map of this length.
pub(super) fn is_too_long(bytes: usize) -> bool {
    bytes as u64 > MAX_BYTES
}

/// A relative path without `.` and `..`; `None` if it leads out of its folder.
pub(super) fn below(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => plain.push(part),
            Component::CurDir => {}
            Component::ParentDir if plain.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_get_what_lies_in_the_folder_or_below() {
        let maps = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: u64| fs::File::create(maps.path().join(name)).unwrap().set_len(bytes).unwrap();
        fs::create_dir(maps.path().join("trees")).unwrap();
        fs::create_dir(maps.path().join("folder.png")).unwrap();
        write("trees/oak.png", MAX_BYTES);
        write("large.png", MAX_BYTES + 1);
        write("oak.gif", 1);
        let why = |folder: &str, file: &str| unseen(maps.path(), Path::new(folder), file, "png");
        assert_eq!(why("", "trees/oak.png"), None);
        assert_eq!(why("trees", "oak.png"), None);
        assert_eq!(why("trees", "../trees/./oak.png"), None);
        assert_eq!(why("trees", "../../oak.png").as_deref(), Some("`../../oak.png` is outside the folder of the maps"));
        assert_eq!(why("", "/oak.png").as_deref(), Some("`/oak.png` is outside the folder of the maps"));
        assert_eq!(why("", "oak.gif").as_deref(), Some("`oak.gif` is not a .png file"));
        assert_eq!(why("", "oak.png").as_deref(), Some("`oak.png` does not exist"));
        assert_eq!(why("", "folder.png").as_deref(), Some("`folder.png` is not a file"));
        assert_eq!(why("", "large.png").as_deref(), Some("`large.png` is larger than 4 MiB"));
    }
}
