//! What the sidecar reads from the designers' data besides the classes.

use std::io;
use std::path::{Path, PathBuf};

use realmgate_protocol::ids::MapId;
use serde::Deserialize;

use super::ConfigError;

/// `world.toml`. Only this field concerns us; the game owns the rest.
#[derive(Deserialize)]
struct World {
    start_map: Option<u16>,
}

/// The data folder: as given, else beside the executable or in one of the folders above it.
///
/// # Errors
/// When there is no such folder.
pub fn find_assets(given: &Path) -> Result<PathBuf, ConfigError> {
    find_folder(given).ok_or_else(|| ConfigError::new("ASSETS_DIR", format!("{} is not a folder", given.display())))
}

/// A folder as given, else beside the executable or in one of the folders above it.
pub(super) fn find_folder(given: &Path) -> Option<PathBuf> {
    find(given, Path::is_dir)
}

/// A file, looked for alike; where there is none, as given.
pub(super) fn find_file(given: &Path) -> PathBuf {
    find(given, Path::is_file).unwrap_or_else(|| given.to_owned())
}

fn find(given: &Path, is_it: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    if is_it(given) {
        return Some(given.to_owned());
    }
    if given.is_absolute() {
        return None;
    }
    let executable = std::env::current_exe().ok()?;
    executable.ancestors().skip(1).map(|folder| folder.join(given)).find(|found| is_it(found))
}

/// `ASSETS_BASE_URL`, as addresses begin with it and as a browser's policy names it.
pub(super) fn read_base_url(given: &str) -> Result<String, ConfigError> {
    let base = given.trim_end_matches('/');
    let host = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://")).unwrap_or_default();
    // Blanks, commas and semicolons would end a source in the policy.
    let legal =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']' | b'/');
    if host.is_empty() || !host.bytes().all(legal) {
        return Err(ConfigError::new("ASSETS_BASE_URL", "must be https://HOST or https://HOST/PATH"));
    }
    Ok(base.to_owned())
}

/// `start_map` of `world.toml`; `None` where the file or the line is missing.
pub(super) fn read_start_map(assets_dir: &Path) -> Result<Option<MapId>, ConfigError> {
    let file = assets_dir.join("world.toml");
    let complain = |why: String| ConfigError::new("ASSETS_DIR", format!("{}: {why}", file.display()));
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(complain(error.to_string())),
    };
    let world: World = toml::from_str(&text).map_err(|error| complain(error.message().to_owned()))?;
    Ok(world.start_map.map(MapId))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_one_source_of_a_policy() {
        assert_eq!(read_base_url("https://cdn.example/realm/"), Ok("https://cdn.example/realm".to_owned()));
        assert_eq!(read_base_url("http://127.0.0.1:8080"), Ok("http://127.0.0.1:8080".to_owned()));
        for bad in ["", "cdn.example", "ftp://cdn.example", "https://", "https://a b", "https://a,b", "https://a;b"] {
            assert_eq!(read_base_url(bad).unwrap_err().key, "ASSETS_BASE_URL", "{bad}");
        }
        assert_eq!(read_base_url("https://*").unwrap_err().key, "ASSETS_BASE_URL", "every host");
    }

    #[test]
    fn the_start_map_is_read_and_the_rest_ignored() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_start_map(dir.path()), Ok(None), "without the file");
        std::fs::write(dir.path().join("world.toml"), "name = 'x'\n").unwrap();
        assert_eq!(read_start_map(dir.path()), Ok(None), "without the line");
        std::fs::write(dir.path().join("world.toml"), "start_map = 3\nname = 'x'\n[rates]\nxp = 2\n").unwrap();
        assert_eq!(read_start_map(dir.path()), Ok(Some(MapId(3))));
        std::fs::write(dir.path().join("world.toml"), "start_map = 'three'").unwrap();
        assert_eq!(read_start_map(dir.path()).unwrap_err().key, "ASSETS_DIR");
    }
}
