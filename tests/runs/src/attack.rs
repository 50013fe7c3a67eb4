//! A seeded adversary of hundreds of hostile accounts against a real server with honest players: a verdict, and why.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use realmgate_tests::attack::{Bounds, Plan, run};
use realmgate_tests::binaries::workspace;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A debug build's ticks take ten times as long, and two cores serve the hostile as well.
const TICK_HZ: u32 = if cfg!(debug_assertions) { 10 } else { 30 };

/// Run hundreds of hostile accounts and some honest players against a server
#[derive(Debug, Args)]
pub struct Arguments {
    /// Duration in minutes
    #[arg(long, default_value_t = 2)]
    minutes: u64,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of hostile accounts
    #[arg(long, default_value_t = 200)]
    accounts: u32,
    /// Number of honest bots
    #[arg(long, default_value_t = 20)]
    bots: u32,
    /// Number of profiles and records in the database before the run
    #[arg(long, default_value_t = 3_000)]
    profiles: u32,
    /// Limit of the resident memory of the server, in MiB
    #[arg(long, default_value_t = Bounds::default().resident_mib)]
    memory_mib: u64,
    /// Only behaviours whose name contains one of these texts
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

pub async fn main(arguments: Arguments) -> ExitCode {
    let limit = getrlimit(Resource::Nofile);
    // Without it, a run with many accounts says that it has too few files.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let plan = Plan {
        seed: arguments.seed,
        lasts: Duration::from_mins(arguments.minutes),
        accounts: arguments.accounts,
        bots: arguments.bots,
        profiles: arguments.profiles,
        tick_hz: TICK_HZ,
        only: arguments.only,
        bounds: Bounds {
            resident_mib: arguments.memory_mib,
            snapshots_per_s: f64::from(TICK_HZ) / 2.0,
            ..Bounds::default()
        },
        keep_in: Path::new(workspace()).join("target/attack"),
    };
    match run::run(&plan).await {
        Ok(verdict) if verdict.faults.is_empty() => {
            println!("{verdict}\n\nseed {}: passed", plan.seed);
            ExitCode::SUCCESS
        }
        Ok(verdict) => {
            println!("{verdict}\n\nseed {}: FAILED", plan.seed);
            verdict.faults.iter().for_each(|fault| eprintln!("FAILED: {fault}"));
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("seed {}: FAILED before it began: {why}", plan.seed);
            ExitCode::FAILURE
        }
    }
}
