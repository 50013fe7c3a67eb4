//! `cargo xtask bundle`: what browsers load of the page, a script and a style sheet for each document, made by esbuild.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::binaries::output;
use crate::generated::{self, Owned};
use crate::step::{Missing, Tool};
use crate::workspace::Workspace;

/// Where the sources lie, and what names below are from.
const PAGE: &str = "clients/page";
/// Where it is written to. All that lies there is made by this command.
const BUILT: Owned = ("clients/page/built", "");
/// What it is made of, each behind the name that it has there.
const ENTRIES: [&str; 7] = [
    "admin=admin/main.js",
    "admin=styles/admin.css",
    "landing=landing.js",
    "landing=styles/landing.css",
    "play=src/main.js",
    "play=styles/play.css",
    "watch/flow=src/watch/flow.js",
];
const OPTIONS: [&str; 8] = [
    "--bundle",
    "--minify",
    "--format=esm",
    "--target=es2022",
    "--charset=utf8",
    "--legal-comments=none",
    "--log-level=warning",
    // Loaded by those who watch, from where it lies beside the script of players.
    "--external:./watch/flow.js",
];
/// Where the bundler's version is pinned.
const PINNED: &str = "tests/node/package.json";

/// The bundler.
pub const TOOL: Tool = Tool {
    probe: ("esbuild", &["--version"]),
    install: "tests/node/install.sh, with ~/.cache/realmgate-tools/bin on the PATH",
    on_ci: Missing::Fails,
};

/// Brings what browsers load up to date.
pub fn write(workspace: &Workspace) -> Result<()> {
    generated::write(&workspace.root, generate(workspace)?.path(), &[BUILT])
}

/// Fails where browsers would load something else than what the sources say.
pub fn check(workspace: &Workspace) -> Result<()> {
    generated::check(&workspace.root, generate(workspace)?.path(), &[BUILT], "cargo xtask bundle")
}

/// A folder with all that browsers load, at its path from the root.
fn generate(workspace: &Workspace) -> Result<tempfile::TempDir> {
    let (program, arguments) = TOOL.probe;
    ensure!(workspace.answers(program, arguments), "cannot run {program}: {}", TOOL.install);
    let version = String::from_utf8(output(workspace.command(program).args(arguments))?)?;
    let pinned = pinned(&fs::read_to_string(workspace.root.join(PINNED))?)?;
    ensure!(
        version.trim() == pinned,
        "{program} {} is installed, but {PINNED} requires {pinned}: {}",
        version.trim(),
        TOOL.install
    );
    let fresh = tempfile::tempdir()?;
    bundle(workspace, &workspace.root.join(PAGE), &fresh.path().join(BUILT.0))?;
    Ok(fresh)
}

/// The version of the bundler that this file of npm names.
fn pinned(package: &str) -> Result<String> {
    let package: Value = serde_json::from_str(package).context(PINNED)?;
    let version = package["dependencies"][TOOL.probe.0].as_str();
    version.map(str::to_owned).with_context(|| format!("{PINNED} does not list {}", TOOL.probe.0))
}

fn bundle(workspace: &Workspace, page: &Path, out: &Path) -> Result<()> {
    let mut esbuild = workspace.command(TOOL.probe.0);
    esbuild.current_dir(page).args(ENTRIES).args(OPTIONS).arg(format!("--outdir={}", out.display()));
    output(&mut esbuild)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use realmgate_skip::skip;

    use super::*;

    #[test]
    fn the_bundler_has_one_version() {
        let workspace = Workspace::locate();
        let version = pinned(&fs::read_to_string(workspace.root.join(PINNED)).unwrap()).unwrap();
        assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{version} is no range");
        assert!(pinned("{\"dependencies\": {}}").is_err(), "a file that does not name it");
    }

    #[test]
    fn a_script_holds_its_modules_and_is_the_same_wherever_it_is_made() {
        let workspace = Workspace::locate();
        if !workspace.answers(TOOL.probe.0, TOOL.probe.1) {
            return skip("esbuild is not installed: no bundle was made");
        }
        let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        for page in [&first, &second] {
            for entry in ENTRIES {
                let path = page.path().join(entry.split_once('=').unwrap().1);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            fs::write(page.path().join("src/other.js"), "export const said = \"by another module\"; // not sent")
                .unwrap();
            fs::write(page.path().join("src/main.js"), "import { said } from './other.js';\nconsole.log(said);")
                .unwrap();
            bundle(&workspace, page.path(), &page.path().join("built")).unwrap();
        }
        let [first, second] =
            [first, second].map(|page| fs::read_to_string(page.path().join("built/play.js")).unwrap());
        assert!(first.contains("by another module") && !first.contains("not sent"), "{first}");
        assert_eq!(first, second);
    }
}
