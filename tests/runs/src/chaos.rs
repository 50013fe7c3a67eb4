//! Long runs of a realm under faults: `cargo xtask chaos` starts this.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use futures_util::FutureExt;
use realmgate_tests::backends::ServiceUser;
use realmgate_tests::binaries::workspace;
use realmgate_tests::chaos::summary::Summary;
use realmgate_tests::chaos::{Parts, Plan, Schedule, Verdict, run};

/// Faults of one seed: twenty seeds in a row have every fault at least twice.
const FAULTS: usize = 5;
/// More faults than any run of minutes has time for.
const MANY_FAULTS_A_MINUTE: usize = 30;

/// Run a realm of real processes under seeded faults, and check the invariants
#[derive(Debug, Args)]
pub struct Arguments {
    /// Number of seeds; each is a separate realm with five faults
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run one realm for this number of minutes instead, with faults from the first seed
    #[arg(long)]
    minutes: Option<u64>,
    /// Number of bots
    #[arg(long, default_value_t = 60)]
    bots: u32,
    /// Use SQLite and one sidecar instead of PostgreSQL, Redis and two replicas
    #[arg(long)]
    sqlite: bool,
}

pub async fn main(arguments: Arguments) -> ExitCode {
    let parts = match arguments.sqlite {
        true => Parts { postgres: false, small_disk: false, redis: false, replicas: 1 },
        // Only root may mount a disk that can be filled.
        false => {
            let small_disk = ServiceUser::of(&["postgres"]).is_some();
            Parts { postgres: true, small_disk, redis: true, replicas: 2 }
        }
    };
    let (seeds, faults, at_most) = match arguments.minutes {
        None => (arguments.seeds, FAULTS, None),
        Some(minutes) => {
            let faults = MANY_FAULTS_A_MINUTE * usize::try_from(minutes).unwrap_or(1);
            (1, faults, Some(Duration::from_mins(minutes)))
        }
    };
    let keep_in = Path::new(workspace()).join("target/chaos");
    let mut summary = Summary::default();
    let mut is_good = true;
    for seed in arguments.from..arguments.from + seeds {
        let schedule = Schedule::from_seed(seed, faults, parts);
        let plan = Plan {
            schedule,
            parts,
            bots: arguments.bots,
            back_within: run::BACK_WITHIN,
            at_most,
            keep_in: keep_in.clone(),
            verbose: true,
        };
        let Some(verdict) = played(plan).await else {
            is_good = false;
            eprintln!("seed {seed}: FAILED; its logs are in {}", keep_in.join(format!("seed-{seed}")).display());
            continue;
        };
        is_good &= verdict.faults.is_empty();
        match verdict.faults.as_slice() {
            [] => eprintln!("seed {seed}: passed"),
            faults => {
                let place = keep_in.join(format!("seed-{seed}"));
                eprintln!("seed {seed}: FAILED; its logs are in {}:\n  {}", place.display(), faults.join("\n  "));
            }
        }
        summary.add(&verdict);
    }
    println!("{summary}");
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One run; `None` when it did not come to a verdict, whose reason was printed.
async fn played(plan: Plan) -> Option<Verdict> {
    match AssertUnwindSafe(run::run(plan)).catch_unwind().await {
        Ok(Ok(verdict)) => Some(verdict),
        Ok(Err(missing)) => {
            eprintln!("{missing}");
            None
        }
        // Its panic has said why.
        Err(_) => None,
    }
}
