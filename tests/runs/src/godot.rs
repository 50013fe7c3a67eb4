//! Plays of the add-on for Godot, on real servers: `cargo xtask godot` starts this.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use realmgate_client::clock::Clock;
use realmgate_tests::godot::Godot;
use realmgate_tests::godot::plays::{PLAYS, play};

/// Run the tests of the add-on for Godot, headless, on real servers
#[derive(Debug, Args)]
pub struct Arguments {
    /// Path of Godot
    #[arg(long)]
    godot: PathBuf,
    /// Run only these plays
    #[arg(long, value_delimiter = ',', value_parser = PLAYS)]
    only: Vec<String>,
}

pub async fn main(arguments: Arguments) -> ExitCode {
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
