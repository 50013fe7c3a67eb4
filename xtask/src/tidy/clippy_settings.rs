//! Rule: what clippy.toml of the root forbids, that of a package forbids too, since clippy reads one of them alone.

use toml::{Table, Value};

use super::Finding;
use super::tree::{File, Tree};

const SETTINGS: &str = "clippy.toml";
const LISTS: [&str; 2] = ["disallowed-methods", "disallowed-types"];

/// Compares every package's settings with the root's.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.files.iter().find(|file| file.path == SETTINGS) else { return Vec::new() };
    let wanted = forbidden(root);
    let packages = tree.files.iter().filter(|file| file.path.ends_with("/clippy.toml"));
    let compare = |package: &File| {
        let there = forbidden(package);
        let missing = wanted.iter().filter(|path| !there.contains(path));
        let finding = |path: &String| {
            let wrong = format!("it does not forbid {path}, which {SETTINGS} of the root does");
            Finding::new(&package.path, 1, wrong, "copy the root's line")
        };
        missing.map(finding).collect::<Vec<_>>()
    };
    packages.flat_map(compare).collect()
}

/// The paths that a file forbids; none where it is no TOML, which clippy says itself.
fn forbidden(settings: &File) -> Vec<String> {
    let table: Table = settings.text.parse().unwrap_or_default();
    let entries = LISTS.iter().filter_map(|list| table.get(*list)?.as_array()).flatten();
    entries.filter_map(|entry| entry.get("path").and_then(Value::as_str).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::tidy;

    #[test]
    fn a_package_forbids_what_the_root_forbids_and_more_if_it_likes() {
        for list in ["disallowed-methods", "disallowed-types"] {
            let one = format!("{list} = [{{ path = \"a::b\" }}]\n");
            let two = format!("{list} = [{{ path = \"a::b\" }}, {{ path = \"c::d\" }}]\n");
            assert_eq!(tidy(&[("clippy.toml", &one), ("protocol/clippy.toml", &two)]), [""; 0]);
            let found = tidy(&[("clippy.toml", &two), ("engine/clippy.toml", &two), ("protocol/clippy.toml", &one)]);
            let [finding] = &found[..] else { panic!("{list}: {found:?}") };
            assert!(finding.starts_with("protocol/clippy.toml:1: it does not forbid c::d"), "{finding}");
        }
    }
}
