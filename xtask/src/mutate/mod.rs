//! `cargo xtask mutate`: leaves out one rule of the locks at a time, and demands that the test which guards it fails.
//!
//! A test that passes without the rule it is there for guards nothing. The rules and their tests are in [`list`], the steps
//! of docs/locks.md in [`steps`]; each is left out in a copy of the source in `target/mutants`, never in the source itself.

mod copy;
mod edit;
mod list;
mod steps;
mod trial;

use anyhow::{Result, bail, ensure};
use clap::Args;

use self::copy::SourceCopy;
use self::edit::Edit;
use self::list::MUTATIONS;
use self::steps::steps;
use self::trial::{Trial, Verdict};
use crate::workspace::Workspace;

/// A rule that is left out.
pub struct Mutation {
    /// What `--only` and the table call it.
    pub name: &'static str,
    /// What the source is without it.
    pub edits: &'static [Edit],
    /// What must fail then.
    pub guard: Guard,
}

/// A test that guards a rule.
pub struct Guard {
    /// The build that has it.
    pub build: Build,
    /// Its function. A test that runs on both databases is run on both.
    pub test: &'static str,
    /// Where that is.
    pub file: &'static str,
}

/// What cargo builds for a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The unit tests of a library.
    Lib(&'static str),
    /// A file or folder in a package's `tests/`.
    Test(&'static str),
}

#[derive(Args)]
pub struct Arguments {
    /// Leave out these rules only
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = names())]
    only: Vec<String>,
    /// Name the rules and the tests that guard them, and do nothing
    #[arg(long)]
    list: bool,
}

fn names() -> Vec<&'static str> {
    all().map(|mutation| mutation.name).collect()
}

/// Everything that can be left out.
fn all() -> impl Iterator<Item = &'static Mutation> {
    MUTATIONS.iter().chain(steps())
}

/// Leaves out one rule after the other; fails where a test does not mind, or a rule is not where it was.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let is_asked = |name| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let chosen: Vec<_> = all().filter(|mutation| is_asked(mutation.name)).collect();
    if arguments.list {
        chosen.iter().for_each(|mutation| row(mutation, ""));
        return Ok(());
    }
    for mutation in &chosen {
        mutation.files(|file| Ok(std::fs::read_to_string(workspace.root.join(file))?))?;
    }
    let copy = SourceCopy::of(workspace)?;
    let trial = Trial::new(&copy);
    check_guards(&trial, &chosen)?;

    let mut verdicts = Vec::new();
    for mutation in chosen {
        let files = mutation.files(|file| copy.read(file))?;
        let before = files.iter().map(|(file, _)| Ok((*file, copy.read(file)?))).collect::<Result<Vec<_>>>()?;
        copy.write(&files)?;
        let verdict = trial.of(&mutation.guard);
        // Not from the source, which may have changed since the copy was made.
        copy.write(&before)?;
        let verdict = verdict?;
        println!("── {} {}", mutation.name, verdict.word());
        verdicts.push((mutation, verdict));
    }
    report(&verdicts)
}

/// A test that fails with all rules in place says nothing about any of them.
fn check_guards(trial: &Trial<'_>, chosen: &[&Mutation]) -> Result<()> {
    println!("── with every rule");
    for mutation in chosen {
        let verdict = trial.of(&mutation.guard)?;
        let Guard { test, file, .. } = mutation.guard;
        ensure!(verdict == Verdict::Survived, "{test} in {file} fails with every rule in place: mend that first");
    }
    Ok(())
}

fn report(verdicts: &[(&Mutation, Verdict)]) -> Result<()> {
    println!();
    for (mutation, verdict) in verdicts {
        row(mutation, verdict.word());
    }
    let survivors: Vec<_> = verdicts
        .iter()
        .filter(|(_, verdict)| *verdict == Verdict::Survived)
        .map(|(mutation, _)| mutation.name)
        .collect();
    if survivors.is_empty() {
        return Ok(());
    }
    bail!("no test minds: {}", survivors.join(", "))
}

fn row(mutation: &Mutation, verdict: &str) {
    let file = mutation.edits.first().map_or("", |edit| edit.file);
    println!("{:<34} {:<46} {:<58} {verdict}", mutation.name, file, mutation.guard.test);
}

impl Mutation {
    /// The files that differ without the rule, as they are then.
    fn files(&self, read: impl Fn(&str) -> Result<String>) -> Result<Vec<(&'static str, String)>> {
        let mut files: Vec<(&'static str, String)> = Vec::new();
        for edit in self.edits {
            let at = match files.iter().position(|(file, _)| *file == edit.file) {
                Some(at) => at,
                None => {
                    files.push((edit.file, read(edit.file)?));
                    files.len() - 1
                }
            };
            files[at].1 = edit.apply(self.name, &files[at].1)?;
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_rule_is_where_the_list_says() {
        let root = Workspace::locate().root;
        for mutation in all() {
            mutation.files(|file| Ok(fs::read_to_string(root.join(file))?)).unwrap();
        }
    }

    #[test]
    fn every_guard_is_where_the_list_says() {
        let root = Workspace::locate().root;
        for guard in all().map(|mutation| &mutation.guard) {
            let source = fs::read_to_string(root.join(guard.file)).unwrap();
            assert!(source.contains(&format!("fn {}(", guard.test)), "{} has no {}", guard.file, guard.test);
        }
    }

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        assert_eq!(names().into_iter().collect::<BTreeSet<_>>().len(), all().count());
    }

    #[test]
    fn several_edits_of_one_file_add_up() {
        const EDITS: &[Edit] = &[
            Edit { file: "a", from: "one", to: "1" },
            Edit { file: "b", from: "x", to: "y" },
            Edit { file: "a", from: "two", to: "2" },
        ];
        let guard = Guard { build: Build::Lib("a"), test: "a", file: "a" };
        let mutation = Mutation { name: "a", edits: EDITS, guard };
        let read = |file: &str| Ok(if file == "a" { "one two" } else { "x" }.to_owned());
        assert_eq!(mutation.files(read).unwrap(), [("a", "1 2".to_owned()), ("b", "y".to_owned())]);
    }
}
