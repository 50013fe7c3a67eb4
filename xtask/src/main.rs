//! `cargo xtask …`: everything a person would otherwise have to remember about this repository.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: the terminal is its output")]

mod lint;
mod schema;
mod step;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};

use crate::workspace::Workspace;

/// Checks and chores of this repository
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything that must pass before a change lands: lint, then `cargo test --workspace`
    Ci {
        #[command(flatten)]
        place: Place,
    },
    /// Run the checks that need no test: format, tidy, spelling, dependencies, clippy, generated files
    Lint {
        #[command(flatten)]
        place: Place,
        /// Run these steps only
        #[arg(long, value_name = "STEP", value_delimiter = ',', value_parser = lint::step_names())]
        only: Vec<String>,
    },
    /// Check what no compiler does: who imports whom, file sizes, leftovers, names, sleeping tests, machine paths
    Tidy,
    /// Write the files that are generated from the code: protocol.json, the data schemas, openapi.json
    Schema {
        /// Write nothing; name the files that differ from what the code says and fail
        #[arg(long)]
        check: bool,
    },
}

#[derive(Args)]
struct Place {
    /// Treat a tool that is not installed as a failure instead of skipping its step
    #[arg(long, env = "CI", value_parser = FalseyValueParser::new())]
    ci: bool,
}

fn main() -> ExitCode {
    let workspace = Workspace::locate();
    let result = match Cli::parse().command {
        Command::Ci { place } => lint::run(&workspace.on_ci(place.ci), &[], true),
        Command::Lint { place, only } => lint::run(&workspace.on_ci(place.ci), &only, false),
        Command::Tidy => tidy::run(&workspace.root),
        Command::Schema { check: false } => schema::write(&workspace),
        Command::Schema { check: true } => schema::check(&workspace),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
