//! The packages of the workspace and their tests, as cargo names them.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::binaries::output;
use crate::workspace::Workspace;

/// A package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    /// Where it lies, from the root, with `/` on every system.
    pub folder: String,
    /// What it has in `tests/`, but for its long tests.
    pub tests: Vec<String>,
    /// Its long tests: those that `cargo test` leaves out, since their target says `test = false`.
    pub long_tests: Vec<String>,
}

/// All of them.
pub fn packages(workspace: &Workspace) -> Result<Vec<Package>> {
    of(&read(workspace)?).context("unexpected format of cargo metadata")
}

/// The workspace as `cargo metadata` describes it, without dependencies.
pub fn read(workspace: &Workspace) -> Result<Value> {
    let mut cargo = workspace.command("cargo");
    let metadata = output(cargo.args(["metadata", "--no-deps", "--format-version", "1"]))?;
    Ok(serde_json::from_slice(&metadata)?)
}

/// The long tests of the workspace.
pub fn long_tests(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(packages(workspace)?.into_iter().flat_map(|package| package.long_tests).collect())
}

fn of(metadata: &Value) -> Option<Vec<Package>> {
    let root = metadata["workspace_root"].as_str()?;
    metadata["packages"].as_array()?.iter().map(|package| one(package, root)).collect()
}

fn one(package: &Value, root: &str) -> Option<Package> {
    let folder = package["manifest_path"].as_str()?.strip_prefix(root)?.strip_suffix("Cargo.toml")?;
    let targets = package["targets"].as_array()?;
    let tests = |runs: bool| {
        let of_kind = targets.iter().filter(move |target| target["kind"][0] == "test" && target["test"] == runs);
        of_kind.map(|target| target["name"].as_str().map(str::to_owned)).collect::<Option<_>>()
    };
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        folder: folder.replace('\\', "/").trim_matches('/').to_owned(),
        tests: tests(true)?,
        long_tests: tests(false)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_test_is_a_test_target_that_cargo_leaves_out() {
        let target =
            |name: &str, kind: &str, test: bool| serde_json::json!({"name": name, "kind": [kind], "test": test});
        let metadata = serde_json::json!({ "workspace_root": "/x", "packages": [{
            "name": "realmgate-a",
            "manifest_path": "/x/sidecar/a/Cargo.toml",
            "targets": [target("a", "lib", false), target("quick", "test", true), target("long", "test", false), target("b", "bench", false)],
        }]});
        let package = Package {
            name: "realmgate-a".to_owned(),
            folder: "sidecar/a".to_owned(),
            tests: vec!["quick".to_owned()],
            long_tests: vec!["long".to_owned()],
        };
        assert_eq!(of(&metadata), Some(vec![package]));
    }

    #[test]
    fn the_packages_of_this_workspace_are_found() {
        let packages = packages(&Workspace::locate()).unwrap();
        let xtask = packages.iter().find(|package| package.name == "xtask").expect("this package is one");
        assert_eq!(xtask.folder, "xtask");
        let tests = packages.iter().find(|package| package.name == "realmgate-tests").expect("so are the tests");
        assert!(!tests.long_tests.is_empty(), "some tests are long");
    }
}
