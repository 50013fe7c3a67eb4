//! Rule: what a document links to is there, file and heading; and every page of `docs/` is in the book's summary.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::{File, Tree, line_of};

const PAGES: &str = "docs/";
const SUMMARY: &str = "docs/SUMMARY.md";
/// How links begin that lead to this repository from elsewhere: READMEs of packages have those.
const REPOSITORY: [&str; 2] =
    ["https://github.com/realmgate/realmgate/blob/main/", "https://github.com/realmgate/realmgate/tree/main/"];

/// Checks every document against the files that it names.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let documents = || tree.files.iter().filter(|file| file.has_ending(&["md"]));
    let mut findings: Vec<_> = documents().flat_map(|document| dead(tree, document)).collect();
    let Some(summary) = tree.files.iter().find(|file| file.path == SUMMARY) else { return findings };
    let listed: Vec<_> =
        links(&summary.text).into_iter().filter_map(|(link, _)| Target::of(summary, &link)).map(|it| it.path).collect();
    let unlisted =
        documents().filter(|page| page.path.starts_with(PAGES) && page.path != SUMMARY && !listed.contains(&page.path));
    let mend = "add it there, at its place in the book";
    findings.extend(unlisted.map(|page| Finding::new(&page.path, 1, format!("{SUMMARY} does not list it"), mend)));
    findings
}

fn dead(tree: &Tree, document: &File) -> Vec<Finding> {
    let judge = |(link, offset): (String, usize)| {
        let Target { path, heading } = Target::of(document, &link)?;
        let is_folder = || tree.paths.iter().any(|known| known.starts_with(&format!("{path}/")));
        let wrong = match tree.files.iter().find(|file| file.path == path) {
            Some(file) if heading.is_empty() || headings(&file.text).contains(&heading) => return None,
            Some(_) => format!("{path} has no heading #{heading}"),
            None if tree.paths.contains(&path) || is_folder() => return None,
            None => format!("there is no {path}"),
        };
        Some(Finding::new(&document.path, line_of(&document.text, offset), wrong, "fix the link"))
    };
    links(&document.text).into_iter().filter_map(judge).collect()
}

/// Where a link leads, from the root.
struct Target {
    path: String,
    heading: String,
}

impl Target {
    /// `None` for what is not in the repository.
    fn of(document: &File, link: &str) -> Option<Self> {
        let (path, heading) = link.split_once('#').unwrap_or((link, ""));
        if let Some(path) = REPOSITORY.iter().find_map(|begin| path.strip_prefix(begin)) {
            return Some(Self { path: path.trim_end_matches('/').to_owned(), heading: heading.to_owned() });
        }
        if link.contains("://") || link.starts_with("mailto:") {
            return None;
        }
        let mut parts: Vec<&str> = document.path.split('/').collect();
        if !path.is_empty() {
            parts.pop();
        }
        for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        Some(Self { path: parts.join("/"), heading: heading.to_owned() })
    }
}

/// Every `[text](target)` outside of code, and where its target begins.
pub fn links(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (start, line) in prose(text) {
        let mut at = 0;
        while let Some(next) = line[at..].find(['`', ']']).map(|offset| at + offset) {
            at = next + 1;
            if line[next..].starts_with('`') {
                at = line[at..].find('`').map_or(line.len(), |end| at + end + 1);
            } else if let Some(rest) = line[next..].strip_prefix("](") {
                let end = rest.find([')', ' ']).unwrap_or(rest.len());
                found.push((rest[..end].to_owned(), start + next + 2));
            }
        }
    }
    found
}

/// The names by which links find a document's headings.
fn headings(text: &str) -> Vec<String> {
    let mut times = BTreeMap::new();
    let lines = prose(text).filter(|(_, line)| line.starts_with('#'));
    let names = lines.map(|(_, line)| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let name: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let again = times.entry(name.clone()).or_insert(0);
        *again += 1;
        if *again > 1 { format!("{name}-{}", *again - 1) } else { name }
    });
    names.collect()
}

/// The lines outside of code blocks, and where each begins.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let (mut start, mut is_code) = (0, false);
    text.split_inclusive('\n').filter_map(move |line| {
        let begin = start;
        start += line.len();
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence).then_some((begin, line))
    })
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::tidy;

    const PAGE: &str = "# The *page*\n\n## Some `code`, and more\n\n## Again\n\n## Again\n\n```sh\n# no heading\n```\n";

    fn found(link: &str) -> Vec<String> {
        let document = format!("# Here\n\nSee [it]({link}).\n");
        tidy(&[("docs/a/b.md", &document), ("docs/page.md", PAGE), ("deploy/a.png", "")])
    }

    #[test]
    fn what_is_there_may_be_linked_to() {
        for link in [
            "../page.md",
            "../page.md#the-page",
            "../page.md#some-code-and-more",
            "../page.md#again-1",
            "#here",
            "../../deploy/",
            "../../deploy/a.png",
            "https://example.org/none.md#x",
            "https://github.com/realmgate/realmgate",
            "https://github.com/realmgate/realmgate/blob/main/docs/page.md#again",
            "https://github.com/realmgate/realmgate/tree/main/deploy/",
        ] {
            assert_eq!(found(link), [""; 0], "{link}");
        }
    }

    #[test]
    fn what_is_not_there_is_found_where_it_is_linked_to() {
        for (link, wrong) in [
            ("page.md", "there is no docs/a/page.md"),
            ("../pag", "there is no docs/pag"),
            ("../page.md#some", "docs/page.md has no heading #some"),
            ("../page.md#again-2", "docs/page.md has no heading #again-2"),
            ("../page.md#no-heading", "docs/page.md has no heading #no-heading"),
            ("#there", "docs/a/b.md has no heading #there"),
            ("https://github.com/realmgate/realmgate/blob/main/docs/pag.md", "there is no docs/pag.md"),
            ("https://github.com/realmgate/realmgate/blob/main/docs/page.md#no", "docs/page.md has no heading #no"),
        ] {
            assert_eq!(found(link), [format!("docs/a/b.md:3: {wrong}; fix the link")], "{link}");
        }
    }

    #[test]
    fn links_in_code_are_none() {
        let document = "`[a](b)` [c](d)\n\n```md\n[a](b)\n```\n[e](f)\n";
        let dead = ["a.md:1: there is no d; fix the link", "a.md:6: there is no f; fix the link"];
        assert_eq!(tidy(&[("a.md", document)]), dead, "those beside the code are");
    }

    #[test]
    fn every_page_is_in_the_book() {
        let pages = [("docs/SUMMARY.md", "[One](one.md)\n"), ("docs/one.md", ""), ("docs/a/two.md", ""), ("b.md", "")];
        let found = tidy(&pages);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("docs/a/two.md:1: docs/SUMMARY.md does not list it"), "{found:?}");
    }
}
