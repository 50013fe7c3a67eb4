//! The workspaces of their own: what no command on the main workspace compiles.

use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// A workspace beside the main one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Beside {
    /// Where it lies, from the root.
    pub folder: &'static str,
    /// Where cargo builds it, from the root: the folder that the chore of this workspace builds into.
    pub target: &'static str,
}

pub static FUZZ: Beside = Beside { folder: "fuzz", target: "target/fuzz" };
pub static ART: Beside = Beside { folder: "art", target: "target/art" };
pub static GODOT: Beside = Beside { folder: "clients/godot", target: "target/godot" };

impl Beside {
    /// All of them.
    pub fn all() -> [&'static Self; 3] {
        [&FUZZ, &ART, &GODOT]
    }

    /// What cargo is called with.
    pub fn arguments(&self) -> Vec<String> {
        let manifest = format!("{}/Cargo.toml", self.folder);
        ["check", "--locked", "--all-targets", "--manifest-path", &manifest, "--target-dir", self.target]
            .map(str::to_owned)
            .to_vec()
    }

    /// Compiles it as far as errors are found.
    pub fn check(&self, workspace: &Workspace) -> Result<()> {
        let status = self.unlinked(workspace.command("cargo")).status().context("cargo did not start")?;
        ensure!(status.success(), "{} does not compile", self.folder);
        Ok(())
    }

    /// Fetches what the lock file names. Fails if the lock file is out of date: it also holds the dependencies of packages of
    /// the main workspace, and changing those updates the main lock file alone.
    pub fn check_lock(&self, workspace: &Workspace) -> Result<()> {
        let manifest = format!("{}/Cargo.toml", self.folder);
        workspace.run("cargo", &["fetch", "--quiet", "--locked", "--manifest-path", &manifest])
    }

    /// The same on the processor time that nothing else wants, and without a word unless it fails.
    fn check_in_idle_time(&self, workspace: &Workspace) -> Result<()> {
        let mut cargo = workspace.command("nice");
        cargo.args(["-n", "19", "cargo"]);
        let output = self.unlinked(cargo).output().context("nice did not start")?;
        ensure!(
            output.status.success(),
            "{} does not compile:\n{}",
            self.folder,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Nothing is linked, so libFuzzer is not built, which would take g++: its build script looks for this.
    fn unlinked(&self, mut cargo: Command) -> Command {
        cargo.args(self.arguments()).env("CUSTOM_LIBFUZZER_PATH", "not-linked/libfuzzer.a");
        cargo
    }
}

/// Checks these beside something that mostly waits; the first error of both.
pub fn check_beside(workspace: &Workspace, chosen: &[&Beside], work: impl FnOnce() -> Result<()>) -> Result<()> {
    thread::scope(|scope| {
        let checks = scope.spawn(|| chosen.iter().try_for_each(|beside| beside.check_in_idle_time(workspace)));
        let worked = work();
        worked.and(checks.join().expect("a check does not panic"))
    })
}
