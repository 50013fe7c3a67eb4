//! The map server, `start_server <map_id> <port>`, which ends here if its command line is not understood.
//!
//! Combines the engine, the game and, if no other directory is running, an embedded sidecar. Contains the parts between
//! them: registration, the client of the map link, the health port and the folder of the server.

mod args;
mod console;
mod cookie;
mod data;
mod directory;
mod directory_choice;
mod embedded_sidecar;
mod endpoints;
mod failure;
mod folder;
mod health_port;
mod link;
mod listing;
mod liveness;
mod logs;
mod proof;
mod registration;
mod reload;
mod replay;
mod run;
mod signals;
mod simulation;
mod tasks;
mod tls_roots;

use std::process::ExitCode;

use args::Args;

fn main() -> ExitCode {
    let args = match Args::try_read() {
        Ok(args) => args,
        Err(error) => {
            // Clap chooses stdout (help) or stderr, and we use its exit codes.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    match run::run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::complain(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
