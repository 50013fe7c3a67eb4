//! The workspace's own programs, built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::workspace::Workspace;

/// Runs to the end and gives what was printed on stdout; stderr stays on the terminal.
pub fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("{command:?} did not start"))?;
    ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok(output.stdout)
}

/// Where cargo put the programs it built.
pub struct Binaries(Vec<PathBuf>);

impl Binaries {
    /// Builds with the features that `cargo test --workspace` resolves to (`--examples` draws dev-dependencies in,
    /// though there are no examples), so that the dependencies are compiled once for both.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        Self::built(workspace, &["--workspace", "--bins", "--examples"])
    }

    /// Builds these programs as they are handed out.
    pub fn dist(workspace: &Workspace, programs: &[&str]) -> Result<Self> {
        let named = programs.iter().flat_map(|program| ["--bin", program]);
        Self::built(workspace, &["--profile", "dist", "--locked"].into_iter().chain(named).collect::<Vec<_>>())
    }

    fn built(workspace: &Workspace, arguments: &[&str]) -> Result<Self> {
        let mut cargo = workspace.command("cargo");
        let messages = output(cargo.arg("build").args(arguments).arg("--message-format=json-render-diagnostics"))?;
        let executables = String::from_utf8(messages)?
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["executable"].as_str().map(PathBuf::from))
            .collect();
        Ok(Self(executables))
    }

    /// The program of this name.
    pub fn path(&self, name: &str) -> Result<&Path> {
        match self.0.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)) {
            Some(path) => Ok(path),
            None => bail!("the workspace has no binary named {name}"),
        }
    }
}
