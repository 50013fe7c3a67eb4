//! One target's run: its folders, its process, and what came of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;

use anyhow::{Context, Result, ensure};

use super::engine::Engine;
use super::seeds;
use crate::workspace::Workspace;

/// Longest input that is tried: over the limits of everything that comes in datagrams.
const MAX_BYTES: u32 = 4_096;
/// What of a target's corpus is checked in.
const MAX_KEPT_BYTES: u64 = 16 << 10;
const MAX_KEPT_INPUTS: usize = 64;

/// A target and its folders.
pub struct Session {
    name: &'static str,
    /// Checked in.
    kept: PathBuf,
    /// What was found so far on this machine.
    corpus: PathBuf,
    findings: PathBuf,
    log: PathBuf,
}

/// What came of a run.
pub struct Outcome {
    pub name: &'static str,
    pub findings: Vec<PathBuf>,
    pub log: PathBuf,
    pub ended_well: bool,
    seconds: u64,
    executions: u64,
    edges: u64,
    inputs: usize,
}

impl Session {
    /// Makes the folders and puts the seeds where libFuzzer finds them.
    pub fn prepare(workspace: &Workspace, name: &'static str) -> Result<Self> {
        let runs = workspace.root.join("target/fuzz/runs").join(name);
        let session = Self {
            name,
            kept: workspace.root.join("fuzz/corpus").join(name),
            corpus: runs.join("corpus"),
            findings: runs.join("findings"),
            log: runs.join("log.txt"),
        };
        for folder in [&session.corpus, &session.kept] {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        // What an earlier run found is reported by that run; the file names would mix.
        if session.findings.exists() {
            fs::remove_dir_all(&session.findings)?;
        }
        fs::create_dir_all(&session.findings)?;
        for (at, seed) in seeds::of(&workspace.root, name)?.iter().enumerate() {
            fs::write(session.corpus.join(format!("seed-{at}")), seed)?;
        }
        Ok(session)
    }

    /// Starts libFuzzer for so long.
    pub fn start(&self, engine: &Engine, seconds: u64) -> Result<Child> {
        println!("{}: {seconds} s, from {} inputs", self.name, count(&self.corpus)? + count(&self.kept)?);
        let log = File::create(&self.log)?;
        let mut command = engine.command(self.name);
        command
            .args([&self.corpus, &self.kept])
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={MAX_BYTES}"))
            .arg(format!("-artifact_prefix={}/", self.findings.display()))
            .args([
                "-timeout=20",
                "-rss_limit_mb=2048",
                "-print_final_stats=1",
                "-use_value_profile=1",
                "-close_fd_mask=1",
            ])
            .stdout(log.try_clone()?)
            .stderr(log);
        command.spawn().context("the fuzzer did not start")
    }

    /// Waits for its end and reads what it says.
    pub fn finish(&self, mut child: Child) -> Result<Outcome> {
        let ended_well = child.wait()?.success();
        let said = String::from_utf8_lossy(&fs::read(&self.log)?).into_owned();
        let mut findings: Vec<PathBuf> = listed(&self.findings)?;
        // Slow inputs are told as such, and are no failure of a check.
        findings.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("slow-unit")));
        Ok(Outcome {
            name: self.name,
            findings,
            log: self.log.clone(),
            ended_well,
            seconds: seconds(&said),
            executions: after(&said, "stat::number_of_executed_units:").unwrap_or(0),
            edges: said.lines().rev().find_map(|line| after(line, "cov:")).unwrap_or(0),
            inputs: count(&self.corpus)?,
        })
    }

    /// Replaces what is checked in by the smallest inputs that together reach what all of them reach, as many as fit.
    pub fn keep(&self, engine: &Engine) -> Result<()> {
        let merged = self.corpus.with_file_name("merged");
        if merged.exists() {
            fs::remove_dir_all(&merged)?;
        }
        fs::create_dir_all(&merged)?;
        let log = File::create(self.log.with_file_name("merge.txt"))?;
        let mut command = engine.command(self.name);
        command.args(["-merge=1", "-timeout=20"]).arg(format!("-max_len={MAX_BYTES}"));
        command.args([&merged, &self.corpus, &self.kept]).stdout(log.try_clone()?).stderr(log);
        ensure!(command.status()?.success(), "the corpus of {} cannot be merged", self.name);
        let mut inputs: Vec<(u64, PathBuf)> = Vec::new();
        for path in listed(&merged)? {
            inputs.push((fs::metadata(&path)?.len(), path));
        }
        inputs.sort();
        fs::remove_dir_all(&self.kept)?;
        fs::create_dir_all(&self.kept)?;
        let mut room = MAX_KEPT_BYTES;
        for (bytes, path) in inputs.into_iter().take(MAX_KEPT_INPUTS) {
            let Some(left) = room.checked_sub(bytes.max(1)) else { break };
            room = left;
            if let Some(name) = path.file_name() {
                fs::copy(&path, self.kept.join(name))?;
            }
        }
        Ok(())
    }
}

