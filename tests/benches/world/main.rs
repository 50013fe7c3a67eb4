//! What a world of thousands of players costs, beside a program that moves the same datagrams and does nothing else.
//!
//! Started by `cargo xtask bench world`. The server has core 0 to itself, this program and its players have core 1.
//! Rounds alternate between the server and its yardsticks; figures are medians over rounds, and all that every round
//! measured is kept as JSON.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: the terminal is its output")]

mod machine;
mod measure;
mod plan;
mod report;
mod small;
mod table;
mod transports;
mod yardstick;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use realmgate_tests::load::scene::Scenario;

use plan::Plan;
use report::Report;
use transports::Transport;
use yardstick::ServerArgs;

/// Measures a world of many players
#[derive(Parser)]
#[command(name = "world")]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// A few seconds for each figure, few players: shows that everything works
    #[arg(long)]
    quick: bool,
    /// Only these scenarios
    #[arg(long, value_delimiter = ',', value_enum)]
    scenario: Vec<Scenario>,
    /// Only with so many players
    #[arg(long, value_delimiter = ',')]
    players: Vec<usize>,
    /// Only what these transports cost beside UDP; of 400 players spread, unless others are chosen
    #[arg(long, value_delimiter = ',', value_enum)]
    transport: Vec<Transport>,
    /// With so many players that hang while it counts, beside a round without
    #[arg(long, value_name = "COUNT", default_value_t = 0, requires = "transport")]
    stalled: usize,
    /// Keep the raw figures here [default: in target/bench]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write tables and plots into docs/
    #[arg(long)]
    write: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Role {
    /// Be the server of a yardstick: started by this program itself
    #[command(name = measure::YARDSTICK_ROLE, hide = true)]
    Yardstick(ServerArgs),
}

fn main() -> ExitCode {
    realmgate_services::reaper::serve_if_asked();
    let cli = Cli::parse();
    let result = match &cli.role {
        Some(Role::Yardstick(args)) => yardstick::serve(args),
        None => run(&cli),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    // Before any thread is: all of them inherit it.
    machine::stay_on_load_core()?;
    machine::allow_many_sockets()?;
    let plan = Plan::new(cli.quick, &cli.scenario, &cli.players);
    let program = machine::server()?;
    if !cli.transport.is_empty() {
        let plan = plan.of_transports(&cli.scenario, &cli.players);
        let table = match cli.stalled {
            0 => transports::measure(&program, &plan, &cli.transport)?,
            stalled => transports::stalled(&program, &plan.of_stalled(), &cli.transport, stalled)?,
        };
        println!("{table}");
        return Ok(());
    }
    let mut report = Report::new(cli.quick);
    for scenario in &plan.scenarios {
        for players in &plan.players {
            report.point(measure::point(&program, *scenario, *players, &plan)?);
        }
    }
    for scenario in &plan.held {
        report.held(measure::held(&program, *scenario)?);
    }
    if plan.small {
        report.small(small::measure(&program, &plan)?);
    }
    report.finish(cli.json.as_deref(), cli.write)
}
