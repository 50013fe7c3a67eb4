//! `cargo xtask long`: what takes too long for `cargo xtask lint` and `cargo test`: the workspaces of their own that compile for
//! minutes, and the long tests, whose targets say `test = false`.

use anyhow::{Context, Result, ensure};

use crate::metadata;
use crate::workspace::Workspace;
use crate::workspaces::{self, FUZZ, GODOT};

/// Checks the workspaces beside the tests, which mostly wait. The tests have the features of `cargo test --workspace`, so that
/// what they share with it is not compiled again.
pub fn run(workspace: &Workspace) -> Result<()> {
    workspaces::check_beside(workspace, &[&FUZZ, &GODOT], || cargo(workspace, "test", &["--no-fail-fast"]))
}

/// Runs clippy on the tests: its `--all-targets` leaves them out too.
pub fn clippy(workspace: &Workspace) -> Result<()> {
    cargo(workspace, "clippy", &["--", "--deny", "warnings"])
}

fn cargo(workspace: &Workspace, command: &str, rest: &[&str]) -> Result<()> {
    let names = metadata::long_tests(workspace)?;
    if names.is_empty() {
        println!("there are no long tests");
        return Ok(());
    }
    let mut cargo = workspace.command("cargo");
    cargo.args([command, "--workspace"]).args(names.iter().flat_map(|name| ["--test", name])).args(rest);
    // Each starts several servers, some of them browsers too: with eight at once, servers are late and let nobody in.
    cargo.env("RUST_TEST_THREADS", "4");
    let status = cargo.status().context("cargo did not start")?;
    ensure!(status.success(), "{cargo:?} ended with {status}");
    Ok(())
}
