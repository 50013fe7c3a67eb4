//! Rule: nothing unfinished lands.

use super::Finding;
use super::tree::{File, is_in_comment, line_of, words};

// Put together here, so that this file does not hold what it looks for.
const IGNORED: &str = concat!("#", "[ignore");
const MARKS: [&str; 3] = [concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
const SOURCE: [&str; 11] = ["rs", "js", "mjs", "ts", "gd", "sh", "py", "toml", "html", "css", "sql"];

/// How the lines begin between which a merge leaves both versions.
const CONFLICT: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];

/// Checks one file, also one of text for conflicts of a merge. Macros that are left over are clippy's: `[workspace.lints.clippy]` in the root manifest.
pub fn check(file: &File) -> Vec<Finding> {
    let mut findings = conflicts(file);
    if !file.has_ending(&SOURCE) {
        return findings;
    }
    let found = |offset, word: &str, mend| {
        Finding::new(&file.path, line_of(&file.text, offset), format!("{word} is left over"), mend)
    };
    for offset in words(&file.text, IGNORED).filter(|offset| !is_in_comment(&file.text, *offset)) {
        findings.push(found(offset, IGNORED, "a test that never runs proves nothing: fix it or delete it"));
    }
    for mark in MARKS {
        let mend = "do it now, or open an issue and describe the present state in the comment";
        findings.extend(words(&file.text, mark).map(|offset| found(offset, mark, mend)));
    }
    findings
}

fn conflicts(file: &File) -> Vec<Finding> {
    let is_mark = |line: &str| CONFLICT.iter().any(|mark| line.starts_with(mark));
    let marked = file.text.lines().enumerate().filter(|(_, line)| is_mark(line));
    let finding = |(at, _): (usize, _)| Finding::new(&file.path, at + 1, "a merge conflict is left over", "resolve it");
    marked.map(finding).collect()
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::{assert_clean, assert_finds};

    #[test]
    fn a_test_that_nobody_runs_is_found() {
        let ignored = concat!("#", "[ignore");
        for attribute in [format!("{ignored}]"), format!("{ignored} = \"slow\"]")] {
            let test = format!("#[test]\n{attribute}\nfn a() {{}}\n");
            assert_finds("game/src/a.rs", &test, 2, "is left over; a test that never runs proves nothing");
        }
        assert_clean("game/src/a.rs", &format!("/// Never {ignored}].\n"));
    }

    #[test]
    fn marks_are_found_in_comments_of_any_language() {
        for mark in [concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")] {
            let slashes = ["rs", "js", "mjs", "ts"].map(|ending| (ending, "//"));
            let hashes = ["gd", "sh", "py", "toml"].map(|ending| (ending, "#"));
            let others = [("html", "<!--"), ("css", "/*"), ("sql", "--")];
            for (ending, opens) in slashes.into_iter().chain(hashes).chain(others) {
                assert_finds(&format!("clients/a.{ending}"), &format!("a()\n{opens} {mark}: later"), 2, mark);
            }
            assert_finds("game/src/a.rs", &format!("// {mark}"), 1, mark);
            assert_clean("game/src/a.rs", &format!("const {mark}ED: u8 = 0;"));
            assert_clean("docs/a.md", mark);
        }
    }

    #[test]
    fn conflicts_of_a_merge_are_found_in_any_file() {
        for mark in ["<<<<<<< ours", ">>>>>>> theirs"] {
            assert_finds("docs/a.md", &format!("a\n{mark}\n"), 2, "a merge conflict is left over");
        }
        assert_clean("docs/a.md", "a\n=======\n  <<<<<<< quoted\n");
    }
}
