//! `docs/files.md`: every source file in a line, which is what it says of itself in its first sentence.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;

use crate::tidy::tree::{File, Tree};
use crate::workspace::Workspace;

/// Where the page lies, from the root.
pub const PATH: &str = "docs/files.md";
const ENDINGS: [&str; 3] = ["rs", "js", "gd"];
/// Folders whose files are no product code, or are made from it.
const LEFT_OUT: [&str; 6] = ["tests", "test", "benches", "fuzz", "examples", "generated"];
/// The package of whole-system tests: its library is code that others call.
const TEST_LIBRARY: &str = "tests/src/";
const HEAD: &str = "\
# Every file

<!-- Written by `cargo xtask schema` from the first sentence of each file. -->

What is in which source file, folder by folder, in the files' own words; the map of it all is [ARCHITECTURE.md](../ARCHITECTURE.md).
Search it for the word of what you look for. A folder's `mod.rs` or `lib.rs` says what the folder is.
";

/// The page, with a line break at its end.
pub fn text(workspace: &Workspace) -> Result<String> {
    Ok(page(&Tree::read(&workspace.root)?.files))
}

fn page(files: &[File]) -> String {
    let mut folders = BTreeMap::<&str, Vec<(&str, String)>>::new();
    for file in files.iter().filter(|file| is_listed(file)) {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let says = first_sentence(&file.text);
        if !says.is_empty() {
            folders.entry(folder).or_default().push((name, says));
        }
    }
    let mut page = HEAD.to_owned();
    for (folder, mut files) in folders {
        // What the folder is comes before what is in it.
        files.sort_by_key(|&(name, _)| (!is_of_folder(name), name.to_owned()));
        _ = write!(page, "\n## {folder}/\n\n");
        for (name, says) in files {
            _ = writeln!(page, "* `{name}`: {says}");
        }
    }
    page
}

fn is_listed(file: &File) -> bool {
    let inner = file.path.strip_prefix(TEST_LIBRARY).unwrap_or(&file.path);
    let is_left_out = inner.split('/').any(|part| LEFT_OUT.contains(&part)) || inner.ends_with("tests.rs");
    file.has_ending(&ENDINGS) && !is_left_out
}

fn is_of_folder(name: &str) -> bool {
    ["mod.rs", "lib.rs", "main.rs", "index.js"].contains(&name)
}

/// The first sentence of the comment that a file begins with; empty where it begins with none.
fn first_sentence(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.starts_with("extends ") || line.is_empty());
    let comment = lines.map_while(|line| ["//!", "//", "##", "# "].iter().find_map(|mark| line.strip_prefix(mark)));
    let words = comment.map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let end = words.find(". ").map_or(words.len(), |dot| dot + 1);
    without_links(&words[..end])
}

/// The text with its links' words alone: where they lead to is another place for each file.
fn without_links(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((words, after)) = link.split_once("`]") else { break };
        plain += &format!("{before}`{words}`");
        rest = after.strip_prefix('(').and_then(|target| target.split_once(')')).map_or(after, |(_, after)| after);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_says_its_first_sentence_over_as_many_lines_as_it_has() {
        let rust = "//! Reads `a.toml` and\n//! what it names. Then more.\n//!\n//! And more.\n\nuse std;\n";
        assert_eq!(first_sentence(rust), "Reads `a.toml` and what it names.");
        assert_eq!(first_sentence("// Draws it\n\nimport x;\n"), "Draws it");
        assert_eq!(first_sentence("extends Node\n\n## A door.\n"), "A door.");
        assert_eq!(first_sentence("//! [`A`] of [`B`](super::B), a[0].\n"), "`A` of `B`, a[0].");
        assert_eq!(first_sentence("use std;\n// Not of the file.\n"), "");
    }

    #[test]
    fn product_code_is_listed_by_folder_and_tests_are_not() {
        let page = page(&[
            file("engine/src/map/grid.rs", "//! Tiles."),
            file("engine/src/map/mod.rs", "//! Maps."),
            file("engine/src/map/tests.rs", "//! Whether maps are read."),
            file("engine/tests/maps.rs", "//! Whether maps work."),
            file("tests/src/walk.rs", "//! Walks."),
            file("docs/link.md", "# The map link"),
        ]);
        assert!(page.starts_with(HEAD));
        let listed =
            "\n## engine/src/map/\n\n* `mod.rs`: Maps.\n* `grid.rs`: Tiles.\n\n## tests/src/\n\n* `walk.rs`: Walks.\n";
        assert_eq!(&page[HEAD.len()..], listed);
    }
}
