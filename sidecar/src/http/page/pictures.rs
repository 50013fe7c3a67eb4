//! The designers' maps, pictures and sounds, as clients show and play them: `GET /assets.json` lists them, and each has an
//! address that changes with its content. The small pictures are in one answer, too.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;

use realmgate_platform::http::content_hash;
use realmgate_platform::theme::Theme;
use serde_json::json;

use super::file::File;
use super::pack::Pack;

/// A larger file is left out.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// What is found beyond this is left out.
const MAX_FILES: usize = 4096;
/// Folders below folders; what lies deeper is left out.
const MAX_DEPTH: usize = 16;
/// What maps and pictures are called.
const SHOWN: &[&str] = &["tmx", "tsx", "png"];
/// What sounds are called.
const PLAYED: &[&str] = &["mp3"];
/// The name that is in the address of the small pictures.
const PACK: &str = "small.pack";
/// What the list of all is called.
const LIST: &str = "assets.json";
/// The name by which the page asks for the logo.
const LOGO: &str = "pictures/ui/logo.png";

/// Maps, their tilesets, pictures and sounds, in memory since the start.
#[derive(Default)]
pub struct Pictures {
    /// By address without the leading `/assets/`: `<hash>/maps/tileset.png`.
    files: BTreeMap<String, File>,
    /// Addresses by name, as the list has them.
    addresses: BTreeMap<String, String>,
    /// `/assets.json`; none before they are read.
    list: Option<File>,
}

impl Pictures {
    /// Reads `<maps_dir>/*`, `<assets_dir>/pictures/**` and `<assets_dir>/sounds/**`. What cannot be read is said in the log
    /// and left out: the world can be played without pictures. `base` comes before each address.
    ///
    /// A theme's logo is listed in the place of the usual one, and with it what it says: the name of the realm, or nothing.
    pub fn read(maps_dir: Option<&Path>, assets_dir: &Path, base: &str, theme: &Theme, realm: &str) -> Self {
        let (mut shown, mut played) = (Vec::new(), Vec::new());
        if let Some(maps_dir) = maps_dir {
            collect(maps_dir, "maps", SHOWN, 0, &mut shown);
        }
        collect(&assets_dir.join("pictures"), "pictures", SHOWN, 0, &mut shown);
        collect(&assets_dir.join("sounds"), "sounds", PLAYED, 0, &mut played);
        let (shown, played) = (BTreeMap::from_iter(shown), BTreeMap::from_iter(played));
        let mut pictures = Self::default();
        let mut addresses = pictures.keep(&shown, base);
        let sounds = pictures.keep(&played, base);
        let mut list = json!({});
        if let Some(pack) = Pack::of(&shown)
            && let Some(address) = pictures.insert(PACK, pack.bytes.clone())
        {
            list["pack"] = pack.listed(&format!("{base}{address}"));
        }
        if let (Some(logo), Some(file)) = (&theme.logo, theme.logo_file()) {
            addresses.insert(LOGO.to_owned(), file.address());
            list["logo_says"] = json!(if logo.says_name { realm } else { "" });
        }
        list["files"] = json!(addresses);
        list["sounds"] = json!(sounds);
        pictures.addresses = addresses;
        pictures.list = File::new(LIST, list.to_string().into());
        pictures
    }

    /// Takes what was found. Answers the address of each, by its name.
    fn keep(&mut self, found: &BTreeMap<String, Bytes>, base: &str) -> BTreeMap<String, String> {
        let mut addresses = BTreeMap::new();
        for (name, bytes) in found {
            if let Some(address) = self.insert(name, bytes.clone()) {
                addresses.insert(name.clone(), format!("{base}{address}"));
            }
        }
        addresses
    }

    /// Takes a file, and answers its address on this server; `None` for one of a type that the page does not use.
    fn insert(&mut self, name: &str, bytes: Bytes) -> Option<String> {
        let address = format!("{}/{name}", content_hash([&bytes[..]]));
        self.files.insert(address.clone(), File::new(name, bytes)?);
        Some(format!("/assets/{address}"))
    }

    /// The list of all files: names and addresses, as JSON.
    pub(super) fn list(&self) -> Option<&File> {
        self.list.as_ref()
    }

    /// Where browsers find the file of a name in the list.
    pub(super) fn address(&self, name: &str) -> Option<&str> {
        self.addresses.get(name).map(String::as_str)
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

/// All files with these endings in a folder and those below it, by names with `/`. A link to a file is read; one to a folder is not followed, since it may
/// lead back here.
fn collect(folder: &Path, name: &str, endings: &[&str], depth: usize, found: &mut Vec<(String, Bytes)>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            return tracing::warn!(folder = %folder.display(), %error, "cannot read a folder of the page's files");
        }
    };
    for entry in entries.flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        let Some(last) = path.file_name().and_then(|last| last.to_str()) else { continue };
        let name = format!("{name}/{last}");
        let is_link = kind.as_ref().is_ok_and(|kind| kind.is_symlink());
        if is_link && path.is_dir() {
            tracing::warn!(folder = %path.display(), "skipping a folder of the page's files: it is a symbolic link");
        } else if kind.is_ok_and(|kind| kind.is_dir()) {
            match depth < MAX_DEPTH {
                true => collect(&path, &name, endings, depth + 1, found),
                false => {
                    tracing::warn!(folder = %path.display(), "skipping a folder of the page's files: it is nested too deeply")
                }
            }
        } else if is_meant(&path, endings) && found.len() < MAX_FILES {
            match read(&path) {
                Ok(bytes) => found.push((name, bytes)),
                Err(error) => tracing::warn!(file = %path.display(), %error, "skipping a file of the page"),
            }
        }
    }
}

fn is_meant(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|extension| endings.iter().any(|meant| extension == *meant))
}

fn read(path: &Path) -> io::Result<Bytes> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("larger than {MAX_FILE_BYTES} bytes")));
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
        collect(own, "pictures", SHOWN, 0, &mut found);
        let mut names: Vec<String> = found.into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["pictures/b.png", "pictures/deep/a.png"]);
    }
}
