//! Rule: every metric of the code is in `docs/metrics.md`, and the pages for operators name no other; every histogram
//! has buckets that fit it.

use std::collections::BTreeMap;

use super::Finding;
use super::test_regions::test_regions;
use super::tree::{File, Tree, line_of};

const PREFIX: &str = "realmgate_";
/// Where metrics are registered.
const CODE: [&str; 7] = [
    "engine/src/",
    "game/src/",
    "game/start_server/src/",
    "sidecar/src/",
    "sidecar/community/src/",
    "sidecar/door/src/",
    "sidecar/platform/src/",
];
const LIST: &str = "docs/metrics.md";
/// The other pages for operators, which name some of them.
const PAGES: [&str; 3] = ["docs/deploy.md", "docs/failures.md", "docs/settings.md"];
/// Where histograms get their buckets; those that have none of their own get seconds.
const BUCKETS: &str = "sidecar/platform/src/metrics_recorder.rs";
const HISTOGRAM: &str = "histogram!(\"";
/// Our crates, whose names look the same.
const CRATES: [&str; 10] =
    ["engine", "game", "sidecar", "protocol", "client", "server", "platform", "community", "door", "hooks"];
/// What Prometheus adds to the name of a histogram or summary.
const SERIES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Checks the whole tree: the pages for operators, and the dashboards in `deploy/`.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut registered = BTreeMap::new();
    for file in tree.files.iter().filter(|file| CODE.iter().any(|folder| file.path.starts_with(folder))) {
        for (name, offset) in registrations(file) {
            registered.entry(name).or_insert_with(|| (file.path.clone(), line_of(&file.text, offset)));
        }
    }
    let mut findings = unfit_histograms(tree);
    let is_page = |path: &str| path == LIST || PAGES.contains(&path);
    let is_document = |file: &&File| is_page(&file.path) || file.path.starts_with("deploy/");
    for file in tree.files.iter().filter(is_document) {
        for (name, offset) in names(&file.text) {
            let series = SERIES.iter().find_map(|series| name.strip_suffix(series));
            let is_family = name.ends_with('_') && registered.keys().any(|known| known.starts_with(name));
            let is_known = registered.contains_key(name) || series.is_some_and(|name| registered.contains_key(name));
            if !is_known && !is_family && !is_crate(name) {
                let wrong = format!("no code registers {name}");
                let mend = "name an existing metric, or remove it";
                findings.push(Finding::new(&file.path, line_of(&file.text, offset), wrong, mend));
            }
        }
    }
    let Some(list) = tree.files.iter().find(|file| file.path == LIST) else { return findings };
    let listed: Vec<&str> = names(&list.text).map(|(name, _)| name).collect();
    for (name, (path, line)) in registered {
        if !listed.contains(&name) {
            let mend = "add its type and its meaning to the tables";
            findings.push(Finding::new(&path, line, format!("{name} is not in {LIST}"), mend));
        }
    }
    findings
}

/// Histograms of something else than seconds that nobody has given buckets.
fn unfit_histograms(tree: &Tree) -> Vec<Finding> {
    let buckets = tree.files.iter().find(|file| file.path == BUCKETS).map_or("", |file| &file.text);
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| CODE.iter().any(|folder| file.path.starts_with(folder))) {
        for (name, offset) in registrations(file).filter(|(_, offset)| file.text[..*offset].ends_with(HISTOGRAM)) {
            if !name.ends_with("_seconds") && !buckets.contains(&format!("\"{name}\"")) {
                let wrong = format!("{name} would get buckets of seconds");
                let mend = "give it its own in sidecar/platform/src/metrics_recorder.rs";
                findings.push(Finding::new(&file.path, line_of(&file.text, offset), wrong, mend));
            }
        }
    }
    findings
}

/// String literals that are a metric's name, outside of tests.
fn registrations(file: &File) -> impl Iterator<Item = (&str, usize)> {
    let tests = if file.has_ending(&["rs"]) { test_regions(&file.text) } else { Vec::new() };
    let bytes = file.text.as_bytes();
    names(&file.text).filter(move |(name, offset)| {
        let is_literal = *offset > 0 && bytes[offset - 1] == b'"' && bytes.get(offset + name.len()) == Some(&b'"');
        is_literal && !is_crate(name) && !name.ends_with('_') && !tests.iter().any(|test| test.contains(offset))
    })
}

