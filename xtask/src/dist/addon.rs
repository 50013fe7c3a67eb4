//! The zip of the add-on for Godot, with `addons/realmgate/` at its root, as the asset library unpacks it into a project.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};

use super::folder;
use crate::binaries::output;
use crate::godot;
use crate::packages::addon::{FOLDER, LIBRARIES, PLACE, files, libraries};
use crate::workspace::Workspace;

/// Writes it into a folder: the add-on's files, the library for this system, and those in `others`.
pub fn package(workspace: &Workspace, version: &str, time: u64, others: Option<&Path>, out: &Path) -> Result<PathBuf> {
    let staging = tempfile::tempdir_in(out)?;
    let addon = staging.path().join(PLACE);
    let mut packed = files(&workspace.root)?;
    for file in &packed {
        folder::copy(&workspace.root.join(FOLDER).join(file), &addon.join(file))?;
    }
    for (name, library) in all_libraries(workspace, others)? {
        let file = format!("{LIBRARIES}/{name}");
        folder::copy(&library, &addon.join(&file))?;
        packed.insert(file);
    }
    // Sorted, and of one time, so that the same files give the same bytes.
    let paths: Vec<String> = packed.iter().map(|file| format!("{PLACE}/{file}")).collect();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
    for path in &paths {
        File::options().write(true).open(staging.path().join(path))?.set_modified(time)?;
    }
    let archive = out.join(format!("realmgate-godot-{version}.zip"));
    // Into one that is there, zip would add.
    if archive.exists() {
        fs::remove_file(&archive)?;
    }
    let mut zip = workspace.command("zip");
    zip.current_dir(staging.path()).env("TZ", "UTC").args(["-9", "-q", "-X"]).arg(&archive).args(&paths);
    output(&mut zip).context("packing the add-on needs zip (apt-get install zip)")?;
    Ok(archive)
}

/// The library of this system, which is built, and those of others; each with its name in the add-on.
fn all_libraries(workspace: &Workspace, others: Option<&Path>) -> Result<Vec<(String, PathBuf)>> {
    let known = libraries(&workspace.root)?;
    let mut found = vec![(library_here()?.to_owned(), godot::library(workspace)?)];
    if let Some(folder) = others {
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            found.push((entry.file_name().display().to_string(), entry.path()));
        }
    }
    let names: BTreeSet<&String> = found.iter().map(|(name, _)| name).collect();
    ensure!(names.len() == found.len(), "the library of this system is built here: remove it from --libraries");
    if let Some(unknown) = names.into_iter().find(|name| !known.contains(*name)) {
        bail!("the add-on has no library {unknown}; it has {known:?}");
    }
    Ok(found)
}

/// The name of the library that is built here.
fn library_here() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("librealmgate.linux.x86_64.so"),
        "aarch64" => Ok("librealmgate.linux.arm64.so"),
        other => bail!("the add-on has no library for {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_names_the_library_of_this_system() {
        let known = libraries(&Workspace::locate().root).unwrap();
        let here = library_here().unwrap();
        assert!(known.contains(here), "{here} is not one of {known:?}");
    }
}
