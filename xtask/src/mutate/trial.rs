//! Builds the worktree and runs one test of it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::mutation::{Build, Guard};
use super::worktree::Worktree;
use crate::binaries::output;

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It failed.
    Killed,
    /// It passed.
    Survived,
}

impl Verdict {
    /// What the table says.
    pub fn word(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Survived => "SURVIVED",
        }
    }
}

/// Without some rules a test waits for what never comes: that is failing too.
const WITHIN_S: u32 = 180;
/// What `timeout` exits with then.
const TIMED_OUT: i32 = 124;

/// Runs tests of the worktree.
pub struct Trial<'a> {
    worktree: &'a Worktree,
}

impl<'a> Trial<'a> {
    pub fn new(worktree: &'a Worktree) -> Self {
        Self { worktree }
    }

    /// Builds the worktree as it is now and runs a test. What does not compile is a fault of the patch, not a test that
    /// fails.
    pub fn of(&self, guard: &Guard) -> Result<Verdict> {
        let program = self.build(&guard.build)?;
        let output = Command::new("timeout")
            .arg(WITHIN_S.to_string())
            .arg(&program.path)
            .arg(&guard.test)
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .output()
            .with_context(|| format!("{} did not start", program.path.display()))?;
        if output.status.code() == Some(TIMED_OUT) {
            return Ok(Verdict::Killed);
        }
        let said = String::from_utf8_lossy(&output.stdout);
        verdict(&guard.test, output.status.success(), &said).with_context(|| {
            let tail: Vec<&str> = said.lines().rev().take(20).collect();
            tail.into_iter().rev().collect::<Vec<_>>().join("\n")
        })
    }

    /// Everything but the programs above the libraries and the whole-system tests: no guard is there, and they would be
    /// compiled anew for each rule, which takes longer than what is tested.
    fn build(&self, build: &Build) -> Result<Program> {
        let selection: &[&str] = match build {
            Build::Lib(_) => &["--lib"],
            Build::Test(name) => &["--test", name],
        };
        let mut cargo = Command::new("cargo");
        cargo.args(["test", "--quiet", "--workspace", "--no-run"]);
        cargo.args(["--exclude", "realmgate-tests", "--exclude", "realmgate-server"]);
        cargo.arg("--message-format=json-render-diagnostics");
        cargo.args(selection).arg("--target-dir").arg(&self.worktree.target).current_dir(&self.worktree.root);
        let messages = String::from_utf8(output(&mut cargo)?)?;
        let (Build::Lib(name) | Build::Test(name)) = build;
        let mut programs = messages.lines().filter_map(|line| program(&serde_json::from_str(line).ok()?, name));
        programs.next().with_context(|| format!("cargo built no test program named {name}"))
    }
}

/// A test program, and the folder of its package, in which it runs.
struct Program {
    path: PathBuf,
    folder: PathBuf,
}

/// The test program of this name, if that is what cargo tells of.
fn program(message: &Value, name: &str) -> Option<Program> {
    let is_it = message["target"]["name"] == name && message["profile"]["test"] == true;
    let path = message["executable"].as_str().filter(|_| is_it)?.into();
    let folder = PathBuf::from(message["manifest_path"].as_str()?).parent()?.to_owned();
    Some(Program { path, folder })
}

/// Judges by what a test program says at its end, so that a name that no test has, or a crash, is no verdict.
fn verdict(test: &str, succeeded: bool, said: &str) -> Result<Verdict> {
    let line = said.lines().rev().find_map(|line| line.strip_prefix("test result: "));
    let line = line.with_context(|| format!("{test} did not finish"))?;
    let count = |what: &str| -> Option<u32> {
        line.split([';', '.']).find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
    };
    let (Some(passed), Some(failed)) = (count("passed"), count("failed")) else {
        bail!("{test}: unexpected output {line:?}");
    };
    ensure!(passed + failed > 0, "no test is named {test}");
    ensure!(succeeded == (failed == 0), "{test}: {line:?} does not match the exit code of the program");
    Ok(if failed > 0 { Verdict::Killed } else { Verdict::Survived })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSED: &str =
        "running 2 tests\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out\n";
    const FAILED: &str = "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out\n";
    const NONE: &str = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 11 filtered out\n";

    #[test]
    fn a_test_that_fails_kills_and_one_that_passes_does_not() {
        assert_eq!(verdict("a", true, PASSED).unwrap(), Verdict::Survived);
        assert_eq!(verdict("a", false, FAILED).unwrap(), Verdict::Killed);
    }

    #[test]
    fn no_test_and_a_crash_are_no_verdict() {
        let refusal = |succeeded, said: &str| verdict("a", succeeded, said).unwrap_err().to_string();
        assert_eq!(refusal(true, NONE), "no test is named a");
        assert_eq!(refusal(false, "running 2 tests\n"), "a did not finish", "it was killed half-way");
        for (succeeded, said) in [(false, PASSED), (true, FAILED)] {
            let refusal = refusal(succeeded, said);
            assert!(
                refusal.ends_with(" does not match the exit code of the program"),
                "it crashed after its tests: {refusal}"
            );
        }
        assert!(refusal(true, "test result: ok.\n").starts_with("a: unexpected output "));
    }

    #[test]
    fn the_program_is_found_by_its_target() {
        let message = |name: &str, test: bool| {
            serde_json::json!({
                "target": { "name": name }, "profile": { "test": test },
                "executable": "build/a-1", "manifest_path": "source/a/Cargo.toml",
            })
        };
        let found = program(&message("a", true), "a").unwrap();
        assert_eq!((found.path, found.folder), ("build/a-1".into(), "source/a".into()));
        assert!(program(&message("b", true), "a").is_none());
        assert!(program(&message("a", false), "a").is_none(), "the program itself has no tests");
    }
}
