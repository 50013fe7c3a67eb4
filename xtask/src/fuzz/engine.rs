//! The fuzzing program: built with LLVM's coverage counters, which stable Rust can switch on.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// What libFuzzer needs of every crate in the program.
const FLAGS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg",
    "fuzzing",
];

/// The built program.
pub struct Engine {
    program: PathBuf,
}

impl Engine {
    /// Builds it into `target/fuzz`. It needs g++, since libFuzzer is C++.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        ensure!(workspace.answers("g++", &["--version"]), "g++ is not installed: libFuzzer is C++");
        // With a target named, build scripts and macros are built without the flags.
        let host = host(workspace)?;
        let folder = workspace.root.join("target/fuzz");
        let built = workspace
            .command("cargo")
            .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host, "--target-dir"])
            .arg(&folder)
            .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"))
            .status()
            .context("cargo did not start")?;
        ensure!(built.success(), "the fuzzer cannot be built");
        Ok(Self { program: folder.join(host).join("release/realmgate-fuzz") })
    }

    /// The program for one target.
    pub fn command(&self, target: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.env("REALMGATE_FUZZ_TARGET", target);
        command
    }

    /// How a person runs one input again.
    pub fn repeat(&self, target: &str, input: &Path) -> String {
        format!("REALMGATE_FUZZ_TARGET={target} {} {}", self.program.display(), input.display())
    }
}

fn host(workspace: &Workspace) -> Result<String> {
    let said = workspace.command("rustc").arg("-vV").output().context("rustc did not start")?;
    let said = String::from_utf8(said.stdout)?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
