//! The files that the rules look at.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// What a bundler has made of files that are checked: no rule is for it.
const BUILT: &str = "clients/page/built/";

/// The files of the repository.
pub struct Tree {
    /// Those that hold text.
    pub files: Vec<File>,
    /// The paths of all.
    pub paths: BTreeSet<String>,
}

/// A text file.
pub struct File {
    /// Where it lies, from the root, with `/` on every system.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl Tree {
    /// Reads what git tracks and what it would add, so that a new file is judged before its first commit.
    pub fn read(root: &Path) -> Result<Self> {
        // A checkout that belongs to another user, as in containers, is no reason for git to refuse a listing.
        let listing = Command::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("cannot start git, which lists the files of the repository")?;
        ensure!(listing.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listing.stderr).trim());
        let (mut files, mut paths) = (Vec::new(), BTreeSet::new());
        for path in String::from_utf8(listing.stdout)?.split_terminator('\0') {
            let bytes = match std::fs::read(root.join(path)) {
                Ok(bytes) => bytes,
                // Deleted and not yet committed, or a submodule.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => continue,
                Err(error) => return Err(error).context(path.to_owned()),
            };
            paths.insert(path.to_owned());
            if path.starts_with(BUILT) {
                continue;
            }
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path: path.to_owned(), text });
            }
        }
        Ok(Self { files, paths })
    }
}

impl File {
    /// Whether its name has one of these endings, given without the dot.
    pub fn has_ending(&self, endings: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
    }
}

/// The number of the line that holds this byte.
pub fn line_of(text: &str, offset: usize) -> usize {
    1 + text[..offset].matches('\n').count()
}

/// Whether this byte of Rust code is behind a `//`.
pub fn is_in_comment(text: &str, offset: usize) -> bool {
    text[..offset].rsplit('\n').next().is_some_and(|before| before.contains("//"))
}

/// Where `word` stands with no letter, digit or underscore before or, if it ends in one itself, after it.
pub fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(offset, _)| offset).filter(move |&offset| {
        let before = text[..offset].chars().next_back().is_some_and(in_word);
        let after = text[offset + word.len()..].chars().next().is_some_and(in_word);
        !(before || after && word.ends_with(in_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_part_of_another() {
        assert_eq!(words("call( no_call( x.call(1)", "call(").collect::<Vec<_>>(), [0, 17]);
        assert_eq!(words("mask asks ask", "ask").collect::<Vec<_>>(), [10]);
        assert_eq!(words("ask2 2ask ask_ _ask ask", "ask").collect::<Vec<_>>(), [20], "digits and underscores count");
    }

    #[test]
    fn ignored_built_and_binary_files_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let init = Command::new("git").args(["init", "--quiet"]).arg(folder.path()).status().unwrap();
        assert!(init.success(), "git makes a repository");
        let built = format!("{BUILT}play.js");
        let files =
            [(".gitignore", "/data\n".as_bytes()), ("data", b"x"), ("tile.png", &[0xff, 0xfe]), (&*built, b"x")];
        std::fs::create_dir_all(folder.path().join(BUILT)).unwrap();
        for (path, bytes) in files {
            std::fs::write(folder.path().join(path), bytes).unwrap();
        }
        let tree = Tree::read(folder.path()).unwrap();
        assert_eq!(tree.files.iter().map(|file| &file.path[..]).collect::<Vec<_>>(), [".gitignore"]);
    }
}
