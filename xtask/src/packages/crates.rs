//! The crates that are published: their manifests, the files in them, and a rehearsal of `cargo publish`.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{LICENCES, README};
use crate::binaries::output;
use crate::metadata;
use crate::workspace::Workspace;

/// The crates, each after those that it depends on.
const CRATES: [&str; 2] = ["realmgate-protocol", "realmgate-client"];
/// What crates.io shows or demands.
const FIELDS: [&str; 5] = ["description", "homepage", "license", "readme", "repository"];
/// How many keywords crates.io takes.
const MOST_KEYWORDS: usize = 5;

/// What is wrong with them. Fails if cargo would not publish them.
pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let metadata = metadata::read(workspace)?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let mut faults: Vec<String> = packages.iter().flat_map(of_manifest).collect();
    for name in CRATES {
        let mut list = workspace.command("cargo");
        list.args(["package", "--list", "--quiet", "--allow-dirty", "--locked", "--package", name]);
        let listed = String::from_utf8(output(&mut list)?)?;
        faults.extend(of_files(name, &listed.lines().collect::<Vec<_>>()));
    }
    // Both at once: the registry may not have the version on which the second depends.
    let chosen = CRATES.iter().flat_map(|name| ["--package", name]);
    let rehearsal = ["publish", "--dry-run", "--no-verify", "--quiet", "--allow-dirty", "--locked"];
    workspace.run("cargo", &rehearsal.into_iter().chain(chosen).collect::<Vec<_>>())?;
    Ok(faults)
}

/// The faults of a package of the workspace, as cargo describes it.
fn of_manifest(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    // Without `publish` any registry may have it; with `publish = false` none may.
    let may_be_published = package["publish"].is_null();
    if !CRATES.contains(&name) {
        let fault = format!("{name} may be published, and is not meant to be: publish.workspace = true");
        return if may_be_published { vec![fault] } else { Vec::new() };
    }
    let mut faults = Vec::new();
    if !may_be_published {
        faults.push(format!("{name} may not be published: remove `publish` from its manifest"));
    }
    let missing = FIELDS.iter().filter(|field| package[**field].as_str().is_none_or(str::is_empty));
    faults.extend(missing.map(|field| format!("the manifest of {name} has no {field}")));
    let count = |list: &str| package[list].as_array().map_or(0, Vec::len);
    if !(1..=MOST_KEYWORDS).contains(&count("keywords")) {
        faults.push(format!("{name} has {} keywords: crates.io takes 1 to {MOST_KEYWORDS}", count("keywords")));
    }
    if count("categories") == 0 {
        faults.push(format!("the manifest of {name} has no categories"));
    }
    faults
}

/// The faults of what is packed.
fn of_files(name: &str, files: &[&str]) -> Vec<String> {
    let wanted = ["Cargo.toml", "src/lib.rs", README].into_iter().chain(LICENCES);
    let missing = wanted.filter(|file| !files.contains(file)).map(|file| format!("{name} is packed without {file}"));
    let is_test = |file: &&&str| file.starts_with("tests/") || file.starts_with("benches/");
    let tests = files.iter().filter(is_test).map(|file| format!("{name} is packed with {file}: see its `include`"));
    missing.chain(tests).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_crate_needs_what_the_registry_shows() {
        let whole = json!({
            "name": CRATES[0], "publish": null, "description": "a", "homepage": "https://a", "license": "MIT",
            "readme": "README.md", "repository": "https://a", "keywords": ["a"], "categories": ["b"],
        });
        assert_eq!(of_manifest(&whole), [""; 0]);
        let mut lacking = whole.clone();
        lacking["publish"] = json!([]);
        lacking["readme"] = Value::Null;
        lacking["keywords"] = json!(["a", "b", "c", "d", "e", "f"]);
        lacking["categories"] = json!([]);
        let faults = of_manifest(&lacking);
        let expected = ["may not be published", "has no readme", "has 6 keywords", "has no categories"];
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.contains(expected), "{fault} does not say: {expected}");
        }
    }

    #[test]
    fn no_other_package_may_be_published() {
        assert_eq!(of_manifest(&json!({ "name": "xtask", "publish": [] })), [""; 0]);
        assert_eq!(of_manifest(&json!({ "name": "xtask", "publish": null })).len(), 1);
    }

    #[test]
    fn missing_files_and_tests_are_faults() {
        let files = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs"];
        assert_eq!(of_files("a", &files), [""; 0]);
        let faults = of_files("a", &["Cargo.toml", "LICENSE-APACHE", "README.md", "src/lib.rs", "tests/b.rs"]);
        assert_eq!(faults.len(), 2, "{faults:#?}");
        assert_eq!(faults[0], "a is packed without LICENSE-MIT");
        assert!(faults[1].starts_with("a is packed with tests/b.rs"), "{faults:#?}");
    }
}
