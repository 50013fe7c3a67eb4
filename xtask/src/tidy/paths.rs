//! The paths that Rust code names: what its `use` items bring in, and what it spells out in place.

use std::collections::HashMap;

use super::tree::line_of;

/// A path such as `std::time::Instant`, written out in full, and where it is named.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    pub line: usize,
    pub segments: Vec<String>,
}

/// Every path in masked code. One that begins with an imported name is given with that import's path in front of it.
pub fn named(code: &str) -> Vec<Named> {
    let mut reader = Reader { tokens: tokens(code), at: 0, imports: Vec::new(), mentions: Vec::new() };
    while reader.at < reader.tokens.len() {
        reader.step();
    }
    let Reader { imports, mentions, .. } = reader;
    let known: HashMap<&str, &[String]> =
        imports.iter().map(|(name, import)| (name.as_str(), import.segments.as_slice())).collect();
    let mut named: Vec<Named> = mentions
        .into_iter()
        .map(|mention| match known.get(mention.segments[0].as_str()) {
            Some(import) => Named { segments: [*import, &mention.segments[1..]].concat(), ..mention },
            None => mention,
        })
        .collect();
    named.extend(imports.into_iter().map(|(_, import)| import));
    named
}

#[derive(Clone, Copy)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

/// Words, `::`, and every other character by itself.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut tokens, mut line, mut counted) = (Vec::new(), 1, 0);
    let mut at = 0;
    while let Some(first) = code[at..].chars().next() {
        let rest = &code[at..];
        let length = if in_word(first) {
            rest.find(|c| !in_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            line += line_of(&code[counted..], at - counted) - 1;
            counted = at;
            tokens.push(Token { line, text: &rest[..length] });
        }
        at += length;
    }
    tokens
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// By the name they have in this file.
    imports: Vec<(String, Named)>,
    mentions: Vec<Named>,
}

impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text)
    }

    fn step(&mut self) {
        // `impl Trait + use<'a>` is no import.
        if self.peek(0) == "use" && self.peek(1) != "<" {
            self.at += 1;
            return self.import(&[]);
        }
        let line = self.tokens[self.at].line;
        let mut segments = vec![self.peek(0).to_owned()];
        let follows_another = self.at > 0 && matches!(self.tokens[self.at - 1].text, "::" | ".");
        while self.peek(1) == "::" && is_word(self.peek(2)) {
            segments.push(self.peek(2).to_owned());
            self.at += 2;
        }
        if segments.len() > 1 && is_word(&segments[0]) && !follows_another {
            self.mentions.push(Named { line, segments });
        }
        self.at += 1;
    }

    /// One branch of a `use` tree, with what stands before it.
    fn import(&mut self, prefix: &[String]) {
        let mut segments = prefix.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        loop {
            match self.peek(0) {
                "::" => {}
                "{" => return self.branches(&segments),
                "*" => segments.push("*".to_owned()),
                "self" if !segments.is_empty() => {}
                word if is_word(word) && word != "as" => segments.push(word.to_owned()),
                _ => break,
            }
            self.at += 1;
        }
        let mut name = segments.last().cloned().unwrap_or_default();
        if self.peek(0) == "as" {
            name = self.peek(1).to_owned();
            self.at += 2;
        }
        self.imports.push((name, Named { line, segments }));
    }

    fn branches(&mut self, prefix: &[String]) {
        self.at += 1;
        while !matches!(self.peek(0), "}" | "") {
            let before = self.at;
            self.import(prefix);
            // A comma; or something that is no Rust, which must not hold us up.
            if self.peek(0) == "," || self.at == before {
                self.at += 1;
            }
        }
        self.at += 1;
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_names(code: &str, expected: &[&str]) {
        let found: Vec<_> =
            named(code).iter().map(|path| format!("{} {}", path.line, path.segments.join("::"))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_use_tree_is_spelled_out() {
        assert_names(
            "use std::{\n  fs,\n  time::{self, Duration},\n};\npub use ::a::*;",
            &["2 std::fs", "3 std::time", "3 std::time::Duration", "5 a::*"],
        );
    }

    #[test]
    fn paths_in_place_are_found_and_methods_are_not() {
        assert_names(
            "let a = std::fs::read(x).map(b::c);\nd.e::<f::G>();\n<T as H>::i()",
            &["1 std::fs::read", "1 b::c", "2 f::G"],
        );
    }

    #[test]
    fn an_imported_name_stands_for_its_path() {
        assert_names("use std::time as t;\nt::Instant::now()", &["2 std::time::Instant::now", "1 std::time"]);
    }

    #[test]
    fn captures_and_broken_code_do_no_harm() {
        assert_names("fn f() -> impl A + use<'a> {}", &[]);
        assert_names("use a::{b, ;", &["1 a::b", "1 a"]);
    }
}
