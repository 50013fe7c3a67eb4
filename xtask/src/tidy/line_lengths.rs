//! Rule: a line of a document can be read, and a diff of it too.

use super::Finding;
use super::tree::File;

/// Most characters of a line.
const LONGEST: usize = 400;

/// Checks one document.
pub fn check(file: &File) -> Vec<Finding> {
    if !file.has_ending(&["md"]) {
        return Vec::new();
    }
    let lengths = file.text.lines().map(|line| line.chars().count()).enumerate();
    let long = lengths.filter(|(_, length)| *length > LONGEST);
    let finding = |(at, length): (usize, usize)| {
        let mend = format!("break it, or make a list of the table ({LONGEST} is the limit)");
        Finding::new(&file.path, at + 1, format!("a line of {length} characters"), mend)
    };
    long.map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{assert_clean, assert_finds};

    #[test]
    fn long_lines_of_documents_are_found() {
        let page = |length: usize| format!("# A page\n\n{}\n", "é".repeat(length));
        assert_clean("README.md", &page(LONGEST));
        assert_finds("README.md", &page(LONGEST + 1), 3, "a line of 401 characters");
        assert_clean("assets/a.toml", &page(LONGEST + 1));
    }
}
