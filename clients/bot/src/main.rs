//! Bots that play the game like people, and report where their counts differ from the server's.

mod account;
mod brain;
mod crowd;
mod dump;
mod journal;
mod life;
mod names;
mod options;
mod points_of_interest;
mod report;
mod roster;
mod table;
mod tally;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::try_new(&options.log).unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match crowd::run(&options).await {
        Ok(report) => {
            table::show(&report, options.json);
            if report.failed_expectations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            table::complain(&error);
            ExitCode::FAILURE
        }
    }
}
