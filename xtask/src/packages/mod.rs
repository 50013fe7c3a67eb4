//! `cargo xtask packages`: checks what is published for games to build on, and publishes nothing: two crates, a package for npm
//! and an add-on for Godot.

pub mod addon;
mod crates;
mod npm;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::step::{Missing, Tool};
use crate::tidy::links::links;
use crate::workspace::Workspace;

/// The licences of the repository. Each package has copies, since a package is read without the repository.
pub const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];
const README: &str = "README.md";
const CHANGELOG: &str = "CHANGELOG.md";
/// The folders of the packages.
const FOLDERS: [&str; 4] = ["protocol", "clients/rust", npm::FOLDER, addon::FOLDER];

/// The client of npm's registry.
pub const TOOL: Tool = Tool {
    probe: ("npm", &["--version"]),
    install: "npm comes with Node (apt-get install npm)",
    on_ci: Missing::Fails,
};

/// Checks all packages, and prints each fault.
pub fn check(workspace: &Workspace) -> Result<()> {
    let version = workspace.version()?;
    let mut faults = documents(&workspace.root, &version)?;
    faults.extend(crates::faults(workspace)?);
    faults.extend(npm::faults(workspace, &version)?);
    faults.extend(addon::faults(&workspace.root, &version)?);
    faults.iter().for_each(|fault| println!("{fault}"));
    ensure!(faults.is_empty(), "{} faults in the packages", faults.len());
    println!("the crates, the package for npm and the add-on for Godot are complete, in version {version}");
    Ok(())
}

/// The faults of licences, READMEs and the changelog.
fn documents(root: &Path, version: &str) -> Result<Vec<String>> {
    let read = |path: &Path| fs::read_to_string(path).with_context(|| path.display().to_string());
    let mut faults = Vec::new();
    for folder in FOLDERS.map(|folder| root.join(folder)) {
        for licence in LICENCES {
            if fs::read(folder.join(licence)).ok() != Some(fs::read(root.join(licence))?) {
                faults.push(format!("{} is not a copy of {licence}", folder.join(licence).display()));
            }
        }
        let readme = folder.join(README);
        let relative = relative_links(&read(&readme)?);
        faults.extend(relative.iter().map(|link| {
            format!("{} links to {link}, which a package does not have: write the whole URL", readme.display())
        }));
    }
    if !read(&root.join(CHANGELOG))?.contains(&format!("\n## [{version}]")) {
        faults.push(format!("{CHANGELOG} has no section for {version}"));
    }
    Ok(faults)
}

/// The links of a document that lead to other files of the repository.
fn relative_links(text: &str) -> Vec<String> {
    let targets = links(text).into_iter().map(|(target, _)| target);
    targets.filter(|target| !target.starts_with("https://") && !target.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_this_repository_are_in_order() {
        let workspace = Workspace::locate();
        let faults = documents(&workspace.root, &workspace.version().unwrap()).unwrap();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn changed_licences_and_relative_links_are_faults() {
        let root = tempfile::tempdir().unwrap();
        for folder in FOLDERS.map(|folder| root.path().join(folder)) {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(README), "[a](https://example.org/a) [b](#b)\n").unwrap();
            LICENCES.iter().for_each(|licence| fs::write(folder.join(licence), licence).unwrap());
        }
        LICENCES.iter().for_each(|licence| fs::write(root.path().join(licence), licence).unwrap());
        fs::write(root.path().join(CHANGELOG), "# Changelog\n\n## [1.2.3] - 2026-12-01\n").unwrap();
        assert_eq!(documents(root.path(), "1.2.3").unwrap(), [""; 0]);

        let package = root.path().join(FOLDERS[0]);
        fs::remove_file(package.join(LICENCES[0])).unwrap();
        fs::write(package.join(LICENCES[1]), "another licence").unwrap();
        fs::write(package.join(README), "[a](../docs/a.md)\n").unwrap();
        let faults = documents(root.path(), "1.2.4").unwrap();
        let expected = ["is not a copy of", "is not a copy of", "links to ../docs/a.md", "has no section for 1.2.4"];
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.contains(expected), "{fault} does not say: {expected}");
        }
    }
}