impl Outcome {
    /// For the terminal, when it is over.
    pub fn line(&self) -> String {
        format!("{}: {} executions, {} edges, {} findings", self.name, self.executions, self.edges, self.findings.len())
    }

    /// For the table.
    pub fn row(&self) -> String {
        let Self { name, seconds, executions, edges, inputs, .. } = self;
        let (rate, findings) = (executions / (*seconds).max(1), self.findings.len());
        format!("| {name} | {seconds} | {executions} | {rate} | {edges} | {inputs} | {findings} |")
    }
}

/// The number that follows a word.
fn after(text: &str, word: &str) -> Option<u64> {
    text[text.find(word)? + word.len()..].split_whitespace().next()?.parse().ok()
}

/// `Done … runs in 61 second(s)`; 0 where it ended otherwise.
fn seconds(said: &str) -> u64 {
    said.lines().rev().find_map(|line| after(line.strip_prefix("Done ")?, " runs in ")).unwrap_or(0)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    Ok(entries.iter().map(fs::DirEntry::path).collect())
}

fn count(folder: &Path) -> Result<usize> {
    Ok(listed(folder)?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a run of this program, which has said this.
    fn outcome(program: &str, said: &str) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let within = |name: &str| folder.path().join(name);
        let (kept, corpus, findings, log) = (within("kept"), within("corpus"), within("findings"), within("log.txt"));
        for (folder, names) in [(&corpus, ["a", "b"]), (&findings, ["crash-1", "slow-unit-1"])] {
            fs::create_dir(folder).unwrap();
            names.iter().for_each(|name| fs::write(folder.join(name), "x").unwrap());
        }
        fs::write(&log, said).unwrap();
        let session = Session { name: "ticket", kept, corpus, findings, log };
        session.finish(std::process::Command::new(program).spawn().unwrap()).unwrap()
    }

    #[test]
    fn what_libfuzzer_says_is_understood() {
        let said = "#5\tNEW    cov: 17 ft: 20\n#9\tDONE   cov: 120 ft: 340 corp: 30\nDone 4711 runs in 61 second(s)\n\
            stat::number_of_executed_units: 4711\n";
        let done = outcome("true", said);
        assert_eq!(done.row(), "| ticket | 61 | 4711 | 77 | 120 | 2 | 1 |");
        assert_eq!(done.line(), "ticket: 4711 executions, 120 edges, 1 findings");
        assert!(done.ended_well && done.findings[0].ends_with("crash-1"), "{:?}", done.findings);

        let died = outcome("false", "==1== ERROR: libFuzzer: deadly signal");
        assert_eq!(died.row(), "| ticket | 0 | 0 | 0 | 0 | 2 | 1 |");
        assert!(!died.ended_well);
    }
}
