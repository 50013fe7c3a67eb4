//! Which parts of a Rust file are tests.

use std::ops::Range;

const MARK: &str = "#[cfg(test)]";

/// The items under `#[cfg(test)]`. Where they end shows in the indentation that rustfmt gives them.
pub fn test_regions(source: &str) -> Vec<Range<usize>> {
    let regions = source.match_indices(MARK).filter_map(|(start, _)| {
        let indent = source[..start].rsplit('\n').next().filter(|before| before.trim().is_empty())?;
        Some(start..start + item_length(&source[start..], indent))
    });
    regions.collect()
}

/// Up to the line that closes what the item opens, or to the end of an item that has no body.
fn item_length(item: &str, indent: &str) -> usize {
    let mut length = 0;
    for line in item.split_inclusive('\n') {
        length += line.len();
        let line = line.trim();
        if line.ends_with('{') {
            let closing = format!("\n{indent}}}");
            return item[length - 1..].find(&closing).map_or(item.len(), |at| length - 1 + at + closing.len());
        }
        if line.ends_with([';', '}']) {
            break;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_region_is_the_item_below_its_mark() {
        let inner = format!("{MARK}\n    fn a() {{\n        b();\n    }}");
        let module = format!("{MARK}\nmod tests {{\n    const OPEN: &str = \"{{\";\n}}");
        let file = format!("{MARK}\n#[path = \"x.rs\"]\nmod x;\n");
        let code = format!("fn a() {{}}\n{module}\nimpl B {{\n    {inner}\n}}\n{file}fn f() {{}}\n");
        let regions: Vec<_> = test_regions(&code).into_iter().map(|region| &code[region]).collect();
        assert_eq!(regions, [module, inner, file]);
    }
}
