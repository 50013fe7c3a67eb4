//! Rule: a Rust file is about one thing, and its length shows it.

use super::Finding;
use super::tree::File;

/// Above this, a file needs a reason.
const LONG: usize = 400;
/// Above this, it is two things.
const TOO_LONG: usize = 600;

/// Checks one Rust file.
pub fn check(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if !file.has_ending(&["rs"]) || lines <= LONG {
        return Vec::new();
    }
    if lines > TOO_LONG {
        let mend = format!("move the second subject to another file (the limit is {TOO_LONG} lines)");
        return vec![Finding::new(&file.path, lines, format!("{lines} lines"), mend)];
    }
    vec![Finding::new(&file.path, lines, format!("{lines} lines"), "does it still have one subject?").warning()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{assert_clean, assert_finds};

    #[test]
    fn long_files_warn_and_too_long_ones_fail() {
        let file = |lines: usize| "//\n".repeat(lines);
        assert_clean("game/src/a.rs", &file(LONG));
        assert_finds("game/src/a.rs", &file(LONG + 1), 401, "warning: 401 lines");
        assert_finds("game/src/a.rs", &file(TOO_LONG), 600, "warning: ");
        assert_finds("game/src/a.rs", &file(TOO_LONG + 1), 601, ":601: 601 lines; move the second subject");
        assert_clean("clients/web/a.js", &file(TOO_LONG + 1));
    }
}
