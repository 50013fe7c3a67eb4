//! Files that are generated from the code and checked in, so that readers in other languages find them and every
//! change of them shows as a diff.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::binaries::{Binaries, output};
use crate::dashboard;
use crate::file_index;
use crate::javascript;
use crate::workspace::Workspace;

/// What readers in other languages are made from.
pub const PROTOCOL: &str = "docs/protocol.json";
const OPENAPI: &str = "docs/openapi.json";
const COMMUNITY: &str = "docs/community-openapi.json";
/// A folder where a file with this ending, and no type behind it any more, is stale too.
const DATA_SCHEMAS: (&str, &str) = ("assets/schema", ".schema.json");

/// Brings every generated file up to date.
pub fn write(workspace: &Workspace) -> Result<()> {
    let fresh = generate(workspace)?;
    for path in differing(&workspace.root, fresh.path())? {
        let (target, source) = (workspace.root.join(&path), fresh.path().join(&path));
        if source.exists() {
            fs::create_dir_all(target.parent().unwrap_or(&workspace.root))?;
            fs::copy(source, target)?;
            println!("wrote {}", path.display());
        } else {
            fs::remove_file(target)?;
            println!("removed {}", path.display());
        }
    }
    Ok(())
}

/// Fails when a generated file is not what the code would write now.
pub fn check(workspace: &Workspace) -> Result<()> {
    let fresh = generate(workspace)?;
    let stale = differing(&workspace.root, fresh.path())?;
    for path in &stale {
        println!("{} is not what the code generates: run `cargo xtask schema`", path.display());
    }
    ensure!(stale.is_empty(), "{} generated file(s) are stale", stale.len());
    Ok(())
}

/// A folder with every generated file in it, at its path from the root.
fn generate(workspace: &Workspace) -> Result<tempfile::TempDir> {
    let binaries = Binaries::build(workspace)?;
    let fresh = tempfile::tempdir()?;
    let out = fresh.path();
    output(workspace.command(binaries.path("start_server")?).args(["--schema", "--out"]).arg(out))?;
    ensure!(out.join(PROTOCOL).is_file(), "`start_server --schema --out DIR` wrote no DIR/{PROTOCOL}");
    for (path, which) in [(OPENAPI, &["openapi"][..]), (COMMUNITY, &["openapi", "--community"])] {
        let document = output(workspace.command(binaries.path("sidecar")?).args(which))?;
        serde_json::from_slice::<Value>(&document).context("`sidecar openapi` did not print a JSON document")?;
        fs::write(out.join(path), document)?;
    }
    put(out, dashboard::PATH, &dashboard::text())?;
    put(out, file_index::PATH, &file_index::text(workspace)?)?;
    let (tables, types) = javascript::generate(&fs::read_to_string(out.join(PROTOCOL))?)?;
    put(out, javascript::TABLES, &tables)?;
    put(out, javascript::TYPES, &types)?;
    Ok(fresh)
}

/// Writes a file at its path from the root.
fn put(out: &Path, path: &str, text: &str) -> Result<()> {
    let file = out.join(path);
    fs::create_dir_all(file.parent().unwrap_or(out))?;
    Ok(fs::write(file, text)?)
}

/// Paths from the root whose content differs between the two folders, as far as `fresh` or the code's types name them.
fn differing(root: &Path, fresh: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = files_below(fresh, Path::new(""))?;
    let (folder, ending) = DATA_SCHEMAS;
    if root.join(folder).is_dir() {
        let here = files_below(root, Path::new(folder))?;
        paths.extend(here.into_iter().filter(|path| path.to_string_lossy().ends_with(ending)));
    }
    paths.sort();
    paths.dedup();
    paths.retain(|path| fs::read(root.join(path)).ok() != fs::read(fresh.join(path)).ok());
    Ok(paths)
}

fn files_below(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files.extend(files_below(root, &path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn stale(root: &[(&str, &str)], fresh: &[(&str, &str)]) -> Vec<String> {
        let paths = differing(folder(root).path(), folder(fresh).path()).unwrap();
        paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn equal_files_are_not_stale_and_others_are_nobodys_business() {
        let files = [(PROTOCOL, "{}"), ("assets/schema/mob.schema.json", "{}")];
        let root = [files[0], files[1], ("assets/schema/README.md", "by hand"), ("docs/guide.md", "by hand")];
        assert_eq!(stale(&root, &files), [""; 0]);
    }

    #[test]
    fn a_changed_a_missing_and_an_orphaned_file_are_stale() {
        let root = [(PROTOCOL, "old"), ("assets/schema/gone.schema.json", "{}")];
        let fresh = [(PROTOCOL, "new"), ("assets/schema/mob.schema.json", "{}")];
        assert_eq!(
            stale(&root, &fresh),
            ["assets/schema/gone.schema.json", "assets/schema/mob.schema.json", "docs/protocol.json"]
        );
    }
}
