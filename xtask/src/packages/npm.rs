//! The package for npm: its manifest, and the files that `npm pack` would put into it.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{LICENCES, README};
use crate::binaries::output;
use crate::workspace::Workspace;

pub const FOLDER: &str = "clients/js";
const MANIFEST: &str = "package.json";
/// What the registry shows of it.
const FIELDS: [&str; 7] =
    ["/author", "/bugs", "/description", "/homepage", "/license", "/repository/url", "/repository/directory"];

/// What is wrong with it.
pub fn faults(workspace: &Workspace, version: &str) -> Result<Vec<String>> {
    let folder = workspace.root.join(FOLDER);
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join(MANIFEST))?)?;
    let mut npm = workspace.command("npm");
    npm.current_dir(folder).args(["pack", "--dry-run", "--json", "--loglevel=error"]);
    let packed: Value = serde_json::from_slice(&output(&mut npm)?).context("npm pack has not written JSON")?;
    let files = packed[0]["files"].as_array().context("npm pack has listed no files")?;
    let files = files.iter().filter_map(|file| file["path"].as_str()).collect();
    Ok(judge(&manifest, &files, version))
}

fn judge(manifest: &Value, files: &BTreeSet<&str>, version: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if manifest["version"] != version {
        faults.push(format!("{FOLDER}/{MANIFEST} has version {}, and the workspace {version}", manifest["version"]));
    }
    let is_missing =
        |field: &&&str| manifest.pointer(field).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty());
    faults.extend(FIELDS.iter().filter(is_missing).map(|field| format!("{FOLDER}/{MANIFEST} has no {field}")));

    let exported: Vec<&str> =
        texts(&manifest["exports"]).into_iter().map(|path| path.trim_start_matches("./")).collect();
    let wanted = [MANIFEST, README].into_iter().chain(LICENCES).chain(exported);
    let missing = wanted.filter(|file| !files.contains(file));
    faults.extend(missing.map(|file| format!("the package for npm has no {file}")));

    let is_module = |file: &str| {
        file.starts_with("src/") && !file.ends_with(".test.js") && (file.ends_with(".js") || file.ends_with(".d.ts"))
    };
    let is_document = |file: &str| file == MANIFEST || file == README || LICENCES.contains(&file);
    let foreign = files.iter().filter(|file| !is_module(file) && !is_document(file));
    faults.extend(foreign.map(|file| format!("the package for npm has {file}: see `files` in {MANIFEST}")));
    faults
}

/// All texts in a value, however deep.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest() -> Value {
        json!({
            "version": "1.2.3", "author": "a", "bugs": "https://a", "description": "b", "homepage": "https://a",
            "license": "MIT", "repository": { "url": "git+https://a", "directory": "clients/js" },
            "exports": { ".": { "types": "./src/index.d.ts", "default": "./src/index.js" } },
        })
    }

    const FILES: [&str; 6] =
        ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json", "src/index.d.ts", "src/index.js"];

    #[test]
    fn a_whole_package_has_no_faults() {
        assert_eq!(judge(&manifest(), &BTreeSet::from(FILES), "1.2.3"), [""; 0]);
    }

    #[test]
    fn missing_and_foreign_files_are_faults() {
        let files = ["README.md", "package.json", "src/a.test.js", "src/index.js", "test/a.js"];
        let faults = judge(&manifest(), &BTreeSet::from(files), "1.2.3");
        let expected = [
            "has no LICENSE-APACHE",
            "has no LICENSE-MIT",
            "has no src/index.d.ts",
            "has src/a.test.js: see",
            "has test/a.js: see",
        ];
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.contains(expected), "{fault} does not say: {expected}");
        }
    }

    #[test]
    fn another_version_and_missing_fields_are_faults() {
        let mut lacking = manifest();
        lacking["bugs"] = Value::Null;
        lacking["repository"]["directory"] = json!(" ");
        let faults = judge(&lacking, &BTreeSet::from(FILES), "1.3.0");
        assert_eq!(faults.len(), 3, "{faults:#?}");
        assert!(faults[0].contains("has version \"1.2.3\", and the workspace 1.3.0"), "{faults:#?}");
    }
}
