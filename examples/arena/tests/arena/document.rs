//! `docs/your-own-game.md` shows code of this example, and nothing else.

use std::fs::read_to_string;
use std::path::Path;

/// The blocks of a language in a Markdown text.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    let begun = text.split(open.as_str()).skip(1);
    begun.map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn every_snippet_of_the_document_is_in_the_example() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = read_to_string(here.join("../../docs/your-own-game.md")).unwrap();
    let files =
        ["Cargo.toml", "src/lib.rs", "src/rules.rs", "src/client.rs", "src/bin/arena.rs", "src/bin/arena-server.rs"];
    let sources: String = files.iter().map(|file| read_to_string(here.join(file)).unwrap()).collect();
    let snippets = [blocks(&document, "rust"), blocks(&document, "toml")].concat();
    assert!(snippets.len() > 5, "the document shows code");
    for snippet in snippets {
        // `…` stands for code that is left out.
        for part in snippet.split('…') {
            assert!(sources.contains(part.trim()), "this is not in the example:\n{part}");
        }
    }
}
