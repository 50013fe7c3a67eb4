//! Limits on how much XML a file may hold, checked by one pass over its bytes before any parser sees them.
//!
//! The time of a parser grows with the square of an element's attributes, which it compares pair by pair, and its
//! memory with whatever the file says. A file within these limits is parsed in a moment.

use std::ops::Range;

use crate::data::{Fault, SourceText};

/// Most elements of a file.
const MAX_ELEMENTS: usize = 500_000;
/// Most attributes of an element; Tiled writes at most some twenty.
const MAX_ATTRIBUTES: usize = 64;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 64;

/// Reports the first place that exceeds a limit. Malformed XML is left to the parser.
pub(super) fn check(source: &SourceText) -> Result<(), Fault> {
    let too_much = |at: Range<usize>, what: &str, most: usize| {
        source.fault(at, format!("too many {what}"), format!("at most {most}"))
    };
    let mut rest = Tags { text: source.text(), at: 0 };
    let (mut elements, mut depth) = (0, 0_usize);
    while let Some(tag) = rest.next() {
        let at = tag.at..tag.at + 1;
        match tag.kind {
            Kind::End => depth = depth.saturating_sub(1),
            Kind::Start | Kind::Empty => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(too_much(at, "elements", MAX_ELEMENTS));
                }
                if tag.attributes > MAX_ATTRIBUTES {
                    return Err(too_much(at, "attributes", MAX_ATTRIBUTES));
                }
                if depth >= MAX_DEPTH {
                    return Err(too_much(at, "nested elements", MAX_DEPTH));
                }
                depth += usize::from(tag.kind == Kind::Start);
            }
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    End,
    Empty,
}

/// A tag, and where it begins.
struct Tag {
    at: usize,
    kind: Kind,
    attributes: usize,
}

/// The tags of a text; comments and the like are skipped.
struct Tags<'t> {
    text: &'t str,
    at: usize,
}

impl Tags<'_> {
    fn next(&mut self) -> Option<Tag> {
        loop {
            let at = self.at + self.text.get(self.at..)?.find('<')?;
            let tag = &self.text[at..];
            let closing = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")];
            match closing.into_iter().find(|(open, _)| tag.starts_with(open)) {
                Some((open, close)) => self.at = at + open.len() + tag[open.len()..].find(close)? + close.len(),
                None => return self.tag(at),
            }
        }
    }

    /// The tag that begins here. Attributes are counted by their quoted values.
    fn tag(&mut self, at: usize) -> Option<Tag> {
        let bytes = &self.text.as_bytes()[at..];
        let (mut quote, mut attributes) = (None, 0);
        for (place, byte) in bytes.iter().enumerate().skip(1) {
            match (quote, byte) {
                (None, b'"' | b'\'') => (quote, attributes) = (Some(byte), attributes + 1),
                (Some(open), byte) if open == byte => quote = None,
                (None, b'>') => {
                    let kind = match (bytes[1], bytes[place - 1]) {
                        (b'/', _) => Kind::End,
                        (_, b'/') => Kind::Empty,
                        _ => Kind::Start,
                    };
                    self.at = at + place + 1;
                    return Some(Tag { at, kind, attributes });
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn fault(text: &str) -> Option<String> {
        check(&SourceText::new(Path::new("x.tmx"), text)).err().map(|fault| fault.message)
    }

    #[test]
    fn what_only_looks_like_a_tag_is_passed_over() {
        let within = "<a>".repeat(MAX_DEPTH);
        let out = "</a>".repeat(MAX_DEPTH);
        assert_eq!(fault(&format!("<?xml version='1.0'?>{within}<!-- <a> <a -->{out}")), None);
        assert_eq!(fault(&format!("{within}<![CDATA[<a><a>]]>{out}<a/>")), None);
        assert_eq!(fault(&format!("{within}{out}{within}{out}")), None);
        assert_eq!(fault(&format!("<!DOCTYPE a>{within}<!DOCTYPE a>{out}")), None);
        let (almost, back) = (&within[3..], &out[4..]);
        assert_eq!(fault(&format!("{almost}<a b='>' c=\"<a><a>'\"/>{back}")), None);
        assert_eq!(fault(&format!("{within}<a/>{out}")).as_deref(), Some("too many nested elements"));
    }

    #[test]
    fn what_ends_early_is_left_to_the_parser() {
        for text in ["", "<", "<a", "<a b='", "<!--", "<!", "</", "<>", "</>", "a>b", "<é>"] {
            assert_eq!(fault(text), None, "{text}");
        }
        let within = "<a>".repeat(MAX_DEPTH);
        for text in ["<", "<a", "<a b='", "<a b='>", "<!--<a>", "<![CDATA[<a>", "<?<a>", "<!", "</"] {
            assert_eq!(fault(&format!("{within}{text}")), None, "what ends early is no element: {text}");
        }
    }

    #[test]
    fn each_bound_is_the_last_that_is_allowed() {
        let attributes = |count: usize| (0..count).map(|number| format!(" a{number}='1'")).collect::<String>();
        assert_eq!(fault(&format!("<a{}/>", attributes(MAX_ATTRIBUTES))), None);
        assert_eq!(fault(&format!("<a{}/>", attributes(MAX_ATTRIBUTES + 1))).as_deref(), Some("too many attributes"));
        assert_eq!(fault(&"<a/>".repeat(MAX_ELEMENTS)), None);
        assert_eq!(fault(&"<a/>".repeat(MAX_ELEMENTS + 1)).as_deref(), Some("too many elements"));
        assert_eq!(fault(&"<a>".repeat(MAX_DEPTH)), None);
        let deep = fault(&"<a>".repeat(MAX_DEPTH + 1));
        assert_eq!(deep.as_deref(), Some("too many nested elements"));
    }
}
