//! `cargo xtask …`: everything a person would otherwise have to remember about this repository.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: the terminal is its output")]

mod art;
mod attack;
mod bench;
mod binaries;
mod bundle;
mod chaos;
mod check;
mod dashboard;
mod dist;
mod features;
mod feel;
mod fuzz;
mod generated;
mod generated_client;
mod godot;
mod javascript;
mod lint;
mod long;
mod metadata;
mod mutate;
mod packages;
mod schema;
mod schemathesis;
mod soak;
mod step;
mod tidy;
mod tools;
mod workspace;
mod workspaces;

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
    /// Run everything that must pass before a change lands: lint, `cargo test --workspace`, long, schemathesis, attack
    Ci {
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Check the packages that a change touches: format, clippy, tests, and tidy if documents changed
    Check {
        #[command(flatten)]
        arguments: check::Arguments,
    },
    /// Run the long tests (targets with `test = false`), and check fuzz/ and clients/godot/
    Long,
    /// Test the HTTP API against openapi.json and community-openapi.json with schemathesis
    Schemathesis {
        #[command(flatten)]
        hunt: schemathesis::Hunt,
    },
    /// Run all checks except tests: format, tidy, spelling, bundle, dependencies, packages, clippy, other workspaces,
    /// generated files
    Lint {
        #[command(flatten)]
        strictness: Strictness,
        /// Run only these steps
        #[arg(long, value_name = "STEP", value_delimiter = ',', value_parser = lint::step_names())]
        only: Vec<String>,
    },
    /// Run a realm of real processes under seeded faults, and check the invariants (docs/reliability.md)
    Chaos {
        #[command(flatten)]
        arguments: chaos::Arguments,
    },
    /// Run hundreds of hostile accounts and some honest players against a real server (docs/reliability.md)
    Attack {
        #[command(flatten)]
        arguments: attack::Arguments,
    },
    /// Build the release files: a tarball and a Debian package of programs, data, maps and units, and the add-on for Godot
    /// (docs/deploy.md)
    Dist {
        #[command(flatten)]
        arguments: dist::Arguments,
    },
    /// Check the files to publish, without publishing: two crates, the package for npm, the add-on for Godot
    Packages,
    /// Play on simulated bad networks, and compare what players see with the server (docs/feel.md): --line
    /// lan|50ms|100ms|200ms|300ms, --core rust|js|godot, --seconds N, --seed N
    Feel {
        #[command(flatten)]
        measuring: feel::Measuring,
    },
    /// Play the page in Chromium from its address to the first kill; write pictures to target/browser. --pictures:
    /// pictures of every screen; --measure [--minutes N]: compare the page with its targets (docs/performance.md)
    Browser {
        #[command(flatten)]
        arguments: feel::Arguments,
    },
    /// Simulate a bad network between clients and a server (docs/feel.md): --to ADDRESS, --line NAME, --latency MS, --loss %
    Conditioner {
        #[command(flatten)]
        arguments: feel::Arguments,
    },
    /// Get Godot, build the add-on, check its scripts, and run its tests on real servers (clients/godot/README.md)
    Godot {
        #[command(flatten)]
        arguments: godot::Arguments,
    },
    /// Generate the pictures of classes, mobs, items, tiles and effects, and the sounds, with the program in art/
    Art,
    /// Fuzz every parser of untrusted bytes (docs/reliability.md)
    Fuzz {
        #[command(flatten)]
        arguments: fuzz::Arguments,
    },
    /// Remove one rule of the locks at a time, and check that its test fails (docs/model.md)
    Mutate {
        #[command(flatten)]
        arguments: mutate::Arguments,
    },
    /// Run players that come and go for a long time, and check that memory and tick times do not grow (docs/reliability.md)
    Soak {
        #[command(flatten)]
        arguments: soak::Arguments,
    },
    /// Check the style of files: sizes, leftovers, names, sleeping tests, machine paths, metrics, links, long lines of
    /// documents, and words in added lines that docs/style.md avoids
    Tidy,
    /// Write the files that are generated from the code: protocol.json, its tables in clients/js, the data schemas,
    /// openapi.json, the dashboard
    Schema {
        /// Write nothing; list the files that are out of date, and fail if there are any
        #[arg(long)]
        check: bool,
    },
    /// Bundle the page with esbuild into clients/page/built/
    Bundle {
        /// Write nothing; list the files that are out of date, and fail if there are any
        #[arg(long)]
        check: bool,
    },
    /// Write the manifest of tests/features, so that testing one package reuses the builds of the workspace
    Features,
    /// Run the benchmarks and compare them with a baseline: all, or one part
    Bench {
        #[command(flatten)]
        arguments: bench::Arguments,
    },
}

#[derive(Args)]
struct Strictness {
    /// Treat a tool that is not installed as a failure instead of skipping its step
    #[arg(long, env = "CI", value_parser = FalseyValueParser::new())]
    ci: bool,
}

fn main() -> ExitCode {
    let workspace = Workspace::locate();
    let result = match Cli::parse().command {
        Command::Ci { strictness } => lint::run(&workspace.on_ci(strictness.ci), &[], true),
        Command::Lint { strictness, only } => lint::run(&workspace.on_ci(strictness.ci), &only, false),
        Command::Check { arguments } => check::run(&workspace, &arguments),
        Command::Long => long::run(&workspace),
        Command::Chaos { arguments } => chaos::run(&workspace, &arguments),
        Command::Attack { arguments } => attack::run(&workspace, &arguments),
        Command::Dist { arguments } => dist::run(&workspace, &arguments),
        Command::Packages => packages::check(&workspace),
        Command::Art => art::draw(&workspace),
        Command::Fuzz { arguments } => fuzz::run(&workspace, &arguments),
        Command::Mutate { arguments } => mutate::run(&workspace, &arguments),
        Command::Schemathesis { hunt } => schemathesis::run(&workspace, &hunt),
        Command::Feel { measuring } => feel::measure(&workspace, &measuring),
        Command::Browser { arguments } => feel::browse(&workspace, &arguments),
        Command::Godot { arguments } => godot::run(&workspace, &arguments),
        Command::Conditioner { arguments } => feel::condition(&workspace, &arguments),
        Command::Soak { arguments } => soak::run(&workspace, &arguments),
        Command::Features => features::write(&workspace),
        Command::Tidy => tidy::run(&workspace.root),
        Command::Schema { check: false } => schema::write(&workspace),
        Command::Schema { check: true } => schema::check(&workspace),
        Command::Bundle { check: false } => bundle::write(&workspace),
        Command::Bundle { check: true } => bundle::check(&workspace),
        Command::Bench { arguments } => bench::run(&workspace, &arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