/// Everything that looks like a metric's name, and where it begins.
fn names(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.match_indices(PREFIX).map(|(offset, _)| {
        let rest = &text[offset..];
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        (&rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())], offset)
    })
}

fn is_crate(name: &str) -> bool {
    // `realmgate_.+` in a dashboard's own query names none.
    name == PREFIX || name.strip_prefix(PREFIX).is_some_and(|name| CRATES.contains(&name))
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::tidy;

    const CODE: &str = "fn a() {\n    metrics::counter!(\"realmgate_a_total\").increment(1);\n}\n";

    #[test]
    fn code_and_documents_name_the_same() {
        let log = "`info,realmgate_engine=debug`, all of `realmgate_a_*`";
        let list = format!("| `realmgate_a_total{{x}}` | counter |\n{log}");
        let dashboard = r#"{"expr": "rate(realmgate_a_total_bucket{}[1m])", "query": "realmgate_.+"}"#;
        let files = [("engine/src/a.rs", CODE), ("docs/metrics.md", &list), ("deploy/a.json", dashboard)];
        assert_eq!(tidy(&files), [""; 0]);
    }

    #[test]
    fn a_metric_that_nobody_lists_is_found_where_it_is_made() {
        let folders = [
            "engine/src",
            "game/src",
            "game/start_server/src",
            "sidecar/src",
            "sidecar/community/src",
            "sidecar/door/src",
            "sidecar/platform/src",
        ];
        for path in folders.map(|folder| format!("{folder}/a.rs")) {
            let found = tidy(&[(&path, CODE), ("docs/metrics.md", "none")]);
            let [finding] = &found[..] else { panic!("{path}: {found:?}") };
            let unlisted = format!("{path}:2: realmgate_a_total is not in docs/metrics.md");
            assert!(finding.starts_with(&unlisted), "{finding}");
        }
        let test = format!("#[cfg(test)]\nmod tests {{\n{CODE}}}\n");
        assert_eq!(tidy(&[("engine/src/a.rs", &test), ("docs/metrics.md", "none")]), [""; 0]);
    }

    #[test]
    fn a_histogram_of_anything_but_seconds_needs_buckets_of_its_own() {
        let code = "fn a() {\n    metrics::histogram!(\"realmgate_a_bytes\").record(1.0);\n}\n";
        let list = ("docs/metrics.md", "realmgate_a_bytes");
        let found = tidy(&[("engine/src/a.rs", code), list]);
        let [finding] = &found[..] else { panic!("{found:?}") };
        assert!(finding.starts_with("engine/src/a.rs:2: realmgate_a_bytes would get buckets of seconds"), "{finding}");
        let bucket = "fn b() { Matcher::Full(\"realmgate_a_bytes\"); }\n";
        assert_eq!(
            tidy(&[("engine/src/a.rs", code), ("sidecar/platform/src/metrics_recorder.rs", bucket), list]),
            [""; 0]
        );
        let seconds = code.replace("bytes", "seconds");
        assert_eq!(tidy(&[("engine/src/a.rs", &seconds), ("docs/metrics.md", "realmgate_a_seconds")]), [""; 0]);
    }

    #[test]
    fn a_metric_that_there_is_not_is_found_where_it_is_named() {
        for path in ["docs/metrics.md", "docs/failures.md", "deploy/grafana/a.json"] {
            let found = tidy(&[(path, "fine\nrealmgate_gone_total")]);
            let [finding] = &found[..] else { panic!("{path}: {found:?}") };
            assert!(finding.starts_with(&format!("{path}:2: no code registers realmgate_gone_total")), "{finding}");
        }
        for gone in ["realmgate_a_totals", "realmgate_a_tot", "realmgate_a_total_max"] {
            let list = format!("`realmgate_a_total`\n{gone}");
            let found = tidy(&[("engine/src/a.rs", CODE), ("docs/metrics.md", &list)]);
            let [finding] = &found[..] else { panic!("{gone}: {found:?}") };
            assert!(finding.starts_with(&format!("docs/metrics.md:2: no code registers {gone}")), "{finding}");
        }
    }
}
