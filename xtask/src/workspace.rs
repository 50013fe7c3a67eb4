//! Where the repository lies, and running other programs in it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The repository that this command belongs to.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// Whether a missing tool is a failure.
    pub ci: bool,
}

impl Workspace {
    /// The repository whose xtask this is, whatever the current folder.
    pub fn locate() -> Self {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: xtask.parent().unwrap_or(xtask).to_owned(), ci: false }
    }

    /// The same repository, with CI's stricter view of missing tools.
    pub fn on_ci(self, ci: bool) -> Self {
        Self { ci, ..self }
    }

    /// The version of the workspace, which all its packages have.
    pub fn version(&self) -> Result<String> {
        let manifest: toml::Table = fs::read_to_string(self.root.join("Cargo.toml"))?.parse()?;
        let package = manifest.get("workspace").and_then(|it| it.get("package"));
        let version = package.and_then(|it| it.get("version")?.as_str());
        version.map(ToOwned::to_owned).context("Cargo.toml has no workspace.package.version")
    }

    /// A program that will run in the root folder.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        if self.ci {
            // Tests decide by it what may be skipped.
            command.env("CI", "true");
        }
        command
    }

    /// Runs a program with its output on our terminal; fails unless it succeeds.
    pub fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        let status = self.command(program).args(args).status().with_context(|| format!("{program} did not start"))?;
        let called = [&[program], args].concat().join(" ");
        ensure!(status.success(), "`{called}` ended with {status}");
        Ok(())
    }

    /// Builds the program of long runs, in release unless `debug`, and starts one of them.
    pub fn long_run(&self, name: &str, debug: bool, rest: &[String]) -> Result<()> {
        let mut args = vec!["run", "--quiet", "--package", "realmgate-runs"];
        if !debug {
            args.push("--release");
        }
        args.extend(["--", name]);
        args.extend(rest.iter().map(String::as_str));
        self.run("cargo", &args)
    }

    /// Whether a program is there and answers to these arguments.
    pub fn answers(&self, program: &str, args: &[&str]) -> bool {
        let status = self.command(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }
}
