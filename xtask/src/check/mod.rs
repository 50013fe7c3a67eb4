//! `cargo xtask check`: what a change has to pass while somebody works on it, which is less than `cargo xtask ci`.

pub mod changed;
mod plan;
mod readers;

use anyhow::{Result, bail};
use clap::Args;

use self::plan::{Job, Plan};
use crate::bundle;
use crate::metadata::{self, Package};
use crate::packages;
use crate::step::{Outcome, Report};
use crate::tidy;
use crate::workspace::Workspace;

/// What is checked.
#[derive(Args)]
pub struct Arguments {
    /// Check the packages whose files differ from another branch, and packages whose tests read such files
    #[arg(long, required_unless_present = "package", conflicts_with = "package")]
    changed: bool,
    /// The other branch
    #[arg(long, value_name = "BRANCH", default_value = "main", conflicts_with = "package")]
    against: String,
    /// Check these packages
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Print the commands without running them
    #[arg(long)]
    list: bool,
}

/// Runs every command, whatever those before it said, and prints how long each took.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let packages = metadata::packages(workspace)?;
    let plan = plan(workspace, arguments, &packages)?;
    for file in &plan.uncovered {
        println!("{file}: no check is known for this file; run `cargo xtask ci`");
    }
    let jobs = plan.jobs(&packages);
    if arguments.list {
        jobs.iter().for_each(|job| println!("{job}"));
        return Ok(());
    }
    let (mut report, mut failed) = (Report::default(), Vec::new());
    for job in &jobs {
        let name = job.to_string();
        if report.run(&name, || Outcome::of(run_one(workspace, job))) == Outcome::Failed {
            failed.push(name);
        }
    }
    report.print();
    match &failed[..] {
        [] => Ok(()),
        failed => bail!("failed: {}", failed.join(", ")),
    }
}

fn plan(workspace: &Workspace, arguments: &Arguments, packages: &[Package]) -> Result<Plan> {
    if arguments.changed {
        return Ok(Plan::of_files(packages, &changed::files(&workspace.root, &arguments.against)?));
    }
    let is_unknown = |name: &&String| packages.iter().all(|package| package.name != **name);
    if let Some(unknown) = arguments.package.iter().find(is_unknown) {
        let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
        bail!("there is no package {unknown}; there are {}", names.join(", "));
    }
    Ok(Plan::named(&arguments.package))
}

fn run_one(workspace: &Workspace, job: &Job) -> Result<()> {
    match job {
        Job::Cargo(arguments) => workspace.run("cargo", &arguments.iter().map(String::as_str).collect::<Vec<_>>()),
        Job::Beside(beside) => beside.check(workspace),
        Job::Tidy => tidy::run(&workspace.root),
        Job::Bundle => bundle::check(workspace),
        Job::Packages => packages::check(workspace),
    }
}
