//! The map server: `start_server <map_id> <port>`.
//!
//! Joins engine, game and, where no other directory is there, an embedded sidecar. Owns what lies between them:
//! registration, the map link's client, the health port and the server's folder.

mod admin;
mod args;
mod cookie;
mod data;
mod directory;
mod embed;
mod end_signs;
mod failure;
mod folder;
mod identity;
mod link;
mod listing;
mod logs;
mod placement;
mod pulse;
mod recorder;
mod replay;
mod run;
mod simulation;
mod tasks;
mod told;
mod trust;

use std::process::ExitCode;

use clap::Parser;

use args::Args;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Clap knows what goes to stdout (help) and what to stderr, and its exit codes are ours.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    match run::run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            told::complain(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
