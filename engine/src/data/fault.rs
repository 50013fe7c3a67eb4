//! Faults: what is wrong in a data file, where, and what would be right.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One thing that is wrong in a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named to the check.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong, in the designer's words.
    pub message: String,
    /// What would be right; empty where nothing more can be said.
    pub expected: String,
    /// The byte range of the fault in the file, for editors and reports that show the source.
    pub span: Range<usize>,
}

impl Fault {
    /// A fault of a file as a whole, shown at its first character: it is missing, unreadable or misnamed.
    pub fn of_file(file: &Path, message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 1,
            column: 1,
            message: message.into(),
            expected: expected.into(),
            span: 0..0,
        }
    }

    fn order(&self) -> (&Path, u32, u32, &str) {
        (&self.file, self.line, self.column, &self.message)
    }
}

/// `file:line:column: message; expected …`, the form that editors turn into a link.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.message)?;
        if self.expected.is_empty() { Ok(()) } else { write!(f, "; expected {}", self.expected) }
    }
}

/// All faults of a check, in the order of file, line and column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    sorted: Vec<Fault>,
}

impl Faults {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault in its place; a duplicate is dropped.
    pub fn push(&mut self, fault: Fault) {
        let at = self.sorted.partition_point(|other| other.order() <= fault.order());
        if at == 0 || self.sorted[at - 1].order() != fault.order() {
            self.sorted.insert(at, fault);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// How many faults there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The faults by file, line and column.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.sorted.iter()
    }

    /// `Ok(value)` if nothing is wrong.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl Extend<Fault> for Faults {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;
    fn into_iter(self) -> Self::IntoIter {
        self.sorted.into_iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self { sorted: vec![fault] }
    }
}

/// One line per fault, without a newline after the last.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.sorted.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str, line: u32, message: &str) -> Fault {
        Fault { line, ..Fault::of_file(Path::new(file), message, "") }
    }

    #[test]
    fn faults_print_by_file_and_line_each_once() {
        let mut faults = Faults::new();
        let farther = Fault { column: 7, ..at("b", 2, "a") };
        faults.extend([at("b", 2, "x"), at("a", 10, "y"), farther, at("b", 1, "z"), at("b", 2, "x"), at("b", 2, "w")]);
        assert_eq!(faults.to_string(), "a:10:1: y\nb:1:1: z\nb:2:1: w\nb:2:1: x\nb:2:7: a");
    }
}
