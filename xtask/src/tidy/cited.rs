//! Rule: a test that a document names, by its file and its name, is there.

use super::Finding;
use super::tree::{File, Tree, is_in_comment, line_of, words};

const MARK: &str = ".rs::";
const MEND: &str = "cite an existing test by its file from the root and its function";

/// Checks every document against the files that it names.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files.iter().filter(|file| file.has_ending(&["md"]));
    documents.flat_map(|document| wrong(tree, document)).collect()
}

fn wrong<'a>(tree: &'a Tree, document: &'a File) -> impl Iterator<Item = Finding> + 'a {
    cited(&document.text).filter_map(|(path, name, offset)| {
        let wrong = match tree.files.iter().find(|file| file.path == path) {
            None => format!("there is no file {path}"),
            Some(file) if !has_function(file, name) => format!("{path} has no function {name}"),
            Some(_) => return None,
        };
        Some(Finding::new(&document.path, line_of(&document.text, offset), wrong, MEND))
    })
}

/// Every `path.rs::name` between backticks: path, name, and where it begins.
fn cited(text: &str) -> impl Iterator<Item = (&str, &str, usize)> {
    text.match_indices(MARK).filter_map(|(mark, _)| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
        let begin = text[..mark].rfind(|c| !is_part(c)).map_or(0, |before| before + 1);
        let rest = &text[mark + MARK.len()..];
        let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())];
        let path = &text[begin..mark + MARK.len() - 2];
        text[..begin].ends_with('`').then_some((path, name, begin))
    })
}

fn has_function(file: &File, name: &str) -> bool {
    !name.is_empty()
        && words(&file.text, "fn").filter(|offset| !is_in_comment(&file.text, *offset)).any(|offset| {
            let rest = file.text[offset + 2..].trim_start();
            rest.strip_prefix(name).is_some_and(|after| after.starts_with(['(', '<']))
        })
}

#[cfg(test)]
mod tests {
    use super::MEND;
    use crate::tidy::testing::tidy;

    const CODE: &str =
        "#[test]\nfn it_holds() {}\n// fn it_is_gone() {}\nasync fn on_both<T>(store: T) {}\nfn more_than_4_kib() {}\n";

    fn found(cited: &str) -> Vec<String> {
        let document = format!("| step |\n| `{cited}` |\n");
        tidy(&[("docs/a.md", &document), ("engine/src/a.rs", CODE)])
    }

    #[test]
    fn what_is_there_may_be_named() {
        let functions = ["it_holds", "on_both", "more_than_4_kib"].map(|name| format!("engine/src/a.rs::{name}"));
        for cited in functions.iter().map(String::as_str).chain(["engine/src/a.rs", "a::it_holds"]) {
            assert_eq!(found(cited), [""; 0], "{cited}");
        }
    }

    #[test]
    fn what_is_not_there_is_found_where_it_is_named() {
        for (cited, wrong) in [
            ("engine/src/b.rs::it_holds", "there is no file engine/src/b.rs"),
            ("a.rs::it_holds", "there is no file a.rs"),
            ("engine/src/a.rs::it_hold", "engine/src/a.rs has no function it_hold"),
            ("engine/src/a.rs::it_holds_not", "engine/src/a.rs has no function it_holds_not"),
            ("engine/src/a.rs::it_is_gone", "engine/src/a.rs has no function it_is_gone"),
            ("engine/src/a.rs::", "engine/src/a.rs has no function "),
        ] {
            assert_eq!(found(cited), [format!("docs/a.md:2: {wrong}; {MEND}")], "{cited}");
        }
    }
}
