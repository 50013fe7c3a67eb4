//! `cargo xtask mutate`: leaves out one rule at a time, and demands that the test which guards it fails.
//!
//! A test that passes without the rule it is there for guards nothing. Each rule is a file in `xtask/mutations/`: a
//! patch that leaves it out, below two lines that say what that breaks and which test notices. To write one, leave the
//! rule out by hand, see the test fail, write the two lines into `xtask/mutations/NAME.patch`, add what `git diff -U1`
//! says (-U2 or -U3 where one line around the change is not enough to find it), and take the change back with
//! `git apply --reverse`.

mod mutation;
mod trial;
mod worktree;

use anyhow::{Result, bail, ensure};
use clap::Args;

use self::mutation::Mutation;
use self::trial::{Trial, Verdict};
use self::worktree::Worktree;
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Arguments {
    /// Remove only these rules
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// List the rules, the consequences of removing them and the tests that guard them
    #[arg(long)]
    list: bool,
}

/// Leaves out one rule after the other; fails where a test does not mind, or a rule is not where it was.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let chosen = chosen(mutation::all(&workspace.root)?, &arguments.only)?;
    if arguments.list {
        chosen.iter().for_each(|mutation| row(mutation, &mutation.breaks));
        return Ok(());
    }
    let worktree = Worktree::of(workspace)?;
    let trial = Trial::new(&worktree);
    check_guards(&trial, &chosen)?;

    let mut verdicts = Vec::new();
    for mutation in &chosen {
        worktree.apply(&mutation.patch)?;
        let verdict = trial.of(&mutation.guard);
        worktree.take_back(&mutation.patch)?;
        let verdict = verdict?;
        println!("── {} {}", mutation.name, verdict.word());
        verdicts.push((mutation, verdict));
    }
    report(&verdicts)
}

/// Those that are named, or all.
fn chosen(all: Vec<Mutation>, only: &[String]) -> Result<Vec<Mutation>> {
    if let Some(unknown) = only.iter().find(|name| all.iter().all(|mutation| mutation.name != **name)) {
        bail!("there is no xtask/mutations/{unknown}.patch; `cargo xtask mutate --list` names what there is");
    }
    Ok(all.into_iter().filter(|mutation| only.is_empty() || only.contains(&mutation.name)).collect())
}

/// A test that fails with all rules in place says nothing about any of them.
fn check_guards(trial: &Trial<'_>, chosen: &[Mutation]) -> Result<()> {
    println!("── with every rule");
    for guard in chosen.iter().map(|mutation| &mutation.guard) {
        let verdict = trial.of(guard)?;
        let is_fine = verdict == Verdict::Survived;
        ensure!(is_fine, "{} in {} fails with every rule in place: fix that first", guard.test, guard.file);
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
        .map(|(mutation, _)| &*mutation.name)
        .collect();
    if survivors.is_empty() {
        return Ok(());
    }
    bail!("no test fails without: {}", survivors.join(", "))
}

fn row(mutation: &Mutation, word: &str) {
    println!("{:<40} {:<82} {word}", mutation.name, mutation.guard.test);
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_patch_applies() {
        let workspace = Workspace::locate();
        for mutation in mutation::all(&workspace.root).unwrap() {
            let check = workspace.command("git").args(["apply", "--check"]).arg(&mutation.patch).output().unwrap();
            let said = String::from_utf8_lossy(&check.stderr);
            assert!(check.status.success(), "bring xtask/mutations/{}.patch up to date: {said}", mutation.name);
        }
    }

    #[test]
    fn every_guard_is_where_its_patch_says() {
        let root = Workspace::locate().root;
        for guard in mutation::all(&root).unwrap().iter().map(|mutation| &mutation.guard) {
            let source = fs::read_to_string(root.join(&guard.file)).unwrap();
            assert!(source.contains(&format!("fn {}(", guard.test)), "{} has no {}", guard.file, guard.test);
        }
    }

    #[test]
    fn a_name_that_no_patch_has_is_refused() {
        let all = || mutation::all(&Workspace::locate().root).unwrap();
        let only = |names: &[&str]| -> Result<Vec<String>> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            Ok(chosen(all(), &names)?.into_iter().map(|mutation| mutation.name).collect())
        };
        assert_eq!(only(&["no-transaction"]).unwrap(), ["no-transaction"]);
        assert_eq!(only(&[]).unwrap().len(), all().len());
        // A slip must not pass for a rule that was noticed.
        for names in [&["no-transactions"][..], &["no-transaction", "no-transactions"]] {
            let error = only(names).unwrap_err().to_string();
            assert!(error.starts_with("there is no xtask/mutations/no-transactions.patch; "), "{error}");
        }
    }
}
