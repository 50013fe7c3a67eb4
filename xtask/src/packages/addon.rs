//! The add-on for Godot: the files that go into `addons/realmgate/` of a project, as the asset library hands them out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{LICENCES, README};

pub const FOLDER: &str = "clients/godot/addons/realmgate";
/// Where it is in a project, and in the zip.
pub const PLACE: &str = "addons/realmgate";
/// Where its libraries are, in its folder. They are built, and so they are not among [`files`].
pub const LIBRARIES: &str = "bin";
/// The file that names its libraries and icons.
const EXTENSION: &str = "realmgate.gdextension";
const PLUGIN: &str = "plugin.cfg";
/// The package that the libraries are built from.
const MANIFEST: &str = "clients/godot/Cargo.toml";
/// The endings of its files, beside the licences.
const ENDINGS: [&str; 5] = ["cfg", "gd", "gdextension", "md", "svg"];
/// The endings of what Godot writes beside them. Git ignores those files.
const WRITTEN: [&str; 2] = ["import", "uid"];

/// What is wrong with it.
pub fn faults(root: &Path, version: &str) -> Result<Vec<String>> {
    let read = |path: String| fs::read_to_string(root.join(&path)).context(path);
    let package: toml::Table = read(MANIFEST.to_owned())?.parse()?;
    let built = package.get("package").and_then(|package| package.get("version")?.as_str()).unwrap_or_default();
    let (extension, plugin) = (read(format!("{FOLDER}/{EXTENSION}"))?, read(format!("{FOLDER}/{PLUGIN}"))?);
    Ok(judge(&files(root)?, &extension, &[(MANIFEST, built), (PLUGIN, setting(&plugin, "version"))], version))
}

/// Its files, from its folder, but for its libraries and what Godot writes.
pub fn files(root: &Path) -> Result<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    collect(&root.join(FOLDER), "", &mut files)?;
    Ok(files)
}

/// The libraries that it may have, by their names in its folder of libraries.
pub fn libraries(root: &Path) -> Result<BTreeSet<String>> {
    let named = named(&fs::read_to_string(root.join(FOLDER).join(EXTENSION))?);
    Ok(named.iter().filter_map(|path| library(path)).map(str::to_owned).collect())
}

fn collect(folder: &Path, below: &str, files: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let path = format!("{below}{}", entry.file_name().display());
        if entry.file_type()?.is_dir() {
            if path != LIBRARIES {
                collect(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if !has_ending(&path, &WRITTEN) {
            files.insert(path);
        }
    }
    Ok(())
}

fn judge(files: &BTreeSet<String>, extension: &str, versions: &[(&str, &str)], version: &str) -> Vec<String> {
    let named = named(extension);
    let icons = named.iter().map(String::as_str).filter(|path| library(path).is_none());
    let wanted = [EXTENSION, PLUGIN, README].into_iter().chain(LICENCES).chain(icons);
    let missing = wanted.filter(|file| !files.contains(*file)).map(|file| format!("{FOLDER} has no {file}"));
    let mut faults: Vec<String> = missing.collect();
    let is_foreign = |file: &&String| !has_ending(file, &ENDINGS) && !LICENCES.contains(&file.as_str());
    faults.extend(files.iter().filter(is_foreign).map(|file| format!("{FOLDER} has {file}, which no project needs")));
    if !named.iter().any(|path| library(path).is_some()) {
        faults.push(format!("{EXTENSION} names no library in {LIBRARIES}/"));
    }
    let others = versions.iter().filter(|(_, found)| *found != version);
    faults.extend(others.map(|(file, found)| format!("{file} has version {found}, and the workspace {version}")));
    faults
}

/// The files that an extension names, from the add-on's folder.
fn named(extension: &str) -> Vec<String> {
    let place = format!("\"res://{PLACE}/");
    extension.lines().filter_map(|line| line.split_once(&place)?.1.strip_suffix('"')).map(str::to_owned).collect()
}

/// The name of a library, if the path is one.
fn library(path: &str) -> Option<&str> {
    path.strip_prefix(LIBRARIES)?.strip_prefix('/')
}

/// A setting of Godot's files: `name="value"`.
fn setting<'a>(text: &'a str, name: &str) -> &'a str {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"');
    text.lines().find_map(value).unwrap_or_default()
}

fn has_ending(path: &str, endings: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    const NAMES: &str = "[libraries]\n\nlinux.x86_64 = \"res://addons/realmgate/bin/a.so\"\n\n[icons]\n\n\
                         RealmClient = \"res://addons/realmgate/icons/client.svg\"\n";

    fn whole() -> BTreeSet<String> {
        let files = [EXTENSION, PLUGIN, "plugin.gd", README, "icons/client.svg"];
        files.into_iter().chain(LICENCES).map(str::to_owned).collect()
    }

    #[test]
    fn the_add_on_of_this_repository_is_whole() {
        let workspace = Workspace::locate();
        let faults = faults(&workspace.root, &workspace.version().unwrap()).unwrap();
        assert!(faults.is_empty(), "{faults:#?}");
        let libraries = libraries(&workspace.root).unwrap();
        assert!(libraries.contains("librealmgate.linux.x86_64.so"), "{libraries:?}");
    }

    #[test]
    fn missing_files_build_files_and_other_versions_are_faults() {
        let versions = [(PLUGIN, "1.2.3")];
        assert_eq!(judge(&whole(), NAMES, &versions, "1.2.3"), [""; 0]);
        let mut files = whole();
        files.remove("icons/client.svg");
        files.remove(LICENCES[0]);
        files.insert("Cargo.lock".to_owned());
        let faults = judge(&files, NAMES, &versions, "1.3.0");
        let expected = [
            "has no LICENSE-APACHE",
            "has no icons/client.svg",
            "has Cargo.lock, which no project needs",
            "plugin.cfg has version 1.2.3, and the workspace 1.3.0",
        ];
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.ends_with(expected), "{fault} does not say: {expected}");
        }
    }

    #[test]
    fn libraries_and_what_godot_writes_are_not_listed() {
        let root = tempfile::tempdir().unwrap();
        for file in ["plugin.gd", "plugin.gd.uid", "icons/a.svg", "icons/a.svg.import", "bin/a.so"] {
            let path = root.path().join(FOLDER).join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let files = files(root.path()).unwrap();
        assert_eq!(files.iter().map(String::as_str).collect::<Vec<_>>(), ["icons/a.svg", "plugin.gd"]);
    }
}
