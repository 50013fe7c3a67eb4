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
            collect(maps_dir, "maps", &mut found);
        }
        collect(&assets_dir.join("pictures"), "pictures", &mut found);
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

/// All files of a folder and those below it, by names with `/`.
fn collect(folder: &Path, name: &str, found: &mut Vec<(String, Bytes)>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return tracing::warn!(folder = %folder.display(), %error, "the page has no pictures from here"),
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(last) = path.file_name().and_then(|last| last.to_str()) else { continue };
        let name = format!("{name}/{last}");
        if path.is_dir() {
            collect(&path, &name, found);
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
    if fs::metadata(path)?.len() > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    fs::read(path).map(Bytes::from)
}
