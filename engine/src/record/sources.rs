//! The files that a world's rules and maps come from, as digests: a replay with other files cannot come out the same.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// A file and the digest of its contents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Its path relative to the folder that was searched.
    pub file: String,
    /// A hash of its bytes.
    pub digest: u64,
}

impl Source {
    /// Every file below a folder that has one of these extensions, sorted by path.
    ///
    /// # Errors
    /// When a folder or a file cannot be read.
    pub fn all_below(folder: &Path, extensions: &[&str]) -> io::Result<Vec<Self>> {
        let mut sources = Vec::new();
        let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next)? {
                let entry = entry?;
                let path = entry.path();
                // Links are not followed: they could lead in a circle.
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|has| extensions.iter().any(|wanted| has == *wanted)) {
                    let file = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                    sources.push(Self { file, digest: xxh3_64(&fs::read(&path)?) });
                }
            }
        }
        sources.sort();
        Ok(sources)
    }
}

/// A file that is listed more than once, if there is one: such a list could never be the same.
pub(super) fn named_twice(sources: &[Source]) -> Option<&str> {
    let mut files: Vec<&str> = sources.iter().map(|source| source.file.as_str()).collect();
    files.sort_unstable();
    files.windows(2).find(|two| two[0] == two[1]).map(|two| two[0])
}

/// How the files here differ from those of a recording, in words; empty when they are the same.
pub(super) fn differences(recorded: &[Source], here: &[Source]) -> Vec<String> {
    let find = |among: &[Source], file: &str| among.iter().find(|source| source.file == file).map(|found| found.digest);
    let gone = recorded.iter().filter_map(|source| match find(here, &source.file) {
        None => Some(format!("{} is missing", source.file)),
        Some(digest) => (digest != source.digest).then(|| format!("{} has changed", source.file)),
    });
    let new = here.iter().filter(|source| find(recorded, &source.file).is_none());
    gone.chain(new.map(|source| format!("{} is new", source.file))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_named_twice_is_found() {
        let sources = |files: &[&str]| -> Vec<Source> {
            files.iter().zip(0..).map(|(file, digest)| Source { file: (*file).to_owned(), digest }).collect()
        };
        assert_eq!(named_twice(&sources(&["b", "a", "c"])), None);
        assert_eq!(named_twice(&sources(&["b", "a", "b"])), Some("b"));
    }

    #[test]
    fn files_that_differ_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
        fs::create_dir(folder.path().join("tiles")).unwrap();
        for (file, text) in [("1_a.tmx", "a"), ("tiles/t.tsx", "t"), ("3_c.tmx", "c"), ("notes.txt", "")] {
            write(file, text);
        }
        let all = || Source::all_below(folder.path(), &["tmx", "tsx"]).unwrap();
        let before = all();
        let names: Vec<&str> = before.iter().map(|source| source.file.as_str()).collect();
        assert_eq!(names, ["1_a.tmx", "3_c.tmx", "tiles/t.tsx"]);
        write("notes.txt", "other notes");
        assert_eq!(differences(&before, &all()), Vec::<String>::new());
        write("1_a.tmx", "b");
        write("2_b.tmx", "");
        fs::remove_file(folder.path().join("tiles/t.tsx")).unwrap();
        let expected = ["1_a.tmx has changed", "tiles/t.tsx is missing", "2_b.tmx is new"];
        assert_eq!(differences(&before, &all()), expected);
    }
}
