//! Players who come and go for long, and what that makes of the servers: `cargo xtask soak` starts this.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use realmgate_tests::binaries::workspace;
use realmgate_tests::soak::crowd::Size;
use realmgate_tests::soak::realm::Backend;
use realmgate_tests::soak::report::{Report, progress};
use realmgate_tests::soak::run::{Plan, run};

/// Run players that come, play, leave and are replaced by new accounts, and report what grows
#[derive(Debug, Args)]
pub struct Arguments {
    /// Duration in minutes; shorter runs than 15 minutes are not judged
    #[arg(long, default_value_t = 30)]
    minutes: u32,
    /// Backend [default: both, one after the other]
    #[arg(long, value_enum)]
    backend: Vec<Backend>,
    /// Number of players at once
    #[arg(long, default_value_t = 120)]
    players: u32,
    /// Seconds that each player plays
    #[arg(long, default_value_t = 55)]
    life: u64,
    /// Random seed of the bots
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Output folder for tables, plots and raw figures [default: target/soak]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub async fn main(arguments: Arguments) -> ExitCode {
    match soak(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing is wrong.
async fn soak(arguments: &Arguments) -> Result<bool> {
    let folder = arguments.out.clone().unwrap_or_else(|| workspace().join("target/soak"));
    let backends = match arguments.backend.as_slice() {
        [] => &[Backend::Embedded, Backend::Postgres],
        named => named,
    };
    let mut is_good = true;
    for &backend in backends {
        let life = Duration::from_secs(arguments.life);
        let size = Size { players: arguments.players, life, seed: arguments.seed, is_idle: true };
        let plan = Plan { backend, size, line_every: Duration::from_mins(1), lines: arguments.minutes };
        eprintln!("{}: {} minutes", backend.name(), arguments.minutes);
        // Without a handler there is no early end, only the killing of the process.
        let stopped = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await
            }
        };
        let Some(outcome) = run(plan, stopped, |minute| eprintln!("{}", progress(minute))).await? else {
            is_good = false;
            continue;
        };
        let report = Report::of(&plan, &outcome);
        println!("{}", report.markdown());
        for file in report.write(&folder)? {
            eprintln!("{}", file.display());
        }
        is_good &= report.faults().is_empty();
        if outcome.minutes.len() < plan.lines as usize {
            break;
        }
    }
    Ok(is_good)
}
