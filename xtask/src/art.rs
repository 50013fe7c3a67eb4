//! `cargo xtask art`: draws the project's pictures and makes its sounds.

use anyhow::Result;

use crate::workspace::Workspace;

/// The program that draws: a workspace of its own, so that nothing else waits for it.
const MANIFEST: &str = "art/Cargo.toml";

/// Writes `assets/pictures/`, `assets/sounds/` and the tileset of the maps, if what is made passes the tests beside it.
pub fn draw(workspace: &Workspace) -> Result<()> {
    workspace.run("cargo", &["test", "--quiet", "--release", "--manifest-path", MANIFEST])?;
    workspace.run("cargo", &["run", "--quiet", "--release", "--manifest-path", MANIFEST, "--", "."])
}
