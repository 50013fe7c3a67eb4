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
    /// Check the packages that a change touches: format, clippy, their own tests, and tidy where documents changed
    Check {
        #[command(flatten)]
        arguments: check::Arguments,
    },
    /// Check fuzz/ and clients/godot/, which compile for minutes, and run the tests whose targets have `test = false`
    Long,
    /// Ask a running sidecar everything that openapi.json allows and forbids, and see whether its answers are in it
    Schemathesis {
        #[command(flatten)]
        hunt: schemathesis::Hunt,
    },
    /// Run the checks that need no test: format, tidy, spelling, bundle, dependencies, clippy, other workspaces, generated files
    Lint {
        #[command(flatten)]
        strictness: Strictness,
        /// Run these steps only
        #[arg(long, value_name = "STEP", value_delimiter = ',', value_parser = lint::step_names())]
        only: Vec<String>,
    },
    /// Play whole realms of real processes through seeded faults, and judge what survives (docs/reliability.md)
    Chaos {
        #[command(flatten)]
        arguments: chaos::Arguments,
    },
    /// Let hundreds of hostile accounts loose on a real server beside honest players, and judge (docs/reliability.md)
    Attack {
        #[command(flatten)]
        arguments: attack::Arguments,
    },
    /// Pack what is handed out: a tarball and a Debian package of programs, data, maps and units (docs/deploy.md)
    Dist {
        #[command(flatten)]
        arguments: dist::Arguments,
    },
    /// Drive scripted players through bad lines, and print what their screens show beside the truth (docs/feel.md): --line
    /// lan|50ms|100ms|200ms|300ms, --core rust|js|godot, --seconds N, --seed N
    Feel {
        #[command(flatten)]
        measuring: feel::Measuring,
    },
    /// Play the page in Chromium from its address to the first kill; its pictures go to target/browser. --pictures: make
    /// those of every screen; --measure [--minutes N]: its figures beside their targets (docs/performance.md)
    Browser {
        #[command(flatten)]
        arguments: feel::Arguments,
    },
    /// Stand between clients and a server as a bad line (docs/feel.md): --to ADDRESS, --line NAME, --latency MS, --loss %
    Conditioner {
        #[command(flatten)]
        arguments: feel::Arguments,
    },
    /// Get Godot, build its add-on, check its scripts, and play it headless on real servers (clients/godot/README.md)
    Godot {
        #[command(flatten)]
        arguments: godot::Arguments,
    },
    /// Draw the pictures of classes, mobs, items, tiles and effects, and make the sounds, by the program in art/
    Art,
    /// Fuzz every parser that sees bytes from strangers (docs/reliability.md)
    Fuzz {
        #[command(flatten)]
        arguments: fuzz::Arguments,
    },
    /// Leave out one rule of the locks at a time, and demand that the test that guards it fails (docs/model.md)
    Mutate {
        #[command(flatten)]
        arguments: mutate::Arguments,
    },
    /// Have players come, play, leave and be replaced by others for long, and see whether anything grows (docs/reliability.md)
    Soak {
        #[command(flatten)]
        arguments: soak::Arguments,
    },
    /// Check what no compiler does: file sizes, leftovers, names, sleeping tests, machine paths, metrics, links,
    /// long lines of documents, and words of added lines that docs/style.md avoids
    Tidy,
    /// Write the files that are generated from the code: protocol.json, what clients/js has of it, the data schemas,
    /// openapi.json, the dashboard
    Schema {
        /// Write nothing; name the files that differ from what the code says and fail
        #[arg(long)]
        check: bool,
    },
    /// Write what browsers load of the page, by esbuild: clients/page/built/
    Bundle {
        /// Write nothing; name the files that differ from what the sources say and fail
        #[arg(long)]
        check: bool,
    },
    /// Write the manifest of tests/features: with it, testing one package uses what testing all has compiled
    Features,
    /// Measure how fast it is, beside a yardstick: everything, or one part
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
