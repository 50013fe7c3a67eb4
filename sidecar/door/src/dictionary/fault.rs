//! Faults of `services.toml`: what is wrong, where, and what was expected.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The maximum number of faults that are kept. The rest is counted.
const MAX_FAULTS: usize = 200;

/// One thing that is wrong in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What was expected. It is empty where the message says everything.
    pub expected: String,
}

/// All faults of a file, by line and column. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    file: PathBuf,
    sorted: Vec<Fault>,
    /// How many more there are.
    more: usize,
}

impl Faults {
    /// A fault of the file as a whole, at its first character: it cannot be read.
    pub(super) fn of_file(file: &Path, message: String, expected: &str) -> Self {
        let fault = Fault { line: 1, column: 1, message, expected: expected.to_owned() };
        Self { file: file.to_owned(), sorted: vec![fault], more: 0 }
    }

    /// The faults by line and column.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.sorted.iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A line for each fault, `file:line:column: message; expected …`, which editors turn into a link.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        for (index, Fault { line, column, message, expected }) in self.sorted.iter().enumerate() {
            let newline = if index > 0 { "\n" } else { "" };
            write!(f, "{newline}{file}:{line}:{column}: {message}")?;
            if !expected.is_empty() {
                write!(f, "; expected {expected}")?;
            }
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n{file}: {more} more faults"),
        }
    }
}

impl std::error::Error for Faults {}

/// Collects the faults of a file while it is read.
pub(super) struct Report<'s> {
    text: &'s str,
    line_starts: Vec<usize>,
    faults: RefCell<Vec<Fault>>,
    more: Cell<usize>,
    /// The lines with syntax errors. What the parser makes of them is a guess.
    broken: RefCell<BTreeSet<usize>>,
}

impl<'s> Report<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(after_breaks).collect();
        Self { text, line_starts, faults: RefCell::default(), more: Cell::default(), broken: RefCell::default() }
    }

    /// Notes a syntax error. Later faults of its line are not noted.
    pub(super) fn syntax_error(&self, span: Range<usize>, message: &str, expected: &str) {
        self.push(span.start, message.to_owned(), expected.to_owned());
        self.broken.borrow_mut().insert(self.line(span.start).0);
    }

    /// Notes a fault at a byte range of the file.
    pub(super) fn fault(&self, span: Range<usize>, message: impl Into<String>, expected: impl Into<String>) {
        if !self.broken.borrow().contains(&self.line(span.start).0) {
            self.push(span.start, message.into(), expected.into());
        }
    }

    /// Notes that a key is missing in the table at `span`. After a syntax error, the key may be in a line that was not
    /// understood.
    pub(super) fn missing(&self, span: Range<usize>, message: impl Into<String>, expected: impl Into<String>) {
        if self.broken.borrow().is_empty() {
            self.fault(span, message, expected);
        }
    }

    /// The line that a byte is in, without what follows it.
    pub(super) fn line_of(&self, byte: usize) -> &'s str {
        let (_, start) = self.line(byte);
        self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    fn push(&self, byte: usize, message: String, expected: String) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() == MAX_FAULTS {
            self.more.set(self.more.get() + 1);
            return;
        }
        let (line, column) = self.position(byte);
        faults.push(Fault { line, column, message, expected });
    }

    /// `Ok(value)` if there are no faults.
    pub(super) fn finish<T>(self, file: &Path, value: T) -> Result<T, Faults> {
        let mut sorted = self.faults.take();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.is_empty() { Ok(value) } else { Err(Faults { file: file.to_owned(), sorted, more: self.more.get() }) }
    }

    /// The number of the line that a byte is in, and where it starts.
    fn line(&self, byte: usize) -> (usize, usize) {
        let number = self.line_starts.partition_point(|start| *start <= byte.min(self.text.len()));
        (number, self.line_starts[number - 1])
    }

    /// The line and the column in characters of a byte, both from 1. Beyond the end is the end.
    fn position(&self, byte: usize) -> (usize, usize) {
        let (line, start) = self.line(byte);
        let in_line = self.text[start..].char_indices().take_while(|(at, _)| start + at < byte).count();
        (line, in_line + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str, bytes: impl IntoIterator<Item = usize>) -> Faults {
        let report = Report::new(text);
        for byte in bytes {
            report.fault(byte..byte, "x", "");
        }
        report.finish(Path::new("s.toml"), ()).unwrap_err()
    }

    #[test]
    fn columns_count_characters_and_faults_are_in_order_of_the_file() {
        let text = "añb\n\ncd";
        let found = faults(text, [1_000, "añb\n".len(), "añ".len(), 0, 0]);
        let places: Vec<_> = found.iter().map(|fault| (fault.line, fault.column)).collect();
        assert_eq!(places, [(1, 1), (1, 3), (2, 1), (3, 3)]);
    }

    #[test]
    fn a_long_list_of_faults_is_cut_and_counted() {
        let text = "x".repeat(MAX_FAULTS + 7);
        let shown = faults(&text, 0..text.len()).to_string();
        assert_eq!(shown.lines().count(), MAX_FAULTS + 1);
        assert!(shown.ends_with("\ns.toml: 7 more faults"), "{shown}");
    }

    #[test]
    fn a_line_with_a_syntax_error_has_no_other_fault() {
        let report = Report::new("a\nb\nc");
        report.syntax_error(2..3, "syntax", "");
        report.fault(2..3, "value", "");
        report.fault(4..5, "other line", "");
        report.missing(0..1, "missing key", "");
        let messages = report.finish(Path::new("s.toml"), ()).unwrap_err().to_string();
        assert_eq!(messages, "s.toml:2:1: syntax\ns.toml:3:1: other line");
    }
}
