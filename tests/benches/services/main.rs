//! What the sidecar's services cost, each beside a bare axum handler that does the same SQL.
//!
//! Started by `cargo xtask bench services`. The server under load has core 0 to itself, this program and the databases
//! have core 1. Rounds alternate between the two servers; every figure is a median over rounds, and what every round
//! measured is kept as JSON.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: the terminal is its output")]

mod bare;
mod calls_flood;
mod databases;
mod door;
mod embedded;
mod exact_timer;
mod hashing;
mod http;
mod idle;
mod log_in_flood;
mod map_double;
mod ranks;
mod realtime;
mod report;
mod rounds;
mod scripts;
mod seed;
mod server;
mod tokens;
mod work;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use report::Report;
use rounds::Plan;

/// Measures the sidecar beside a bare handler that does the same SQL
#[derive(Parser)]
#[command(name = "services")]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// A few seconds for each figure: shows that everything works, measures little
    #[arg(long)]
    quick: bool,
    /// Only these parts
    #[arg(long, value_delimiter = ',', value_enum)]
    only: Vec<Part>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Role {
    /// Be the bare server: started by this program itself
    #[command(hide = true)]
    Bare(bare::Args),
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Postgres,
    Idle,
    Embedded,
    Ranks,
    /// Accounts, lobbies and leaderboards around the worlds
    Community,
    /// Calls of scripts
    Scripts,
    /// Realtime sockets and what they are told
    Sockets,
    /// Services behind the door
    Door,
    /// The same with passwords hashed in other ways; only when it is named
    Hashing,
}

fn main() -> ExitCode {
    realmgate_services::reaper::serve_if_asked();
    let cli = Cli::parse();
    let result = match &cli.role {
        Some(Role::Bare(args)) => bare::run(args),
        None => measure(&cli),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(cli: &Cli) -> Result<()> {
    // Before any thread is: all of them, and the databases that are started, inherit it.
    server::stay_on_load_core()?;
    server::allow_many_sockets()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure_all(cli))
}

async fn measure_all(cli: &Cli) -> Result<()> {
    let plan = if cli.quick { Plan::QUICK } else { Plan::FULL };
    let mut report = Report::new(cli.quick);
    let wanted = |part| cli.only.is_empty() || cli.only.contains(&part);
    if wanted(Part::Postgres) {
        work::compare(&plan, &mut report).await.context("beside the bare server, on PostgreSQL")?;
    }
    if wanted(Part::Idle) {
        idle::weigh(&plan, &mut report).await.context("idle gateway sockets")?;
    }
    if wanted(Part::Embedded) {
        let shipped = &hashing::Variant::SHIPPED;
        log_in_flood::flood(&plan, &mut report, shipped).await.context("log-ins beside an embedded world")?;
        calls_flood::flood(&plan, &mut report).await.context("calls beside an embedded world")?;
    }
    if wanted(Part::Ranks) {
        ranks::measure(&plan, &mut report).await.context("ranks among many records")?;
    }
    if wanted(Part::Community) {
        work::compare_community(&plan, &mut report).await.context("around the worlds, beside the bare server")?;
    }
    if wanted(Part::Scripts) {
        scripts::measure(&plan, &mut report).await.context("calls of scripts")?;
    }
    if wanted(Part::Sockets) {
        realtime::measure(&plan, &mut report).await.context("realtime sockets")?;
    }
    if wanted(Part::Door) {
        door::measure(&plan, &mut report).await.context("services behind the door")?;
    }
    if cli.only.contains(&Part::Hashing) {
        for variant in hashing::Variant::all() {
            log_in_flood::flood(&plan, &mut report, &variant).await.context("other ways to hash passwords")?;
        }
    }
    report.finish()
}
