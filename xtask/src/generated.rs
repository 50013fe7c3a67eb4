//! Files that a program writes and that are checked in: brought up to date, or compared.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// A folder, and an ending of files: one of them that is not written any more is stale too.
pub type Owned = (&'static str, &'static str);

/// Brings the files below `root` up to date with those of a folder in which they were written just now.
pub fn write(root: &Path, fresh: &Path, owned: &[Owned]) -> Result<()> {
    for path in differing(root, fresh, owned)? {
        let (target, source) = (root.join(&path), fresh.join(&path));
        if source.exists() {
            fs::create_dir_all(target.parent().unwrap_or(root))?;
            fs::copy(source, target)?;
            println!("wrote {}", path.display());
        } else {
            fs::remove_file(target)?;
            println!("removed {}", path.display());
        }
    }
    Ok(())
}

/// Fails where a file is not what was written just now. `command` is what brings it up to date.
pub fn check(root: &Path, fresh: &Path, owned: &[Owned], command: &str) -> Result<()> {
    let stale = differing(root, fresh, owned)?;
    for path in &stale {
        println!("{} is stale: run `{command}`", path.display());
    }
    ensure!(stale.is_empty(), "{} generated file(s) are stale", stale.len());
    Ok(())
}

/// Paths from the root whose content differs between the two folders, as far as they are in `fresh` or owned.
fn differing(root: &Path, fresh: &Path, owned: &[Owned]) -> Result<Vec<PathBuf>> {
    let mut paths = files_below(fresh, Path::new(""))?;
    for (folder, ending) in owned.iter().filter(|(folder, _)| root.join(folder).is_dir()) {
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

    const OWNED: [Owned; 1] = [("assets/schema", ".schema.json")];

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
        let paths = differing(folder(root).path(), folder(fresh).path(), &OWNED).unwrap();
        paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn equal_files_are_not_stale_and_others_are_nobodys_business() {
        let files = [("docs/a.json", "{}"), ("assets/schema/mob.schema.json", "{}")];
        let root = [files[0], files[1], ("assets/schema/README.md", "by hand"), ("docs/guide.md", "by hand")];
        assert_eq!(stale(&root, &files), [""; 0]);
    }

    #[test]
    fn a_changed_a_missing_and_an_orphaned_file_are_stale() {
        let root = [("docs/a.json", "old"), ("assets/schema/gone.schema.json", "{}")];
        let fresh = [("docs/a.json", "new"), ("assets/schema/mob.schema.json", "{}")];
        assert_eq!(
            stale(&root, &fresh),
            ["assets/schema/gone.schema.json", "assets/schema/mob.schema.json", "docs/a.json"]
        );
    }

    #[test]
    fn what_was_written_is_not_stale_and_is_so_after_a_change() {
        let root = folder(&[("docs/a.json", "old"), ("assets/schema/gone.schema.json", "{}")]);
        let fresh = folder(&[("docs/a.json", "new"), ("assets/schema/mob.schema.json", "{}")]);
        let check = || check(root.path(), fresh.path(), &OWNED, "a command");
        assert!(check().is_err(), "it was written by an older program");
        write(root.path(), fresh.path(), &OWNED).unwrap();
        check().unwrap();
        fs::write(root.path().join("docs/a.json"), "by hand").unwrap();
        assert!(check().is_err(), "somebody has changed it");
    }
}
