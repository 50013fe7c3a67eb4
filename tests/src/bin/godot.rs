//! Plays of the add-on for Godot, on real servers: `cargo xtask godot` starts this.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: the terminal is its output")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use realmgate_client::clock::Clock;
use realmgate_tests::godot::Godot;
use realmgate_tests::godot::plays::{PLAYS, play};

/// Plays the add-on for Godot headless on real servers
#[derive(Debug, Parser)]
struct Arguments {
    /// The program
    #[arg(long)]
    godot: PathBuf,
    /// Play these only
    #[arg(long, value_delimiter = ',', value_parser = PLAYS)]
    only: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (godot, clock) = (Godot::at(arguments.godot.clone()), Clock::start());
    let is_wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let mut all_well = true;
    for name in PLAYS.into_iter().filter(|name| is_wanted(name)) {
        eprintln!("{name} …");
        let began = clock.now();
        match play(&godot, name).await {
            Ok(said) => print!("{said}"),
            Err(why) => {
                eprintln!("{why}");
                all_well = false;
            }
        }
        eprintln!("{name}: {:.0} s", (clock.now() - began).as_secs_f64());
    }
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
