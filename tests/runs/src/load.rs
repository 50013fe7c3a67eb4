//! Thousands of players on a map server of their own, from one core: one round of a scenario, and what it measured.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use realmgate_tests::load::round::Round;
use realmgate_tests::load::scene::Scenario;
use realmgate_tests::load::server::Program;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Run one round of a scenario and print the measurements as JSON
#[derive(Debug, Args)]
pub struct Arguments {
    /// Scenario
    #[arg(value_enum)]
    scenario: Scenario,
    /// Number of players
    players: usize,
    /// Seconds of measurement
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds of play before the measurement
    #[arg(long, default_value_t = 3)]
    settle: u64,
    /// Datagrams a second from strangers: connection requests, packets of unknown sessions, noise
    #[arg(long, default_value_t = 0, value_name = "RATE")]
    flood: u32,
    /// Datagrams a second that one of the players sends: its own inputs, repeated and correctly encrypted
    #[arg(long, default_value_t = 0, value_name = "RATE")]
    flood_from_one: u32,
    /// Number of players that use the framing of stock renet
    #[arg(long, default_value_t = 0, value_name = "N")]
    renet: usize,
    /// Make the renet players send the most expensive packets during the measurement
    #[arg(long, requires = "renet")]
    hostile: bool,
    /// Path of start_server [default: beside this program]
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Pin the map server to this core; pin this program to another one with `taskset`
    #[arg(long, value_name = "CORE")]
    server_core: Option<usize>,
}

pub fn main(arguments: &Arguments) -> ExitCode {
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Arguments) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    let path = match &cli.server {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.parent().context("a program lies in a folder")?.join("start_server"),
    };
    ensure!(cli.renet <= cli.players, "{} of {} players cannot use renet", cli.renet, cli.players);
    let program = Program { path, core: cli.server_core };
    let round = Round {
        renet: cli.renet,
        hostile: cli.hostile,
        settle: Duration::from_secs(cli.settle),
        lasts: Duration::from_secs(cli.seconds),
        strangers_per_s: cli.flood,
        flooder_per_s: cli.flood_from_one,
        ..Round::new(program, cli.scenario, cli.players)
    };
    let figures = round.run()?;
    println!("{}", serde_json::to_string_pretty(&figures)?);
    if let Some(why) = figures.invalid() {
        eprintln!("this round is invalid: {why}");
    }
    Ok(())
}
