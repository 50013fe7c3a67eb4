//! Rust source without its comments and literals, so that rules about code do not trip over prose.

use std::ops::Range;

/// The source with every comment, string and character literal blanked; each byte keeps its place.
pub fn only(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = source.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let length = prose_length(&source[at..]);
        code[at..at + length].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at += length.max(source[at..].chars().next().map_or(1, char::len_utf8));
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// How long the comment or literal at the start of `source` is; 0 when there is none.
fn prose_length(source: &str) -> usize {
    let bytes = source.as_bytes();
    match bytes {
        [b'/', b'/', ..] => source.find('\n').unwrap_or(source.len()),
        [b'/', b'*', ..] => block_comment(bytes),
        [b'"', ..] => quoted(bytes, b'"'),
        [b'r', b'"' | b'#', ..] => raw_string(source),
        [b'\'', b'\\', ..] => quoted(bytes, b'\''),
        // A quote that does not close after one character begins a lifetime.
        [b'\'', ..] => {
            let character = source[1..].chars().next().map_or(0, char::len_utf8);
            if bytes.get(1 + character) == Some(&b'\'') { character + 2 } else { 0 }
        }
        _ => 0,
    }
}

fn block_comment(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn raw_string(source: &str) -> usize {
    let hashes = source[1..].bytes().take_while(|byte| *byte == b'#').count();
    let body = 1 + hashes;
    // Without a quote it is a raw identifier, `r#type`.
    let Some(rest) = source[body..].strip_prefix('"') else { return 0 };
    let end = format!("\"{}", "#".repeat(hashes));
    rest.find(&end).map_or(source.len(), |offset| body + 1 + offset + end.len())
}

/// The parts of masked code that stand under `#[cfg(test)]`.
pub fn test_regions(code: &str) -> Vec<Range<usize>> {
    let starts = code.match_indices("#[cfg(test)]").map(|(start, _)| start);
    starts.map(|start| start..start + item_length(&code[start..])).collect()
}

/// Up to the brace that closes the first one, or to the semicolon of an item without a body.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (offset, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return offset + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return offset + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_masked(source: &str, expected: &str) {
        let code = only(source);
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), expected);
        assert_eq!(code.len(), source.len(), "every byte keeps its place");
        assert_eq!(code.matches('\n').count(), source.matches('\n').count(), "every line keeps its number");
    }

    #[test]
    fn comments_are_blanked() {
        assert_masked("a // b \"c\nd /* e /* f\n */ g */ h", "a d h");
        assert_masked("/// ünïcode\nfn é() {}", "fn é() {}");
    }

    #[test]
    fn literals_are_blanked_and_lifetimes_are_not() {
        assert_masked(r#"f("a\"b // c", b"d", 'e', '\'', '"') + g"#, "f( , b , , , ) + g");
        assert_masked("r#\"a \" b\"# r\"c\\\" d", "d");
        assert_masked("fn f<'a>(x: &'a str, r#type: &'static str)", "fn f<'a>(x: &'a str, r#type: &'static str)");
    }

    #[test]
    fn unfinished_literals_end_with_the_file() {
        for source in ["\"a", "/* a", "r#\"a", "'\\", "\"a\\", "'"] {
            assert_eq!(only(source).len(), source.len());
        }
    }

    #[test]
    fn a_test_region_is_the_item_below_its_attribute() {
        let code =
            "fn a() { b(); }\n#[cfg(test)]\nmod tests { fn c() { d(); } }\nfn e() {}\n#[cfg(test)]\nmod x;\nfn f() {}";
        let regions: Vec<_> = test_regions(code).into_iter().map(|region| &code[region]).collect();
        assert_eq!(regions, ["#[cfg(test)]\nmod tests { fn c() { d(); } }", "#[cfg(test)]\nmod x;"]);
    }
}
