//! Rule: lines that a change adds use the words of `docs/style.md`. What was there before is rewritten as it is touched.

use super::Finding;
use super::tree::{File, Tree, words};
use crate::check::changed::AddedLines;

/// Where the words are explained.
const PAGE: &str = "docs/style.md";
/// Words that we do not write, with what we write.
const AVOIDED: [(&str, &str); 13] = [
    ("told", "sent, returned or reported"),
    ("heard", "received"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("whoever", "a user, a client, anyone"),
    ("anew", "again"),
    ("goodbye", "disconnect, or close reason"),
    ("farewell", "disconnect, or close reason"),
    ("foretell", "predict"),
    ("nobody's", "of no user, of no client"),
    ("no more than", "at most"),
    ("in no way", "not"),
];
/// How names of tests begin that state no behaviour.
const BEGINNINGS: [&str; 3] = ["who_", "whoever_", "what_"];

/// Checks the added lines of documents, of comments and of tests' names.
pub fn check(tree: &Tree, added: &AddedLines) -> Vec<Finding> {
    tree.files.iter().filter(|file| file.path != PAGE).flat_map(|file| of_file(file, added)).collect()
}

fn of_file(file: &File, added: &AddedLines) -> Vec<Finding> {
    let is_document = file.has_ending(&["md"]);
    if !is_document && !file.has_ending(&["rs", "js", "mjs"]) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut is_code_block = false;
    for (number, line) in (1..).zip(file.text.lines()) {
        is_code_block ^= is_document && line.trim_start().starts_with("```");
        if is_code_block || !added.has(&file.path, number) {
            continue;
        }
        let prose = if is_document { line } else { comment(line) };
        let prose = without_code(prose).to_lowercase();
        for (word, better) in AVOIDED.iter().filter(|(word, _)| words(&prose, word).next().is_some()) {
            findings.push(Finding::new(
                &file.path,
                number,
                format!("“{word}” is a word that we avoid"),
                format!("write {better} ({PAGE})"),
            ));
        }
        if let Some(name) = name_of_test(file, line).filter(|name| BEGINNINGS.iter().any(|word| name.starts_with(word)))
        {
            let mend = format!("say what happens, as `duplicate_join_is_rejected` does ({PAGE})");
            findings.push(Finding::new(&file.path, number, format!("`{name}` states no behaviour"), mend));
        }
    }
    findings
}

/// What is behind the `//` of a line of code.
fn comment(line: &str) -> &str {
    let begins = line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':'));
    begins.map_or("", |(at, _)| &line[at..])
}

/// A text without what stands between backticks, and without the targets of links.
fn without_code(text: &str) -> String {
    let text = text.split('`').step_by(2).collect::<Vec<_>>().join("` `");
    let mut parts = text.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |prose, part| prose + "]" + part.split_once(')').map_or("", |(_, rest)| rest))
}

/// The name of the function that a line of Rust declares.
fn name_of_test<'l>(file: &File, line: &'l str) -> Option<&'l str> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let declared = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
    file.has_ending(&["rs"]).then(|| declared.split(['(', '<']).next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a file whose first line is old and whose others are added.
    fn found(path: &str, text: &str) -> Vec<String> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        of_file(&file, &AddedLines::of(path, 2..=usize::MAX)).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn avoided_words_of_added_prose_are_found() {
        for text in ["# Old, told\nIt is Told.", "told\nWhen it was told, again"] {
            let found = found("docs/a.md", text);
            assert_eq!(
                found,
                ["docs/a.md:2: “told” is a word that we avoid; write sent, returned or reported (docs/style.md)"]
            );
        }
        // Put together here, so that this line does not hold what is looked for.
        let code =
            ["", "let told = 1; /", "/ sent anew", "", "/", "// Anew", "", "let url = \"http:/", "/anew\"; mend();"];
        let code = code.map(|part| if part.is_empty() { "\n" } else { part }).concat();
        assert_eq!(found("game/src/a.rs", &code).len(), 2, "{:?}", found("game/src/a.rs", &code));
        assert_eq!(found("docs/a.md", "\n`told` by `mend`\n```sh\ntold\n```\nrenewed, mender, toldo"), [""; 0]);
        assert_eq!(found("docs/a.md", "\n[Read](what-was-told.md) [it](told)"), [""; 0]);
        assert_eq!(found("docs/a.md", "\n[Read](a.md) what was told").len(), 1);
        assert_eq!(found("assets/a.toml", "\n# told"), [""; 0]);
    }

    #[test]
    fn names_of_tests_that_state_no_behaviour_are_found() {
        let found = found(
            "game/src/a.rs",
            "fn who_is_old() {}\n    async fn who_waits() {}\nfn what_if<T>() {}\nfn waits() {}\nfn whole() {}",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("game/src/a.rs:2: `who_waits` states no behaviour"), "{found:?}");
    }
}
