//! A named check: its name, time and result are printed, and what failed is repeated at the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// One check of the repository.
pub struct Step {
    /// What `--only` and the report call it.
    pub name: &'static str,
    /// What fixes what it finds.
    pub fix: &'static str,
    /// A program that may be missing on a developer's machine.
    pub needs: Option<Tool>,
    /// The check itself; it prints what it finds.
    pub run: fn(&Workspace) -> Result<()>,
}

/// Something from outside the Rust toolchain that a step needs.
pub struct Tool {
    /// What to call to see whether it is there.
    pub probe: (&'static str, &'static [&'static str]),
    /// How to get it.
    pub install: &'static str,
    /// What becomes of the step on CI where it is missing.
    pub on_ci: Missing,
}

/// What becomes of a step on CI whose tool is missing. On a developer's machine it is skipped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The step has failed: CI must be able to install it.
    Fails,
    /// The step is skipped, and said to be: CI cannot make it reachable.
    IsSkipped,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Skipped,
    Failed,
}

/// Runs every step, whatever the ones before it said; fails when one of them did, with the list of those.
pub fn run_all(workspace: &Workspace, steps: &[&Step]) -> Result<()> {
    let (mut report, mut failed) = (Report::default(), Vec::new());
    for step in steps {
        if report.run(step.name, || run_one(workspace, step)) == Outcome::Failed {
            failed.push(step);
        }
    }
    report.print();
    if failed.is_empty() {
        return Ok(());
    }
    println!("{} of {} steps failed. To fix:", failed.len(), steps.len());
    for step in &failed {
        println!("  {:<12} {}", step.name, step.fix);
    }
    bail!("{} did not pass", failed.iter().map(|step| step.name).collect::<Vec<_>>().join(", "))
}

/// What ran, how it ended, and how long it took.
#[derive(Default)]
pub struct Report(Vec<(String, Outcome, Duration)>);

impl Report {
    /// Runs one thing between two lines that name it.
    pub fn run(&mut self, name: &str, run: impl FnOnce() -> Outcome) -> Outcome {
        println!("── {name}");
        let (outcome, took) = timed(run);
        println!("── {name} {} in {:.1} s\n", outcome.word(), took.as_secs_f32());
        self.0.push((name.to_owned(), outcome, took));
        outcome
    }

    /// Prints the table of all.
    pub fn print(&self) {
        println!("{}", self.table());
    }

    fn table(&self) -> String {
        let all: Duration = self.0.iter().map(|(_, _, took)| *took).sum();
        let rows = self.0.iter().map(|(name, outcome, took)| (&**name, outcome.word(), *took));
        let row =
            |(name, word, took): (&str, &str, Duration)| format!("{:>8.1} s  {word:<7}  {name}\n", took.as_secs_f32());
        rows.chain([("all", "", all)]).map(row).collect()
    }
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Failed => "FAILED",
        }
    }

    /// Of what has ended so; prints an error.
    pub fn of(result: Result<()>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(error) => {
                println!("{error:#}");
                Self::Failed
            }
        }
    }
}

fn run_one(workspace: &Workspace, step: &Step) -> Outcome {
    if let Some(tool) = &step.needs
        && !workspace.answers(tool.probe.0, tool.probe.1)
    {
        println!("cannot run `{} {}`; to enable this step: {}", tool.probe.0, tool.probe.1.join(" "), tool.install);
        return if workspace.ci && tool.on_ci == Missing::Fails { Outcome::Failed } else { Outcome::Skipped };
    }
    Outcome::of((step.run)(workspace))
}

#[expect(clippy::disallowed_methods, reason = "the report says how long each step took")]
fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = run();
    (value, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: Tool = Tool { probe: ("a-program-nobody-has", &[]), install: "nothing", on_ci: Missing::Fails };
    const OUT_OF_REACH: Tool = Tool { on_ci: Missing::IsSkipped, ..MISSING };

    fn step(name: &'static str, needs: Option<Tool>, run: fn(&Workspace) -> Result<()>) -> Step {
        Step { name, fix: "fix it", needs, run }
    }

    #[test]
    fn every_failure_is_named_and_the_rest_still_runs() {
        let steps = [
            step("first", None, |_| bail!("no")),
            step("second", None, |_| Ok(())),
            step("third", None, |_| bail!("no")),
        ];
        let error = run_all(&Workspace::locate(), &steps.each_ref()).unwrap_err();
        assert_eq!(error.to_string(), "first, third did not pass");
    }

    #[test]
    fn a_missing_tool_is_skipped_by_a_person_and_refused_by_ci() {
        let needy = step("needy", Some(MISSING), |_| bail!("must not run without its tool"));
        assert!(run_all(&Workspace::locate(), &[&needy]).is_ok(), "a person may go on without the tool");
        let needy = step("needy", Some(MISSING), |_| Ok(()));
        let error = run_all(&Workspace::locate().on_ci(true), &[&needy]).unwrap_err();
        assert_eq!(error.to_string(), "needy did not pass", "CI must not skip a check");
        let there = Some(Tool { probe: ("git", &["--version"]), ..MISSING });
        let error = run_all(&Workspace::locate(), &[&step("equipped", there, |_| bail!("no"))]).unwrap_err();
        assert_eq!(error.to_string(), "equipped did not pass", "with its tool it is not skipped");
    }

    #[test]
    fn the_table_has_every_step_with_its_seconds() {
        let mut report = Report::default();
        report.run("first", || Outcome::Passed);
        report.run("second", || Outcome::of(Err(anyhow::anyhow!("no"))));
        for row in &mut report.0 {
            row.2 = Duration::from_millis(1_250);
        }
        assert_eq!(
            report.table(),
            "     1.2 s  passed   first\n     1.2 s  FAILED   second\n     2.5 s           all\n"
        );
    }

    #[test]
    fn what_ci_cannot_reach_is_skipped_there_too() {
        let remote = step("remote", Some(OUT_OF_REACH), |_| bail!("must not run out of reach"));
        for ci in [true, false] {
            let workspace = Workspace::locate().on_ci(ci);
            assert!(run_all(&workspace, &[&remote]).is_ok(), "CI may be without that network, and so may a person");
        }
    }
}
