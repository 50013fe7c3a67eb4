//! Rule: nothing unfinished lands.

use super::Finding;
use super::tree::{File, line_of, words};

// Put together here, so that this file does not hold what it looks for.
const UNFINISHED: [(&str, &str); 4] = [
    (concat!("to", "do!"), "write it, or leave it out"),
    (concat!("unimple", "mented!"), "write it, or leave it out"),
    (concat!("db", "g!"), "remove it, or log with tracing"),
    (concat!("#", "[ignore"), "a test that nobody runs proves nothing: mend it or delete it"),
];
const MARKS: [&str; 3] = [concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
const SOURCE: [&str; 11] = ["rs", "js", "mjs", "ts", "gd", "sh", "py", "toml", "html", "css", "sql"];

/// Checks one source file: macros and attributes in code, marks in comments too.
pub fn check(file: &File) -> Vec<Finding> {
    if !file.has_ending(&SOURCE) {
        return Vec::new();
    }
    let found = |text: &str, offset, word: &str, mend| {
        Finding::new(&file.path, line_of(text, offset), format!("{word} is left over"), mend)
    };
    let mut findings = Vec::new();
    for (word, mend) in UNFINISHED.iter().filter(|_| file.has_ending(&["rs"])) {
        findings.extend(words(&file.code, word).map(|offset| found(&file.code, offset, word, *mend)));
    }
    for mark in MARKS {
        let mend = "do it now, or open an issue and say in the comment what holds today";
        findings.extend(words(&file.text, mark).map(|offset| found(&file.text, offset, mark, mend)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{assert_clean, assert_finds};

    #[test]
    fn what_is_unfinished_is_found_in_code() {
        for (word, mend) in UNFINISHED {
            assert_finds(
                "game/src/a.rs",
                &format!("fn a() {{\n    {word}(b) }}"),
                2,
                &format!("{word} is left over; {mend}"),
            );
            assert_clean("game/src/a.rs", &format!("/// Never {word}().\nfn a() {{ b(\"{word}()\") }}"));
        }
    }

    #[test]
    fn marks_are_found_in_comments_of_any_language() {
        for mark in MARKS {
            assert_finds("clients/web/a.js", &format!("a()\n// {mark}: later"), 2, mark);
            assert_finds("game/src/a.rs", &format!("// {mark}"), 1, mark);
            assert_clean("game/src/a.rs", &format!("const {mark}ED: u8 = 0;"));
            assert_clean("docs/a.md", mark);
        }
    }
}
