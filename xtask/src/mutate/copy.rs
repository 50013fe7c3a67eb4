//! A copy of the source in which rules can be left out.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::binaries::output;
use crate::workspace::Workspace;

/// The copy, and the source it is of.
pub struct SourceCopy {
    source: PathBuf,
    /// Where the copy is.
    pub root: PathBuf,
    /// Where it is built. Kept, so that the next run compiles only what has changed.
    pub target: PathBuf,
}

impl SourceCopy {
    /// Brings the copy up to date with the source, whatever an earlier run has left of it.
    pub fn of(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.root.join("target/mutants");
        let copy = Self { source: workspace.root.clone(), root: folder.join("source"), target: folder.join("build") };
        let files = files_of(workspace)?;
        for file in &files {
            copy.bring(file)?;
        }
        remove_others(&copy.root, &copy.root, &files)?;
        Ok(copy)
    }

    /// A file of the copy.
    pub fn read(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.root.join(file)).with_context(|| file.to_owned())
    }

    /// Changes files of the copy.
    pub fn write(&self, files: &[(&str, String)]) -> Result<()> {
        files
            .iter()
            .try_for_each(|(file, text)| fs::write(self.root.join(file), text).with_context(|| (*file).to_owned()))
    }

    /// What is the same already is not touched: cargo goes by the time of a file.
    fn bring(&self, file: &str) -> Result<()> {
        let (from, to) = (self.source.join(file), self.root.join(file));
        let bytes = match fs::read(&from) {
            Ok(bytes) => bytes,
            // Deleted and not yet committed.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).with_context(|| file.to_owned()),
        };
        if fs::read(&to).is_ok_and(|known| known == bytes) {
            return Ok(());
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        // With its permissions: some are programs.
        fs::copy(&from, &to).map(|_| ()).with_context(|| file.to_owned())
    }
}

/// What git tracks and what it would add.
fn files_of(workspace: &Workspace) -> Result<BTreeSet<String>> {
    let mut git = workspace.command("git");
    // A checkout that belongs to another user, as in containers, is no reason for git to refuse a listing.
    git.args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let files = String::from_utf8(output(&mut git)?)?;
    let files: BTreeSet<String> = files.split_terminator('\0').map(ToOwned::to_owned).collect();
    ensure!(!files.is_empty(), "git knows no file here");
    Ok(files)
}

/// Removes what the source does not have any more.
fn remove_others(root: &Path, folder: &Path, files: &BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(root, &path, files)?;
        } else if !path.strip_prefix(root)?.to_str().is_some_and(|file| files.contains(file)) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().to_owned(), ci: false };
        output(workspace.command("git").args(["init", "--quiet"])).unwrap();
        fs::write(folder.path().join(".gitignore"), "/target\n").unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/a.rs"), "a").unwrap();
        (folder, workspace)
    }

    #[test]
    fn a_change_of_the_copy_leaves_the_source_alone() {
        let (folder, workspace) = repository();
        let copy = SourceCopy::of(&workspace).unwrap();
        copy.write(&[("src/a.rs", "b".to_owned())]).unwrap();
        assert_eq!(copy.read("src/a.rs").unwrap(), "b");
        assert_eq!(fs::read_to_string(folder.path().join("src/a.rs")).unwrap(), "a");
    }

    #[test]
    fn a_copy_that_an_earlier_run_left_is_brought_up_to_date() {
        let (folder, workspace) = repository();
        let copy = SourceCopy::of(&workspace).unwrap();
        copy.write(&[("src/a.rs", "left by a run that was stopped".to_owned())]).unwrap();
        fs::write(folder.path().join("src/b.rs"), "b").unwrap();
        fs::remove_file(folder.path().join(".gitignore")).unwrap();
        fs::write(folder.path().join(".git/info/exclude"), "/target\n").unwrap();
        let copy = SourceCopy::of(&workspace).unwrap();
        assert_eq!((copy.read("src/a.rs").unwrap(), copy.read("src/b.rs").unwrap()), ("a".to_owned(), "b".to_owned()));
        assert!(copy.read(".gitignore").is_err(), "what the source has not any more is gone");
    }

    #[test]
    fn what_is_the_same_keeps_its_time() {
        let (_folder, workspace) = repository();
        let time = |copy: &SourceCopy| fs::metadata(copy.root.join("src/a.rs")).unwrap().modified().unwrap();
        let first = time(&SourceCopy::of(&workspace).unwrap());
        assert_eq!(time(&SourceCopy::of(&workspace).unwrap()), first);
    }
}
