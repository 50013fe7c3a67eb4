//! The bots' journal, read while it grows.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One thing that a bot knows. What the bots write is in `clients/bot/src/journal.rs`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the bots' own declaration says what each is")]
pub enum Entry {
    Born { character: String },
    In { map: u16 },
    Sees,
    Out { why: String },
    Refused { why: String },
    Owns { items: Vec<String>, gold: i64, experience: i64, level: i64 },
    Got { item: String },
    Lost { item: String },
    Gold { gold: i64 },
    Experience { experience: i64, level: i64 },
    Left,
}

/// An entry, and who wrote it when.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The bot's name.
    pub bot: String,
    /// What it knows.
    #[serde(flatten)]
    pub entry: Entry,
}

/// The file, and how far it was read.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    read_to: u64,
    /// Everything so far.
    pub lines: Vec<Line>,
}

impl Journal {
    /// A journal that may not be there yet.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), read_to: 0, lines: Vec::new() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what was added: the new lines.
    ///
    /// # Panics
    /// When a line is none.
    pub fn read_on(&mut self) -> &[Line] {
        let known = self.lines.len();
        let mut text = String::new();
        if let Ok(mut file) = File::open(&self.path) {
            file.seek(SeekFrom::Start(self.read_to)).expect("a file can be read from anywhere");
            file.read_to_string(&mut text).expect("the journal is text");
        }
        // The last line may still be being written.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.read_to += whole as u64;
        let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.lines.extend(text[..whole].lines().map(line));
        &self.lines[known..]
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn it_is_read_as_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::at(&path);
        assert!(journal.read_on().is_empty(), "nobody has written yet");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"{\"at_ms\":5,\"bot\":\"a\",\"what\":\"sees\"}\n{\"at_ms\":6,\"bot\":").unwrap();
        assert_eq!(journal.read_on(), [Line { at_ms: 5, bot: "a".to_owned(), entry: Entry::Sees }]);
        file.write_all(b"\"a\",\"what\":\"gold\",\"gold\":7}\n").unwrap();
        let second = Line { at_ms: 6, bot: "a".to_owned(), entry: Entry::Gold { gold: 7 } };
        assert_eq!(journal.read_on(), [second]);
        assert!(journal.read_on().is_empty(), "nobody has written since");
        assert_eq!(journal.lines.len(), 2);
    }
}
