//! The designers' maps and pictures, as the page shows them: `GET /assets.json` lists them, and each has an address that
//! changes with its content.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;

use realmgate_platform::http::content_hash;
use realmgate_platform::theme::Theme;
use serde_json::json;

use super::file::File;

/// A larger file is left out.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// What is found beyond this is left out.
const MAX_FILES: usize = 4096;
/// Folders below folders; what lies deeper is left out.
const MAX_DEPTH: usize = 16;
/// The name by which the page asks for the logo.
const LOGO: &str = "pictures/ui/logo.png";

/// Maps, their tilesets, and pictures, in memory since the start.
#[derive(Default)]
pub struct Pictures {
    /// By address without the leading `/assets/`: `<hash>/maps/tileset.png`.
    files: BTreeMap<String, File>,
    /// `/assets.json`.
    list: Bytes,
}

impl Pictures {
    /// Reads `<maps_dir>/*` and `<assets_dir>/pictures/**`. What cannot be read is said in the log and left out: the world
    /// can be played without pictures. `base` comes before each address.
    ///
    /// A theme's logo is listed in the place of the usual one, and with it what it says: the name of the realm, or nothing.
    pub fn read(maps_dir: Option<&Path>, assets_dir: &Path, base: &str, theme: &Theme, realm: &str) -> Self {
        let mut found = Vec::new();
        if let Some(maps_dir) = maps_dir {
            collect(maps_dir, "maps", 0, &mut found);
        }
        collect(&assets_dir.join("pictures"), "pictures", 0, &mut found);
        let mut pictures = Self::default();
        let mut addresses = BTreeMap::new();
        for (name, bytes) in found {
            let Some(file) = File::new(&name, bytes.clone()) else { continue };
            let address = format!("{}/{name}", content_hash([&bytes[..]]));
            addresses.insert(name, format!("{base}/assets/{address}"));
            pictures.files.insert(address, file);
        }
        let mut list = json!({});
        if let (Some(logo), Some(file)) = (&theme.logo, theme.logo_file()) {
            addresses.insert(LOGO.to_owned(), file.address());
            list["logo_says"] = json!(if logo.says_name { realm } else { "" });
        }
        list["files"] = json!(addresses);
        pictures.list = list.to_string().into();
        pictures
    }

    /// The list of all files: names and addresses, as JSON.
    pub(super) fn list(&self) -> Bytes {
        self.list.clone()
    }

    /// The file of a name in the list.
    pub(super) fn named(&self, name: &str) -> Option<&File> {
        self.files.iter().find_map(|(address, file)| (address.split_once('/')?.1 == name).then_some(file))
    }

    /// The file at an address, without the leading `/assets/`.
    pub(super) fn file(&self, address: &str) -> Option<&File> {
        self.files.get(address)
    }
}

/// All files of a folder and those below it, by names with `/`. A link to a file is read; one to a folder is not followed, since it may
/// lead back here.
fn collect(folder: &Path, name: &str, depth: usize, found: &mut Vec<(String, Bytes)>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return tracing::warn!(folder = %folder.display(), %error, "the page has no pictures from here"),
    };
    for entry in entries.flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        let Some(last) = path.file_name().and_then(|last| last.to_str()) else { continue };
        let name = format!("{name}/{last}");
        let is_link = kind.as_ref().is_ok_and(|kind| kind.is_symlink());
        if is_link && path.is_dir() {
            tracing::warn!(folder = %path.display(), "the page does without this folder: it is a link");
        } else if kind.is_ok_and(|kind| kind.is_dir()) {
            match depth < MAX_DEPTH {
                true => collect(&path, &name, depth + 1, found),
                false => {
                    tracing::warn!(folder = %path.display(), "the page does without this folder: it lies too deep")
                }
            }
        } else if is_shown(&path) && found.len() < MAX_FILES {
            match read(&path) {
                Ok(bytes) => found.push((name, bytes)),
                Err(error) => tracing::warn!(file = %path.display(), %error, "the page does without this file"),
            }
        }
    }
}

fn is_shown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["tmx", "tsx", "png"].iter().any(|shown| extension == *shown))
}

fn read(path: &Path) -> io::Result<Bytes> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    fs::read(path).map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_to_folders_and_what_is_no_file_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path();
        fs::create_dir(own.join("deep")).unwrap();
        fs::write(own.join("deep/a.png"), "a picture").unwrap();
        symlink("deep/a.png", own.join("b.png")).unwrap();
        for (target, name) in [(".", "here"), (".", "again"), ("..", "up"), ("deep", "other")] {
            symlink(target, own.join(name)).unwrap();
        }
        rustix::fs::mknodat(rustix::fs::CWD, own.join("pipe.png"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        let mut found = Vec::new();
        collect(own, "pictures", 0, &mut found);
        let mut names: Vec<String> = found.into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["pictures/b.png", "pictures/deep/a.png"]);
    }
}
